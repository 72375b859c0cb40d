"""What a submit and a claim cost with a million jobs queued, beside the same with a thousand.

The queues are filled with what `JobStore.submit` sends, byte for byte but for the id, in batches over one connection:
a million calls one by one would take minutes. The Valkeys keep no append-only file, so that its rewrites stay out.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from redis.connection import Connection, Encoder

from config import load
from jobs.model import Input, JobSpec, Outcome, PayloadRef
from jobs.state import JobState
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from tests.benchmarks import processes
from tests.benchmarks.client import run
from tests.benchmarks.report import Options, Row, at_most, median

BATCH = 1000
BLOCK = 25
LEASE_MS = 60_000
LIMIT = 10_000_000
END = b"*2\r\n$4\r\nECHO\r\n$9\r\nbatch end\r\n"
END_ANSWER = b"$9\r\nbatch end\r\n"
ROWS = b'[{"a":1}]'
SPEC = JobSpec(
    tenant="bench",
    pipeline=[{"op": "head", "n": 1}],
    inputs={"df": Input(payload=PayloadRef(blob="", media_type="application/json", bytes=len(ROWS)))},
    timeout_s=300,
    max_attempts=3,
    delay_s=0,
    result_ttl_s=86_400,
)


class Recorder:
    """Stands for Redis, to see what a call would send."""

    def __init__(self) -> None:
        self.sent: tuple[Any, ...] = ()

    async def execute_command(self, *words: Any) -> list[bytes]:
        """Keep the words and answer as `submit` does."""
        self.sent = words
        return [b"created", b"0", b"queued"]


def new_id() -> str:
    """As JobQueue makes them."""
    return f"job_{secrets.token_urlsafe(18)}"


def _store(redis: Any) -> JobStore:
    settings = load(env_file=None)
    return JobStore(redis, settings.redis.queue, settings.jobs)


async def submit_bytes(job_id: str) -> bytes:
    """The bytes of one submit on the wire."""
    recorder = Recorder()
    await _store(recorder).submit(job_id, SPEC, {"df": ROWS}, LIMIT)
    packer = Connection()
    packer.encoder = Encoder("utf-8", "strict", decode_responses=False)
    return b"".join(packer.pack_command(*recorder.sent))


async def fill(url: str, jobs: int) -> None:
    """Queue so many jobs by the submit script, and see that they are there."""
    redis = connect(load(env_file=None, redis={"url": url}).redis)
    store = _store(redis)
    known = new_id()
    # this one also leaves the script with the server
    await store.submit(known, SPEC, {"df": ROWS}, LIMIT)
    template = (await submit_bytes(known)).split(known.encode())
    await asyncio.to_thread(_pour, url, template, jobs - 1)
    found = await redis.zcard(store.queue)
    assert found == jobs, f"{found} of {jobs} jobs are in the queue"
    await redis.aclose(close_connection_pool=True)


def _pour(url: str, template: list[bytes], jobs: int) -> None:
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=60) as wire:
        for begins in range(0, jobs, BATCH):
            ids = (new_id().encode() for _ in range(min(BATCH, jobs - begins)))
            wire.sendall(b"".join(job_id.join(template) for job_id in ids) + END)
            tail = b""
            while not tail.endswith(END_ANSWER):
                tail = (tail + wire.recv(2**18))[-64:]


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of one call: as the caller sees it, and of the server's own work."""

    call_us: float
    server_us: float


async def _block(redis: Redis, calls: list[Any]) -> tuple[Cost, list[Any]]:
    """So many calls one after another."""
    before = await _script_us(redis)
    answers = []
    started = time.perf_counter()
    for call in calls:
        answers.append(await call())
    taken = time.perf_counter() - started
    server = await _script_us(redis) - before
    return Cost(taken * 1e6 / len(calls), server / len(calls)), answers


async def _script_us(redis: Redis) -> float:
    stats = await redis.info("commandstats")
    return float(stats["cmdstat_evalsha"]["usec"])


async def turn(url: str) -> tuple[Cost, Cost]:
    """A block of submits and a block of claims, after which the queue is as deep as before."""
    redis = connect(load(env_file=None, redis={"url": url}).redis)
    store = _store(redis)
    submit, _ = await _block(redis, [lambda: store.submit(new_id(), SPEC, {"df": ROWS}, LIMIT)] * BLOCK)
    claim, claims = await _block(redis, [lambda: store.claim("bench", 1, LEASE_MS)] * BLOCK)
    for one in claims:
        assert len(one.taken) == 1, one
        assert await store.finish(one.taken[0], JobState.SUCCEEDED, Outcome(), result_ttl_s=60)
    await redis.aclose(close_connection_pool=True)
    return submit, claim


def measure(options: Options) -> Iterator[Row]:
    """The deep and the shallow queue in turn, block by block."""
    deep, shallow, turns = options.pick(100_000, 1_000_000), 1_000, options.pick(10, 40)
    plain = {"appendonly": "no"}
    with processes.valkey(**plain) as deep_url, processes.valkey(**plain) as shallow_url:
        options.say(f"depth: queueing {deep:,} jobs")
        began = time.monotonic()
        run(fill(deep_url, deep), 600)
        filled_s = time.monotonic() - began
        run(fill(shallow_url, shallow), 60)
        costs: dict[str, list[tuple[Cost, Cost]]] = {deep_url: [], shallow_url: []}
        for number in range(turns + 1):
            options.say(f"depth: turn {number} of {turns}")
            for url, found in costs.items():
                cost = run(turn(url), 60)
                if number:  # the first warms both
                    found.append(cost)
    yield from _rows(deep, shallow, filled_s, costs[deep_url], costs[shallow_url])


def _rows(
    deep: int, shallow: int, filled_s: float, many: list[tuple[Cost, Cost]], few: list[tuple[Cost, Cost]]
) -> Iterator[Row]:
    beside, note = f"{shallow:,} queued", f"{deep:,} queued in {filled_s:.0f} s"

    def both(of: str, *which: int) -> tuple[float | None, float | None]:
        sums = [[sum(getattr(pair[at], of) for at in which) for pair in side] for side in (many, few)]
        return median(sums[0]), median(sums[1])

    yield Row("submit + claim, deep queue", "µs", *both("call_us", 0, 1), beside, at_most(1.2), note)
    yield Row("  of it submit", "µs", *both("call_us", 0), beside)
    yield Row("  of it claim", "µs", *both("call_us", 1), beside)
    yield Row("submit, in the server", "µs", *both("server_us", 0), beside)
    yield Row("claim, in the server", "µs", *both("server_us", 1), beside)
