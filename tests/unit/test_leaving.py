"""Callers that hang up: what is made for them is given up, and nothing else is."""

import asyncio

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message

from service.leaving import unless_left


def a_request(gone: asyncio.Event) -> Request:
    sent: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if sent:
            return sent.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "GET", "path": "/", "headers": []}, receive)


async def test_an_answer_that_nobody_waits_for_is_given_up() -> None:
    gone, begun, given_up = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def making() -> Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        raise AssertionError

    waiting = asyncio.create_task(unless_left(a_request(gone), making()))
    await begun.wait()
    gone.set()
    with pytest.raises(ClientDisconnect):
        await waiting
    await given_up.wait()


async def test_who_stays_gets_the_answer_or_its_error() -> None:
    answer, made = Response(), asyncio.Event()

    async def making() -> Response:
        await made.wait()
        return answer

    waiting = asyncio.create_task(unless_left(a_request(asyncio.Event()), making()))
    asyncio.get_running_loop().call_later(0.3, made.set)
    assert await waiting is answer

    async def failing() -> Response:
        raise LookupError

    with pytest.raises(LookupError):
        await unless_left(a_request(asyncio.Event()), failing())
