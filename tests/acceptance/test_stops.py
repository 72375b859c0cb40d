"""Deadlines, cancels and memory: what ends an attempt from outside, on a real Valkey."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from config import Settings
from jobs.model import Job
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store import keys
from jobs.store.redis import Redis
from tests.acceptance.running import GROUPED, RECORDS, Running, submit, until


@pytest.fixture
def ours(settings: Callable[..., Settings], valkey: str) -> Settings:
    return settings(
        redis={"url": valkey},
        worker={"lease_s": 2, "drain_s": 0.2, "poll_s": 0.1, "memory_bytes": 50_000_000},
        transforms={"modules": ("tests.acceptance.own", "tests.acceptance.stubborn")},
    )


def code(job: Job) -> str | None:
    return job.outcome.error.code if job.outcome and job.outcome.error else None


async def started(queue: JobQueue, job: Job) -> Job:
    async def look() -> Job | None:
        now = await queue.get("t", job.id)
        return now if now.state is JobState.RUNNING else None

    return await until(look)


async def test_a_spinning_job_fails_at_its_deadline_and_frees_its_slot(queue: JobQueue, worker: Running) -> None:
    jobs = [await submit(queue, [{"op": "spin"}], wait_s=0, timeout_s=0.3) for _ in range(4)]
    ended = [await queue.wait("t", job.id, 20) for job in jobs]
    assert [code(job) for job in ended] == ["job.timeout"] * 4
    assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED
    await until(lambda: worker.pool.running == 0)


async def test_who_survives_being_stopped_is_stopped_again(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, [{"op": "stubborn_spin", "times": 1}], timeout_s=0.3)
    assert code(job) == "job.timeout"
    await until(lambda: worker.pool.running == 0, 30)


async def test_a_running_job_is_canceled_at_once(queue: JobQueue, worker: Running) -> None:
    job = await started(queue, await submit(queue, [{"op": "nap", "seconds": 4}], wait_s=0, timeout_s=50))
    asked = await queue.cancel("t", job.id)
    assert asked.cancel_requested_ms is not None
    ended = await queue.wait("t", job.id, 20)
    assert ended.state is JobState.CANCELED
    assert code(ended) == "job.canceled"
    assert worker.pool.running == 1  # it sleeps in C: its slot is not free yet


async def test_a_cancel_that_nobody_heard_is_seen_at_the_next_renewal(
    queue: JobQueue, worker: Running, redis: Redis
) -> None:
    job = await started(queue, await submit(queue, [{"op": "spin"}], wait_s=0, timeout_s=50))
    await redis.hset(keys.job(job.id), "cancel_ms", 1)
    assert (await queue.wait("t", job.id, 20)).state is JobState.CANCELED


async def test_a_canceled_job_whose_worker_vanished_ends_with_the_next_claim(
    ours: Settings, queue: JobQueue, worker: Running
) -> None:
    job = await started(queue, await submit(queue, [{"op": "nap", "seconds": 8}], wait_s=0))
    await worker.pause()
    assert (await queue.cancel("t", job.id)).state is JobState.RUNNING
    other = Running(ours)
    try:
        assert (await queue.wait("t", job.id, 30)).state is JobState.CANCELED
    finally:
        await other.stop()


async def test_a_job_too_large_for_the_worker_fails_with_numbers(queue: JobQueue, worker: Running) -> None:
    rows = [{"text": "x" * 1_000_000}] * 30
    job = await submit(queue, [], records=rows)
    assert code(job) == "job.memory_exceeded"
    assert job.outcome is not None
    assert job.outcome.error is not None
    assert "50,000,000" in job.outcome.error.detail
    assert job.attempt == 1
    assert (await submit(queue, GROUPED, records=RECORDS)).state is JobState.SUCCEEDED


async def test_cancels_racing_the_end_leave_one_end(queue: JobQueue, worker: Running, redis: Redis) -> None:
    async def race(number: int) -> None:
        job = await submit(queue, [{"op": "nap", "seconds": number % 10 / 200}], wait_s=0)
        await asyncio.sleep(number % 7 / 100)
        await queue.cancel("t", job.id)
        ended = await queue.wait("t", job.id, 30)
        events: list[Any] = await redis.xrange(keys.events(job.id))
        ends = [entry[b"state"].decode() for _, entry in events if entry[b"state"] in {b"succeeded", b"canceled"}]
        assert ends == [ended.state]

    for batch in range(10):
        await asyncio.gather(*(race(batch * 10 + n) for n in range(10)))


@pytest.mark.parametrize(
    "kind", ["CancelledError", "SystemExit", "GeneratorExit", "KeyboardInterrupt", "StopIteration"]
)
async def test_whatever_a_transform_raises_fails_its_job_once(queue: JobQueue, worker: Running, kind: str) -> None:
    job = await submit(queue, [{"op": "raises", "kind": kind}])
    assert (job.state, job.attempt, code(job)) == (JobState.FAILED, 1, "transform.failed")
    (report,) = await queue.reports("t", job.id)
    assert report.op == "raises"
    assert kind in (report.exception or "")
    assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED


async def test_a_message_that_utf_8_cannot_hold_is_escaped(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, [{"op": "unreadable"}])
    assert code(job) == "transform.failed"


async def test_an_outage_after_a_deadline_is_waited_out_with_pauses(
    queue: JobQueue, worker: Running, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    job = await started(queue, await submit(queue, [{"op": "nap", "seconds": 1}], wait_s=0, timeout_s=0.2))
    await redis.config_set("min-replicas-to-write", "1")  # every write is refused
    try:
        await asyncio.sleep(1.5)
    finally:
        await redis.config_set("min-replicas-to-write", "0")
    assert code(await queue.wait("t", job.id, 20)) == "job.timeout"
    assert len([record for record in caplog.records if "holding the end" in record.message]) < 10


async def test_texts_of_a_user_s_objects_hold_up_nobody(queue: JobQueue, worker: Running) -> None:
    slow = await submit(queue, [{"op": "slow_text"}, {"op": "nap", "seconds": 3}], wait_s=0, timeout_s=0.5)
    failing = await submit(queue, [{"op": "slow_text"}, {"op": "boom", "message": "no"}], wait_s=0, timeout_s=2)
    began = time.monotonic()
    ended = await queue.wait("t", slow.id, 20)
    assert code(ended) == "job.timeout"
    (report,) = await queue.reports("t", slow.id)
    assert {row["slow"] for row in report.samples} == {"<_Slow>"}
    assert code(await queue.wait("t", failing.id, 20)) == "job.timeout"
    assert time.monotonic() - began < 20


async def test_a_report_is_bounded(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, [{"op": "long_text"}])
    assert code(job) == "transform.failed"
    (report,) = await queue.reports("t", job.id)
    assert len(msgspec.json.encode(report)) < 100_000


async def test_a_fork_that_comes_back_ends(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, [{"op": "forks"}])
    assert job.state is JobState.SUCCEEDED
    assert (await asyncio.to_thread(os.waitpid, -1, 0))[1] == 0
