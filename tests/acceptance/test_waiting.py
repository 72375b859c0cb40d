"""Waiting for jobs: one subscription and a few messages a minute for thousands of waiters, and no end is missed."""

import asyncio
import time
from collections.abc import Callable

import pytest

from config import Settings
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store import changes, keys
from jobs.store.redis import Redis
from tests.acceptance.test_worker import GROUPED, Running, submit, until

WAITERS = 2_000
LOOK_S = 6.0  # longer than the pause between two beats


@pytest.fixture
def ours(settings: Callable[..., Settings], valkey: str) -> Settings:
    return settings(redis={"url": valkey}, worker={"poll_s": 0.1}, transforms={"modules": ("tests.acceptance.own",)})


async def calls(redis: Redis) -> dict[str, int]:
    stats = await redis.info("commandstats")
    return {name.removeprefix("cmdstat_"): entry["calls"] for name, entry in stats.items()}


async def subscribers(redis: Redis) -> int:
    ((_, count),) = await redis.pubsub_numsub(keys.CHANGES_CHANNEL)
    return int(count)


async def test_two_thousand_waiters_cost_redis_nothing_while_they_wait(
    ours: Settings, queue: JobQueue, redis: Redis
) -> None:
    jobs = [await submit(queue, GROUPED, wait_s=0, delay_s=20) for _ in range(20)]
    read_before = (await calls(redis)).get("hmget", 0)
    waiters = [
        asyncio.create_task(queue.wait("t", jobs[n % 20].id, 60, known_version=1 if n % 2 else None))
        for n in range(WAITERS)
    ]

    async def all_have_read() -> bool:
        return (await calls(redis)).get("hmget", 0) >= read_before + WAITERS

    await until(all_have_read)
    assert await subscribers(redis) == 1
    before = await calls(redis)
    await asyncio.sleep(LOOK_S)
    after = await calls(redis)
    made = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    # our own look, and the feed's beat
    assert set(made) <= {"info", "publish"}, made
    assert made.get("publish", 0) <= 3
    worker = Running(ours)
    try:
        ended = await asyncio.gather(*waiters)
        terminal = [job for job, n in zip(ended, range(WAITERS), strict=True) if n % 2 == 0]
        assert {job.state for job in terminal} == {JobState.SUCCEEDED}
        assert all(job.version > 1 for job in ended)
    finally:
        await worker.stop()


async def test_what_was_said_while_the_subscription_was_down_is_made_up_for(
    ours: Settings, queue: JobQueue, redis: Redis
) -> None:
    await until(lambda: subscribers(redis))
    job = await submit(queue, GROUPED, wait_s=0)
    waiting = asyncio.create_task(queue.wait("t", job.id, 30))
    # closed, and what changes until it stands again is not heard
    await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    worker = Running(ours)
    try:
        assert (await waiting).state is JobState.SUCCEEDED
    finally:
        await worker.stop()


async def test_a_subscription_that_went_deaf_is_noticed(
    ours: Settings, queue: JobQueue, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a network that swallows it, or at a server that is not the one that is written to."""
    monkeypatch.setattr(changes, "_BEAT_S", 0.3)
    await until(lambda: subscribers(redis))
    wake, lost = queue._changes._wake, []
    monkeypatch.setattr(queue._changes, "_wake", lost.append)
    job = await submit(queue, GROUPED, wait_s=0)
    waiting = asyncio.create_task(queue.wait("t", job.id, 30))
    worker = Running(ours)
    try:
        await until(lambda: len(lost) >= 3)  # queued, started, ended: heard by nobody
        await asyncio.sleep(0.5)
        assert not waiting.done()
        # from now on nothing at all comes, the feed's own beat neither
        monkeypatch.setattr(queue._changes, "_own", "another channel")
        assert (await waiting).state is JobState.SUCCEEDED
        monkeypatch.setattr(queue._changes, "_wake", wake)
        assert (await submit(queue, GROUPED, wait_s=10)).state is JobState.SUCCEEDED
    finally:
        await worker.stop()


async def test_who_waits_for_a_job_that_nothing_happens_to_is_answered_in_time(queue: JobQueue) -> None:
    job = await submit(queue, GROUPED, wait_s=0)
    began = time.monotonic()
    assert (await queue.wait("t", job.id, 0.3)).state is JobState.QUEUED
    assert 0.3 <= time.monotonic() - began < 5
