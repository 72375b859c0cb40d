"""Callers that hang up while their answer is being made: it is given up, and what made it is free for others."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

_SOON_S: Final = 0.25
"""How long nobody looks whether the caller is there: nearly all answers are made by then."""


async def unless_left(request: Request, making: Coroutine[Any, Any, Response]) -> Response:
    """The answer; the request's body must have been read. Raises ClientDisconnect where the caller hung up first."""
    making_it = asyncio.create_task(making)
    leaving: asyncio.Task[None] | None = None
    try:
        await asyncio.wait((making_it,), timeout=_SOON_S)
        if not making_it.done():
            leaving = asyncio.create_task(_left(request))
            await asyncio.wait((making_it, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not making_it.done():
            raise ClientDisconnect
        return making_it.result()
    finally:
        for task in (making_it, leaving):
            if task is not None:
                task.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
