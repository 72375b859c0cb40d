"""Callers that wait for jobs on one API process, half by long polls, half by event streams, while the jobs end.

No worker takes part: the jobs are claimed and ended here, by the store's scripts, so that the API is what is measured.
"""

import asyncio
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config import load
from jobs.model import Outcome
from jobs.state import JobState
from jobs.store.claims import Claim
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from tests.benchmarks import processes, stacks
from tests.benchmarks.client import run
from tests.benchmarks.depth import LIMIT, ROWS, SPEC
from tests.benchmarks.report import Options, Row, median, percentile, under

MIB = 1024**2
ENDS_A_SECOND = 100
OPENED_AT_ONCE = 50
IDLE_S = 5.0
LEASE_MS = 600_000
LIMIT_S = 120
TENANT = SPEC.changed(tenant="default")
POLL = b"GET /v1/jobs/%s HTTP/1.1\r\nhost: bench\r\nprefer: wait=50\r\n\r\n"
STREAM = b"GET /v1/jobs/%s/events HTTP/1.1\r\nhost: bench\r\n\r\n"
ENDED = {POLL: b'"state":"succeeded"', STREAM: b"event: job.succeeded"}


class Waiter(asyncio.Protocol):
    """One connection with one request, and when its answer told that the job has ended."""

    def __init__(self, request: bytes, job_id: str) -> None:
        self._request, self._job_id = request, job_id
        self._seen = b""
        self.transport: Any = None
        self.told_at: float | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._request % self._job_id.encode())

    def data_received(self, data: bytes) -> None:
        if self.told_at is None:
            self._seen += data
            if ENDED[self._request] in self._seen:
                self.told_at = time.perf_counter()


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds from each job's end to the word of it, by kind of waiter, and what the API took."""

    polls: list[float]
    streams: list[float]
    idle_cpu: float
    """The share of a core that the API used while all waited and nothing happened."""
    grown: int
    """Resident bytes at the highest, less those before the first waiter."""
    cpu_s: float


async def _prepare(store: JobStore, jobs: int) -> list[Claim]:
    """So many jobs, each claimed, as a worker would."""
    for _ in range(jobs):
        await store.submit(f"job_{secrets.token_urlsafe(18)}", TENANT, {"df": ROWS}, LIMIT)
    taken: list[Claim] = []
    while len(taken) < jobs:
        taken += (await store.claim("bench", 100, LEASE_MS)).taken
    return taken


async def _open(port: int, request: bytes, claims: list[Claim]) -> list[Waiter]:
    """A waiter for each; a few at a time, as real ones come."""
    loop, made = asyncio.get_running_loop(), []
    for begins in range(0, len(claims), OPENED_AT_ONCE):
        coming = (
            loop.create_connection(lambda claim=claim: Waiter(request, claim.id), "127.0.0.1", port)  # type: ignore[misc]  # mypy cannot infer a default
            for claim in claims[begins : begins + OPENED_AT_ONCE]
        )
        made += [waiter for _, waiter in await asyncio.gather(*coming)]
    return made


async def _quiet(pid: int) -> None:
    """Until the API has nothing to do: everyone waits."""
    async with asyncio.timeout(30):
        before = -1.0
        while (now := processes.cpu_s(pid)) - before > 0.03:
            before = now
            await asyncio.sleep(0.5)


async def _end(store: JobStore, claims: list[Claim]) -> list[float]:
    """End them in turn at the pace; when each was."""
    began, ended_at = time.perf_counter(), []

    async def end(claim: Claim, number: int) -> None:
        ended_at[number] = time.perf_counter()
        assert await store.finish(claim, JobState.SUCCEEDED, Outcome(), result=b"x", result_ttl_s=600)

    ended_at = [0.0] * len(claims)
    ending = []
    for number, claim in enumerate(claims):
        await asyncio.sleep(max(0.0, began + number / ENDS_A_SECOND - time.perf_counter()))
        ending.append(asyncio.create_task(end(claim, number)))
    await asyncio.gather(*ending)
    return ended_at


async def _wait_for_all(waiters: list[Waiter]) -> None:
    async with asyncio.timeout(30):
        while any(one.told_at is None for one in waiters):
            await asyncio.sleep(0.05)


async def turn(url: str, stack: stacks.Stack, jobs: int) -> Found:
    """Everyone waits, nothing happens for a while, then the jobs end."""
    redis: Redis = connect(load(env_file=None, redis={"url": url}).redis)
    settings, pid = load(env_file=None), stack.api.pid
    store = JobStore(redis, settings.redis.queue, settings.jobs)
    claims = await _prepare(store, jobs)
    before = processes.status(pid, "VmRSS")
    polls = await _open(stack.port, POLL, claims)
    streams = await _open(stack.port, STREAM, claims)
    await _quiet(pid)
    cpu = processes.cpu_s(pid)
    await asyncio.sleep(IDLE_S)
    idle = (processes.cpu_s(pid) - cpu) / IDLE_S
    ended_at = await _end(store, claims)
    await _wait_for_all([*polls, *streams])
    found = Found(
        *([(one.told_at or 0) - at for one, at in zip(side, ended_at, strict=True)] for side in (polls, streams)),
        idle_cpu=idle,
        grown=processes.status(pid, "VmHWM") - before,
        cpu_s=processes.cpu_s(pid) - cpu,
    )
    for one in (*polls, *streams):
        one.transport.close()
    await redis.aclose(close_connection_pool=True)
    return found


def measure(options: Options) -> Iterator[Row]:
    """Two waiters for each job."""
    jobs = options.pick(200, 1_000)
    with processes.valkey() as redis, stacks.framequeue(redis, worker=False) as ours:
        run(turn(redis, ours, 50), LIMIT_S)  # warms it
        options.say(f"waiters: {2 * jobs:,}, {ENDS_A_SECOND} ends a second")
        found = run(turn(redis, ours, jobs), LIMIT_S)
    note = f"{2 * jobs:,} waiters, {ENDS_A_SECOND} ends a second"
    for kind, told in (("long poll", found.polls), ("event stream", found.streams)):
        details = {"p50_ms": (median(told) or 0) * 1000, "max_ms": max(told) * 1000}
        p99 = percentile(told, 99) * 1000
        yield Row(f"told of the end by {kind}, p99", "ms", p99, target=under(100), note=note, details=details)
    details = {"api_cpu_s": found.cpu_s}
    yield Row("the API's growth with all waiters", "MiB", found.grown / MIB, target=under(200), details=details)
    yield Row("the API's CPU while all wait", "% of a core", found.idle_cpu * 100, target=under(10))
