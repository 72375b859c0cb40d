"""What comes before a request is known: heads that are too large, or never end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from service import protocol
from service.protocol import MAX_HEAD_BYTES, BoundedProtocol


async def _app(scope: Any, receive: Any, send: Any) -> None:
    size = 0
    while (message := await receive()).get("more_body") or message.get("body"):
        size += len(message.get("body", b""))
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
    assert size in {0, 1_000_000}


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(_app, port=0, http=BoundedProtocol, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def answer(port: int, sent: bytes) -> bytes:
    """The head of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    finally:
        await closed(writer)


async def test_a_head_that_is_too_large_is_431(port: int) -> None:
    head = b"GET / HTTP/1.1\r\nhost: x\r\na: " + b"x" * (MAX_HEAD_BYTES + 300_000)
    told = await answer(port, head)
    assert told.startswith(b"HTTP/1.1 431 ")
    assert b"content-type: application/problem+json" in told


async def test_many_small_headers_are_431_too(port: int) -> None:
    head = b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 100_000
    assert (await answer(port, head)).startswith(b"HTTP/1.1 431 ")


async def test_a_head_that_never_ends_is_408(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.1)
    assert (await answer(port, b"GET / HTTP/1.1\r\nhost: x\r\n")).startswith(b"HTTP/1.1 408 ")


async def test_a_large_body_behind_a_small_head_passes(port: int) -> None:
    body = b"x" * 1_000_000
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
    assert (await answer(port, head + body)).startswith(b"HTTP/1.1 200 ")


async def test_requests_on_one_connection_are_counted_one_by_one(port: int) -> None:
    head = b"GET / HTTP/1.1\r\nhost: x\r\na: " + b"x" * 40_000 + b"\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(4):
        writer.write(head)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).startswith(b"HTTP/1.1 200 ")
    await closed(writer)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"\x16\x03\x01 what TLS sends\r\n\r\n", 400, "http.malformed"),
        (b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n", 400, "http.malformed"),
    ],
)
async def test_what_no_application_sees_is_a_problem_too(port: int, sent: bytes, status: int, code: str) -> None:
    """Contract: HTTP errors have one shape everywhere."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
    await closed(writer)
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"content-type: application/problem+json" in head
    problem = json.loads(body)
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/errors#{code}")
    assert problem["trace_id"]
