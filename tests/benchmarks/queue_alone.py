"""The queue alone, with plain ARQ functions: jobs a second, pickup, round trips, and what idle slots cost."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from arq.connections import ArqRedis, RedisSettings, create_pool

from config import load
from jobs.store.connection import connect
from tests.benchmarks import processes
from tests.benchmarks.client import run
from tests.benchmarks.functions import calls, stock_worker
from tests.benchmarks.report import Options, Row, at_least, median, percentile, under

MODULES = "tests.benchmarks.functions"
LIMIT_S = 120
LONG_JOBS = 50
SLOTS = 60
EACH = f"{stock_worker.SLOTS} slots each"
# how often the queue's length is asked for while it is emptied, and for how long at most
WATCH_S = 0.004
WINDOW_S = 15


@dataclass(frozen=True, slots=True)
class Side:
    """One side: its queue, its database, and the words that start its worker."""

    name: str
    queue: str
    database: int
    worker: tuple[str, ...]

    async def client(self, redis: str) -> ArqRedis:
        """The side's own client."""
        if self.name == "ours":
            return connect(load(env_file=None, redis={"url": f"{redis}/{self.database}"}).redis)
        return await create_pool(RedisSettings.from_dsn(f"{redis}/{self.database}"))

    @contextmanager
    def work(self, redis: str, **more: str) -> Iterator[processes.Process]:
        """Its worker."""
        environment = {"REDIS_URL": f"{redis}/{self.database}", "FRAMEQUEUE_LOG__LEVEL": "warning", **more}
        with processes.process(sys.executable, "-m", *self.worker, **environment) as worker:
            yield worker


OURS = Side("ours", "framequeue:queue", 0, (f"{MODULES}.our_worker",))
STOCK = Side("stock", "arq:queue", 1, ("arq", f"{MODULES}.stock_worker.WorkerSettings"))


@dataclass(frozen=True, slots=True)
class Drained:
    """How a filled queue was emptied; trips are reads of the server for each job."""

    jobs_per_s: float
    enqueued_per_s: float
    client_trips: float
    worker_trips: float


async def _trips(client: ArqRedis) -> int:
    return int((await client.info("stats"))["total_reads_processed"])


async def fill(client: ArqRedis, jobs: int) -> float:
    """Enqueue so many no-op jobs; jobs a second."""
    started = time.perf_counter()
    for _ in range(0, jobs, 20):
        await asyncio.gather(*(client.enqueue_job("noop") for _ in range(20)))
    return jobs / (time.perf_counter() - started)


async def _watch(client: ArqRedis, queue: str, jobs: int) -> tuple[float, int, int]:
    """From the first job gone to the last, or to the end of the window: jobs a second, jobs gone, looks taken."""
    looks, begun, left, first = 0, 0.0, jobs, jobs
    while left and (not begun or time.perf_counter() - begun < WINDOW_S):
        await asyncio.sleep(WATCH_S)
        left, looks = await client.zcard(queue), looks + 1
        if not begun and left < jobs:
            begun, first = time.perf_counter(), left
    return (first - left) / (time.perf_counter() - begun), jobs - left, looks


async def drain(side: Side, redis: str, jobs: int) -> Drained:
    """A queue filled while no worker is there, and a worker that empties it."""
    client = await side.client(redis)
    await client.flushdb()
    before = await _trips(client)
    enqueued = await fill(client, jobs)
    filled = await _trips(client)
    first = await client.zcard(side.queue)
    assert first == jobs, first
    with side.work(redis):
        speed, done, looks = await _watch(client, side.queue, jobs)
        after = await _trips(client)
        # what is left after the window is wanted by nobody
        await client.flushdb()
    await client.aclose()
    return Drained(speed, enqueued, (filled - before) / jobs, (after - filled - looks) / done)


