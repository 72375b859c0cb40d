"""The application in this process: on a queue in memory, and on the real one with a worker beside it."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from config import Settings
from jobs.queue import JobQueue
from service.app import create_app
from tests.http.fake import FakeQueue


@contextlib.asynccontextmanager
async def serving(settings: Settings, queue: JobQueue | FakeQueue | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a started application; errors of the application stay inside it, as in a server."""
    app = create_app(settings, queue)  # type: ignore[arg-type]  # the fake has what the service calls
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(with_state, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=30) as client:
            yield client


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
async def api(settings: Callable[..., Settings], queue: FakeQueue) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application on the queue in memory."""
    small = {"limits": {"body_bytes": 200_000, "envelope_bytes": 20_000, "inputs": 3, "steps": 5}}
    async with serving(settings(**small), queue) as client:
        yield client
