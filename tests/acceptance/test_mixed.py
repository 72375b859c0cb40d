"""Stock ARQ's producers and workers beside ours on one queue: plain functions run once each, and both read the results.

They must agree on the queue's name and on the serializer. Framequeue's own jobs stay on a queue that stock workers do
not read: these would end them, as they lack their function.
"""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import arq
import pytest
from arq.connections import ArqRedis
from arq.connections import RedisSettings as ArqSettings
from arq.jobs import Job, JobStatus
from redis import Redis as SyncRedis

from config.sections import RedisSettings
from jobs.store.connection import connect
from jobs.store.redis import Redis, deserialize, serialize

QUEUE = "shared:queue"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def workers(valkey: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two stock workers and two of ours."""
    command = [sys.executable, "-m", "tests.acceptance.plain"]
    started = [subprocess.Popen([*command, kind, valkey, QUEUE], cwd=ROOT) for kind in ("stock", "ours") * 2]
    yield started
    for process in started:
        process.send_signal(signal.SIGTERM)
    for process in started:
        try:
            process.wait(timeout=20)
        finally:
            process.kill()
    with SyncRedis.from_url(valkey) as client:
        client.flushall()  # the keys of this queue, and the test's own, are none that the checker for leaks knows


@pytest.fixture
async def stock(valkey: str) -> AsyncIterator[ArqRedis]:
    settings = ArqSettings.from_dsn(valkey)
    pool = await arq.create_pool(
        settings, job_serializer=serialize, job_deserializer=deserialize, default_queue_name=QUEUE
    )
    yield pool
    await pool.aclose(close_connection_pool=True)


@pytest.fixture
async def ours(valkey: str) -> AsyncIterator[Redis]:
    client = connect(RedisSettings(url=valkey, queue=QUEUE))
    yield client
    await client.aclose(close_connection_pool=True)


async def seen(redis: Redis, name: str) -> dict[str, int]:
    found = await redis.hgetall(name)  # type: ignore[misc]  # stub: sync or async
    return {key.decode(): int(value) for key, value in found.items()}


async def test_every_call_runs_once_whoever_made_it_and_whoever_runs_it(
    stock: ArqRedis, ours: Redis, workers: list[subprocess.Popen[bytes]]
) -> None:
    made: dict[str, int] = {}
    # in waves, so that the workers that are up first do not take it all
    for wave in range(200):
        for producer in (stock, ours):
            job = await producer.enqueue_job("add", wave, 1, _defer_by=0.02 * (wave % 10))
            assert job is not None
            made[job.job_id] = wave + 1
        if wave == 20:
            while len(await seen(ours, "workers")) < 2:
                await asyncio.sleep(0.05)
                nudge = await stock.enqueue_job("add", 0, 1)
                assert nudge is not None
                made[nudge.job_id] = 1
    for job_id, expected in made.items():
        for reader in (stock, ours):
            call = Job(job_id, reader, QUEUE, deserialize)
            assert await call.result(timeout=60, poll_delay=0.02) == expected
            assert await call.status() is JobStatus.complete
    tries = Counter(await seen(ours, "runs"))
    wanted = {f"{job_id}:{number}" for job_id, sum_ in made.items() for number in ([1, 2] if sum_ % 5 == 0 else [1])}
    assert set(tries) == wanted
    assert set(tries.values()) == {1}
    assert set(await seen(ours, "workers")) == {"stock", "ours"}
    assert await ours.zcard(QUEUE) == 0


async def test_both_read_a_failure_of_either(
    stock: ArqRedis, ours: Redis, workers: list[subprocess.Popen[bytes]]
) -> None:
    calls = [await producer.enqueue_job("add", -3, 1) for producer in (stock, ours) for _ in range(10)]
    for call in calls:
        assert call is not None
        for reader in (stock, ours):
            with pytest.raises(Exception, match="ValueError: below zero"):
                await Job(call.job_id, reader, QUEUE, deserialize).result(timeout=60, poll_delay=0.02)