async def pickups_ms(side: Side, redis: str, tries: int) -> list[float]:
    """From the enqueue to the function's start, of jobs that come one by one to an idle worker."""
    client = await side.client(redis)
    await client.flushdb()
    with side.work(redis):
        for number in range(tries + 3):
            await client.enqueue_job("clocked", time.time_ns())
            while await client.llen(calls.PICKUPS) <= number:
                await asyncio.sleep(0.003)
            # at no fixed distance from the worker's polls
            await asyncio.sleep(0.01 + number * 0.037 % 0.05)
        found = [int(value) / 1e6 for value in await client.lrange(calls.PICKUPS, 3, -1)]
    await client.aclose()
    return found


async def commands_per_s(side: Side, redis: str, seconds: float) -> float:
    """What Redis is asked while 50 jobs run and ten slots are free, those inside scripts included."""
    client = await side.client(redis)
    await client.flushdb()
    with side.work(redis, BENCH_SLOTS=str(SLOTS), FRAMEQUEUE_WORKER__DRAIN_S="1"):
        await asyncio.gather(*(client.enqueue_job("long", seconds + 10) for _ in range(LONG_JOBS)))
        while await client.llen(calls.STARTED) < LONG_JOBS:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        before = await _calls(client)
        await asyncio.sleep(seconds)
        after = await _calls(client)
        # the jobs are waited for by nobody
        await client.flushdb()
    await client.aclose()
    return (after - before) / seconds


async def _calls(client: ArqRedis) -> int:
    stats: dict[str, Any] = await client.info("commandstats")
    return sum(one["calls"] for name, one in stats.items() if name != "cmdstat_info")


def measure(options: Options) -> Iterator[Row]:
    """Ours and stock ARQ's worker in turn, with ARQ's number of slots, and else with its own default settings."""
    rounds, mine, theirs = (1, 10_000, 500) if options.quick else (3, 20_000, 2_000)
    with processes.valkey() as redis:
        ours, stock = [], []
        for number in range(rounds):
            options.say(f"queue: no-op jobs, round {number + 1} of {rounds}")
            ours.append(run(drain(OURS, redis, mine), LIMIT_S))
            stock.append(run(drain(STOCK, redis, theirs), LIMIT_S))
        yield from _drained(ours, stock)
        options.say("queue: pickup")
        tries, slow_tries = (100, 10) if options.quick else (500, 60)
        yield from _picked(run(pickups_ms(OURS, redis, tries), LIMIT_S), run(pickups_ms(STOCK, redis, slow_tries), 180))
        options.say("queue: 50 long jobs")
        seconds = 3 if options.quick else 10
        asked = run(commands_per_s(OURS, redis, seconds), LIMIT_S), run(commands_per_s(STOCK, redis, seconds), LIMIT_S)
        yield Row(f"{LONG_JOBS} long jobs running", "commands/s", *asked, "stock ARQ", note=f"{SLOTS} slots each")


def _drained(ours: list[Drained], stock: list[Drained]) -> Iterator[Row]:
    def both(name: str) -> tuple[float | None, float | None]:
        return median(getattr(one, name) for one in ours), median(getattr(one, name) for one in stock)

    yield Row("no-op jobs, one worker", "jobs/s", *both("jobs_per_s"), "stock ARQ", at_least(20), note=EACH)
    yield Row("enqueued by one client", "jobs/s", *both("enqueued_per_s"), "stock ARQ", note="20 calls at a time")
    yield Row("round trips a job, client", "reads", *both("client_trips"), "stock ARQ")
    yield Row("round trips a job, worker", "reads", *both("worker_trips"), "stock ARQ")


def _picked(ours: list[float], stock: list[float]) -> Iterator[Row]:
    yield Row("pickup p50, idle worker", "ms", median(ours), median(stock), "stock ARQ", under(2), note=EACH)
    yield Row("pickup p99, idle worker", "ms", percentile(ours, 99), percentile(stock, 99), "stock ARQ")
