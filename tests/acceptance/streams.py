"""The application behind a real server in this process, and a reader of event streams."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_sse import ServerSentEvent, aconnect_sse

from config import Settings
from jobs.queue import JobQueue
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from service.server import Server, config_of
from tests.http.live import Live


@dataclass(frozen=True)
class Served(Live):
    """The same over a socket; `server` is uvicorn's."""

    server: Server
    port: int

    async def stop(self) -> None:
        """As SIGTERM does."""
        self.server.should_exit = True


@contextlib.asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Served]:
    """The application on the Redis of these settings, behind uvicorn on a free port."""
    queue, redis = JobQueue.from_settings(settings), connect(settings.redis)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        # small buffers of the system: who does not read is noticed early
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
        server = Server(config_of(settings, queue), queue)
        task = asyncio.create_task(server._serve(sockets=[listener]))
        port = listener.getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as api:
            yield Served(api, queue, JobStore(redis, settings.redis.queue, settings.jobs), redis, server, port)
        server.should_exit = True
        await asyncio.wait_for(task, 20)
    await redis.aclose(close_connection_pool=True)


@contextlib.asynccontextmanager
async def following(
    live: Live, job_id: str, last_id: str | None = None
) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """A job's events as they come."""
    headers = {} if last_id is None else {"last-event-id": last_id}
    async with aconnect_sse(live.api, "GET", f"/v1/jobs/{job_id}/events", headers=headers) as source:
        assert source.response.status_code == 200, await source.response.aread()
        yield source.aiter_sse()


async def take(events: AsyncIterator[ServerSentEvent], count: int) -> list[ServerSentEvent]:
    """The next so many."""
    async with asyncio.timeout(20):
        return [await anext(events) for _ in range(count)]


async def rest(events: AsyncIterator[ServerSentEvent]) -> list[ServerSentEvent]:
    """All that come until the stream ends."""
    async with asyncio.timeout(30):
        return [one async for one in events]


async def all_events(live: Live, job_id: str, last_id: str | None = None) -> list[ServerSentEvent]:
    """The stream of a job that has ended, or will."""
    async with following(live, job_id, last_id) as events:
        return await rest(events)


def kinds(events: list[ServerSentEvent]) -> list[str]:
    return [one.event for one in events]


def body(event: ServerSentEvent) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.data)
    assert (found["id"], found["type"]) == (event.id, event.event)
    return found
