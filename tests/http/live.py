"""The application on a real queue whose jobs a test ends itself, through the store: no worker is needed."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from config import Settings
from jobs.model import Job, JobSpec, Outcome, Progress, ResultInfo
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store.claims import Claim
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from tests.http.conftest import serving
from tests.http.fake import a_spec

LIMIT = 100_000


@dataclass(frozen=True)
class Live:
    """A client, the queue it talks to, and the store through which jobs are moved."""

    api: httpx.AsyncClient
    queue: JobQueue
    store: JobStore
    redis: Redis

    async def submit(self, **changes: Any) -> Job:
        spec: JobSpec = a_spec().changed(**changes)
        return await self.store.submit(f"job_{secrets.token_urlsafe(18)}", spec, {"df": b"a\n1"}, LIMIT)

    async def claim(self, count: int = 1) -> list[Claim]:
        claims = await self.store.claim("w", count, 60_000)
        assert len(claims.taken) == count
        return list(claims.taken)

    async def progress(self, claim: Claim, step: int, steps: int = 1_000_000) -> None:
        assert await self.store.progress(claim, Progress(step=step, steps=steps, fraction=step / steps))

    async def end(self, claim: Claim, state: JobState = JobState.SUCCEEDED, blob: str | None = None) -> None:
        result = ResultInfo(
            rows=1, columns=(), bytes=1, sha256="ab", blob=blob, preview=b'[{"a":1}]', preview_complete=True
        )
        outcome = Outcome(result=result if state is JobState.SUCCEEDED else None)
        data = b"" if blob else b"arrow"
        assert await self.store.finish(claim, state, outcome, result=data, result_ttl_s=100)

    async def ended(self, **changes: Any) -> Job:
        """A job that has succeeded; no other may be due."""
        job = await self.submit(**changes)
        (claim,) = await self.claim()
        await self.end(claim)
        return job


@contextlib.asynccontextmanager
async def living(settings: Settings) -> AsyncIterator[Live]:
    """The application on the Redis of these settings."""
    queue, redis = JobQueue.from_settings(settings), connect(settings.redis)
    async with serving(settings, queue) as api:
        yield Live(api, queue, JobStore(redis, settings.redis.queue, settings.jobs), redis)
    await redis.aclose(close_connection_pool=True)


async def until(condition: Callable[[], Any], within_s: float = 20) -> Any:
    """Poll until it holds."""
    async with asyncio.timeout(within_s):
        while not (value := condition()):
            await asyncio.sleep(0.01)
        return value
