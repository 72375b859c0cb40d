"""The worker on a real Valkey, in this process: what becomes of jobs, whatever happens to it."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store import keys
from jobs.store.redis import Redis
from tests.acceptance.mortal import Server
from tests.acceptance.running import GROUPED, RECORDS, Running, records, submit, until


@pytest.fixture
def ours(settings: Callable[..., Settings], valkey: str) -> Settings:
    return settings(
        redis={"url": valkey},
        worker={"lease_s": 1, "drain_s": 0.2, "poll_s": 0.1},
        transforms={"modules": ("tests.acceptance.own",)},
    )


async def test_a_job_runs_and_its_result_is_fetched(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, GROUPED)
    assert job.state is JobState.SUCCEEDED
    assert job.outcome is not None
    assert job.outcome.inputs["df"].rows == 10
    assert await records(queue, job) == [{"region": "N", "total": 20}, {"region": "S", "total": 25}]


async def test_a_large_result_comes_from_a_blob(queue: JobQueue, worker: Running) -> None:
    rows = [{"n": n, "text": f"{n * 7919 % 10_007:05} {n}"} for n in range(20_000)]
    job = await submit(queue, [], records=rows)
    assert job.outcome is not None
    assert job.outcome.result is not None
    assert job.outcome.result.blob is not None
    assert await records(queue, job) == rows


async def test_a_failed_job_says_all_there_is_to_say(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, [{"op": "head", "n": 3}, {"op": "boom", "message": "no pricing data"}])
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert job.outcome.error is not None
    assert job.outcome.error.code == "transform.failed"
    assert "step 2 (boom): ZeroDivisionError: no pricing data" in job.outcome.error.detail
    (report,) = await queue.reports("t", job.id)
    assert (report.step, report.op, report.shape) == (2, "boom", (3, 2))
    assert report.samples == tuple(RECORDS[:3])
    assert report.exception == "ZeroDivisionError: no pricing data"
    assert report.traceback is not None
    assert "own.py" in report.traceback


async def test_the_deadline_answers_before_the_thread_gives_up(queue: JobQueue, worker: Running) -> None:
    started = time.monotonic()
    job = await submit(queue, [{"op": "nap", "seconds": 3}], timeout_s=0.2)
    assert time.monotonic() - started < 2.5
    assert job.outcome is not None
    assert job.outcome.error is not None
    assert job.outcome.error.code == "job.timeout"
    # the other slot is free, this one is not
    assert worker.pool.running == 1
    assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED


async def test_progress_is_seen_while_it_runs(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, [{"op": "watchful_nap", "seconds": 1.5}], wait_s=0)

    async def told() -> Any:
        progress = (await queue.get("t", job.id)).progress
        return progress and 0 < progress.fraction < 1

    await until(told)
    assert (await queue.wait("t", job.id, 10)).state is JobState.SUCCEEDED


async def test_a_frozen_worker_s_job_runs_elsewhere_and_its_late_end_is_refused(
    ours: Settings, queue: JobQueue, redis: Redis
) -> None:
    frozen = Running(ours)
    job = await submit(queue, [{"op": "nap", "seconds": 2.0}, *GROUPED], wait_s=0)
    await until(lambda: frozen.pool.running)
    await frozen.pause()
    other = Running(ours)
    await until(lambda: not frozen.worker.tasks)
    # the first attempt has come to its end by now, and changed nothing
    assert (await queue.get("t", job.id)).state is JobState.RUNNING
    ended = await queue.wait("t", job.id, 15)
    assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 2)
    kinds = [fields[b"type"].decode() for _, fields in await redis.xrange(keys.events(job.id))]
    told = [kind for kind in kinds if kind != "job.progress"]
    assert told == [
        "job.queued",
        "job.started",
        "job.retrying",
        "job.started",
        "job.succeeded",
    ]
    await other.stop()
    await frozen.stop()


async def test_a_job_that_loses_every_worker_fails(ours: Settings, queue: JobQueue, redis: Redis) -> None:
    job = await submit(queue, GROUPED, wait_s=0, max_attempts=1)
    await redis.hset(keys.job(job.id), "attempt", "1")  # type: ignore[misc]  # stub: sync or async
    running = Running(ours)
    ended = await queue.wait("t", job.id, 10)
    assert ended.outcome is not None
    assert ended.outcome.error is not None
    assert ended.outcome.error.code == "worker.lost"
    assert ended.attempt == 1
    await running.stop()


async def test_a_drain_hands_back_with_the_try(ours: Settings, queue: JobQueue) -> None:
    first = Running(ours)
    job = await submit(queue, [{"op": "watchful_nap", "seconds": 3}], wait_s=0)
    await until(lambda: first.pool.running)
    await first.stop()
    handed_back = await queue.get("t", job.id)
    assert (handed_back.state, handed_back.attempt) == (JobState.QUEUED, 0)
    second = Running(ours)
    ended = await queue.wait("t", job.id, 15)
    assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 1)
    await second.stop()


async def test_plain_arq_functions_run_beside_ours(ours: Settings, queue: JobQueue, redis: Redis) -> None:
    seen: list[tuple[int, int]] = []

    async def add(ctx: dict[str, Any], a: int, b: int) -> int:
        seen.append((a, b))
        return a + b

    add.__qualname__ = "add"
    running = Running(ours)
    running.worker.functions["add"] = type(next(iter(running.worker.functions.values())))(
        "add", add, None, None, None, None
    )
    call = await redis.enqueue_job("add", 2, 3)
    assert call is not None
    assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED
    assert await call.result(timeout=5, poll_delay=0.05) == 5
    assert seen == [(2, 3)]
    await running.stop()


async def test_an_idle_worker_is_woken_at_once(ours: Settings, queue: JobQueue) -> None:
    slow = ours.model_copy(update={"worker": ours.worker.model_copy(update={"poll_s": 8.0})})
    running = Running(slow)
    assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED
    await asyncio.sleep(0.1)  # idle again, and asleep for eight seconds
    job = await submit(queue, GROUPED, wait_s=5)
    assert job.state is JobState.SUCCEEDED
    await running.stop()


async def test_a_delayed_job_starts_when_it_is_due(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, GROUPED, delay_s=0.5)
    assert job.state is JobState.SUCCEEDED
    assert job.started_ms is not None
    assert job.started_ms - job.created_ms >= 500


async def test_fifty_jobs_on_two_threads_all_end_once(queue: JobQueue, worker: Running) -> None:
    jobs = await asyncio.gather(*(submit(queue, GROUPED, wait_s=20) for _ in range(50)))
    assert {job.state for job in jobs} == {JobState.SUCCEEDED}
    assert {job.attempt for job in jobs} == {1}


async def test_a_full_redis_keeps_no_job_from_starting_and_ending(
    queue: JobQueue, worker: Running, redis: Redis
) -> None:
    """Only ends make room again: were they refused too, nothing would ever move."""
    running = await submit(queue, [{"op": "nap", "seconds": 0.3}, *GROUPED], wait_s=0)
    waiting = [await submit(queue, GROUPED, wait_s=0, delay_s=0.5) for _ in range(3)]
    await until(lambda: worker.pool.running)
    await redis.config_set("maxmemory", "1")
    for job in (running, *waiting):
        ended = await queue.wait("t", job.id, 10)
        assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 1)


async def test_a_result_that_finds_no_room_in_time_is_a_failure_that_says_so(
    queue: JobQueue, worker: Running, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.worker.endings._FULL_PATIENCE_S", 0.3)
    rows = [{"n": n, "text": f"{n * 7919 % 10_007:05} {n}"} for n in range(20_000)]
    job = await submit(queue, [{"op": "nap", "seconds": 0.3}], records=rows, wait_s=0, max_attempts=1)
    await until(lambda: worker.pool.running)
    await redis.config_set("maxmemory", "1")
    ended = await queue.wait("t", job.id, 10)
    assert ended.outcome is not None
    assert ended.outcome.error is not None
    assert ended.outcome.error.code == "store.full"


async def test_an_outage_longer_than_a_lease_costs_no_attempt(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    server = Server(tmp_path / "valkey")
    ours = settings(
        redis={"url": f"redis://127.0.0.1:{server.port}/0", "connect_timeout_s": 1, "command_timeout_s": 2},
        worker={"lease_s": 1, "poll_s": 0.1},
        transforms={"modules": ("tests.acceptance.own",)},
    )
    queue, running = JobQueue.from_settings(ours), Running(ours)
    await queue.start()
    try:
        job = await submit(queue, [{"op": "nap", "seconds": 4}, *GROUPED], wait_s=0)
        done = await submit(queue, [{"op": "nap", "seconds": 1.5}, *GROUPED], wait_s=0)
        await until(lambda: running.pool.running == 2)
        server.kill()
        await until(lambda: running.pool.running == 1)  # one has its result, and nowhere to put it
        await asyncio.sleep(0.5)
        server.start()
        for one in (job, done):
            ended = await queue.wait("t", one.id, 15)
            assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 1)
    finally:
        await running.stop()
        await queue.close()
        server.kill()


async def test_a_record_that_cannot_be_read_costs_its_own_job_alone(
    queue: JobQueue, worker: Running, redis: Redis
) -> None:
    slow = await submit(queue, [{"op": "nap", "seconds": 1}, *GROUPED], wait_s=0)
    broken = await submit(queue, GROUPED, wait_s=0, delay_s=0.3)
    await redis.hset(keys.job(broken.id), "spec", b"{}")  # type: ignore[misc]  # stub: sync or async

    async def ended() -> bool:
        return await redis.hget(keys.job(broken.id), "state") == b"failed"  # type: ignore[misc]  # same

    await until(ended)
    assert (await queue.wait("t", slow.id, 10)).attempt == 1
    assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED


async def test_a_worker_that_does_not_know_the_op_leaves_the_job_to_one_that_does(
    ours: Settings, queue: JobQueue
) -> None:
    plain = Running(ours.model_copy(update={"transforms": ours.transforms.model_copy(update={"modules": ()})}))
    job = await submit(queue, [{"op": "nap", "seconds": 0}], wait_s=1)
    assert (job.state, job.attempt) == (JobState.QUEUED, 0)
    await plain.stop()
    knowing = Running(ours)
    ended = await queue.wait("t", job.id, 15)
    assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 1)
    await knowing.stop()


async def test_a_stray_message_does_not_deafen_the_api(queue: JobQueue, worker: Running, redis: Redis) -> None:
    await submit(queue, GROUPED)
    await redis.publish(keys.CHANGES_CHANNEL, b"\xff\x00")
    assert (await submit(queue, GROUPED, wait_s=4)).state is JobState.SUCCEEDED
