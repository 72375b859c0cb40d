"""What an attempt leaves: its logs, its report, its memory, and another attempt where that may help."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from jobs.model import AttemptReport, Job, LogRecord
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store import keys
from jobs.store.redis import Redis
from jobs.worker import capture
from tests.acceptance.mortal import Server
from tests.acceptance.test_worker import GROUPED, Running, submit, until

MODULES = ("tests.acceptance.own", "tests.acceptance.stubborn", "tests.acceptance.talkative")
_WORK = f"""
import sys
from config import load
from jobs.worker.main import run
own = {{"modules": {MODULES!r}}}
settings = load(env_file=None, redis={{"url": sys.argv[1]}}, transforms=own, worker={{"drain_s": 0}})
print("the process speaks", flush=True)
sys.exit(run(settings))
"""


@pytest.fixture
def ours(settings: Callable[..., Settings], valkey: str) -> Settings:
    return settings(
        redis={"url": valkey},
        worker={"lease_s": 1, "drain_s": 0.2, "poll_s": 0.1},
        transforms={"modules": MODULES},
    )


# around what a test does, not in a fixture: pytest sets the standard streams anew between the two
heard = capture.installed


@pytest.fixture
def process(valkey: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, with what it writes in `out` beside it."""
    root = Path(__file__).parents[2]
    with (tmp_path / "out").open("wb") as out:
        running = subprocess.Popen([sys.executable, "-c", _WORK, valkey], cwd=root, stdout=out, stderr=out)
        yield running
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
        running.wait(30)


def said(records: tuple[LogRecord, ...]) -> list[tuple[str, str, str]]:
    return [(one.source, one.level, one.message.partition(" (talkative.py")[0]) for one in records]


TALK = [
    ("log", "info", "read 5 rows"),
    ("log", "warning", "from a library"),
    ("print", "info", "printed 5"),
    ("print", "warning", "to stderr"),
    ("warning", "warning", "UserWarning: columns are odd"),
]


async def test_what_a_transform_says_is_kept_with_its_job(
    queue: JobQueue, process: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    for _ in range(2):  # Python itself would say the warning once a process
        job = await submit(queue, [{"op": "head"}, {"op": "talk", "rest": "no end of line"}], wait_s=60)
        assert job.state is JobState.SUCCEEDED
        records = await queue.logs("t", job.id)
        assert said(records) == [*TALK, ("print", "info", "no end of line")]
        assert {(one.attempt, one.step) for one in records} == {(1, 2)}
        assert job.started_ms is not None
        assert job.finished_ms is not None
        assert all(job.started_ms - 1000 <= one.at_ms <= job.finished_ms + 1000 for one in records)
    written = (tmp_path / "out").read_text()
    assert "the process speaks" in written
    assert written.count("from another thread") == 2
    assert "printed" not in written


async def test_logs_are_there_while_the_job_runs(queue: JobQueue, worker: Running) -> None:
    with heard():
        job = await submit(queue, [{"op": "talk_and_nap", "seconds": 3}], wait_s=0)

        async def told() -> Any:
            return said(await queue.logs("t", job.id)) == [("print", "info", "napping")]

        await until(told)
        assert (await queue.get("t", job.id)).state is JobState.RUNNING


async def test_logs_of_a_failed_job_are_there_with_its_end(queue: JobQueue, worker: Running) -> None:
    with heard():
        job = await submit(queue, [{"op": "chatter", "lines": 2}, {"op": "boom", "message": "no"}])
        assert job.state is JobState.FAILED
        assert [one.message for one in await queue.logs("t", job.id)] == ["line 0", "line 1"]


async def test_a_chatterbox_is_cut_and_told_so(queue: JobQueue, worker: Running, redis: Redis) -> None:
    with heard():
        job = await submit(queue, [{"op": "chatter", "lines": 5_000}])
        *kept, last = await queue.logs("t", job.id)
        assert [one.message for one in kept] == [f"line {number}" for number in range(1_000)]
        assert last.message.startswith("4,000 records more were dropped")
        job = await submit(queue, [{"op": "chatter", "lines": 60, "text": "x" * 20_000}])
        *kept, last = await queue.logs("t", job.id)
        assert len(kept) == 31  # of 8 KiB each, in 256 KiB
        assert all(one.message.endswith("x…") and len(one.message.encode()) <= 8_192 for one in kept)
        assert last.message.startswith("29 records more were dropped")


async def test_a_quiet_job_has_no_logs(queue: JobQueue, worker: Running, redis: Redis) -> None:
    job = await submit(queue, GROUPED)
    assert await queue.logs("t", job.id) == ()
    assert not await redis.exists(keys.logs(job.id))


async def test_logs_are_forgotten_with_their_job(queue: JobQueue, worker: Running, redis: Redis) -> None:
    with heard():
        job = await submit(queue, [{"op": "chatter", "lines": 1}])
        assert abs(await redis.pttl(keys.logs(job.id)) - await redis.pttl(keys.job(job.id))) < 1_000


async def test_a_transform_may_ask_to_be_tried_again(queue: JobQueue, worker: Running) -> None:
    with heard():
        job = await submit(queue, [{"op": "reluctant", "until": 3, "delay_s": 0.1}])
        assert (job.state, job.attempt) == (JobState.SUCCEEDED, 3)
        reports = await queue.reports("t", job.id)
        assert [(one.attempt, one.outcome, one.op, one.error.code) for one in reports] == [
            (number, "retried", "reluctant", "transform.retry") for number in (1, 2)
        ]
        assert [(one.attempt, one.message) for one in await queue.logs("t", job.id)] == [
            (n, "trying") for n in (1, 2, 3)
        ]


async def test_who_asks_too_often_fails_with_the_reason(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, [{"op": "reluctant", "until": 9, "delay_s": 0}], max_attempts=2)
    assert (job.state, job.attempt) == (JobState.FAILED, 2)
    assert job.outcome is not None
    assert job.outcome.error is not None
    assert (job.outcome.error.code, job.outcome.error.retryable) == ("transform.retry", True)
    assert job.outcome.error.detail == "step 1 (reluctant): prices are not out yet"
    assert [one.outcome for one in await queue.reports("t", job.id)] == ["retried", "failed"]


async def test_a_lost_connection_is_tried_again(queue: JobQueue, worker: Running) -> None:
    job = await submit(queue, [{"op": "unlucky", "until": 2}])
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 2)
    (report,) = await queue.reports("t", job.id)
    assert (report.outcome, report.error.code) == ("retried", "transform.connection_lost")
    assert "Connection reset by peer" in report.error.detail


async def test_a_thread_that_outlives_its_answer_is_not_heard(queue: JobQueue, worker: Running) -> None:
    with heard():
        job = await submit(queue, [{"op": "talk_and_nap", "seconds": 1, "after": "woke up"}], timeout_s=0.3)
        assert job.state is JobState.FAILED
        await until(lambda: not worker.worker.tasks)  # the thread is free
        assert [one.message for one in await queue.logs("t", job.id)] == ["napping"]


async def reported(queue: JobQueue, job: Job) -> AttemptReport:
    (report,) = await queue.reports("t", job.id)
    return report


async def test_a_timed_out_attempt_says_where_it_was(queue: JobQueue, worker: Running) -> None:
    with heard():
        job = await submit(queue, [{"op": "head", "n": 3}, {"op": "talk_and_nap", "seconds": 3}], timeout_s=0.5)
        assert job.state is JobState.FAILED
        report = await reported(queue, job)
        assert (report.outcome, report.error.code, report.step, report.op) == (
            "timed_out",
            "job.timeout",
            2,
            "talk_and_nap",
        )
        assert report.shape == (3, 2)
        assert len(report.samples) == 3
        assert report.traceback is not None
        assert "time.sleep(seconds)" in report.traceback
        assert report.peak_memory_bytes
        assert [one.message for one in await queue.logs("t", job.id)] == ["napping"]


async def test_a_canceled_attempt_says_where_it_was(queue: JobQueue, worker: Running, redis: Redis) -> None:
    job = await submit(queue, [{"op": "watchful_nap", "seconds": 5}], wait_s=0)
    await until(lambda: worker.pool.running)
    await redis.hset(keys.job(job.id), "cancel_ms", 1)  # type: ignore[misc]  # stub: sync or async
    assert (await queue.wait("t", job.id, 10)).state is JobState.CANCELED
    report = await reported(queue, job)
    assert (report.outcome, report.error.code, report.step, report.shape) == ("canceled", "job.canceled", 1, (10, 2))


async def test_a_drained_attempt_leaves_its_report(ours: Settings, queue: JobQueue) -> None:
    first = Running(ours)
    job = await submit(queue, [{"op": "watchful_nap", "seconds": 3}], wait_s=0)
    await until(lambda: first.pool.running)
    await asyncio.sleep(0.1)  # from the thread's start into its step
    await first.stop()
    report = await reported(queue, job)
    assert (report.outcome, report.error.code, report.attempt, report.op) == (
        "drained",
        "worker.drained",
        1,
        "watchful_nap",
    )


async def test_a_lost_attempt_leaves_its_report(
    ours: Settings, queue: JobQueue, process: subprocess.Popen[bytes], redis: Redis
) -> None:
    job = await submit(queue, [{"op": "talk_and_nap", "seconds": 60}], wait_s=0, max_attempts=1)

    async def running() -> bool:
        return bool(await queue.logs("t", job.id))

    await until(running, 60)
    await redis.hset(keys.job(job.id), "lost", 1)  # type: ignore[misc]  # stub: sync or async; the first loss is free
    os.kill(process.pid, signal.SIGKILL)
    # a lease of ten seconds, which this test need not wait for
    await redis.delete(keys.lease(job.id))
    await redis.zadd(ours.redis.queue, {job.id: 1})
    second = Running(ours)
    ended = await queue.wait("t", job.id, 15)
    assert ended.outcome is not None
    assert ended.outcome.error is not None
    assert ended.outcome.error.code == "worker.lost"
    report = await reported(queue, job)
    assert (report.attempt, report.outcome, report.error.code) == (1, "lost", "worker.lost")
    assert f"-{process.pid}-" in report.worker
    assert [one.message for one in await queue.logs("t", job.id)] == ["napping"]
    await second.stop()


async def test_memory_is_told_and_the_same_for_the_same_job(queue: JobQueue, worker: Running) -> None:
    rows = [{"n": n, "text": f"text {n}"} for n in range(1_000)]
    peaks = []
    for _ in range(2):
        outcome = (await submit(queue, GROUPED, records=[{"region": "N", "amount": 1}] * 3)).outcome
        assert outcome is not None
        large = (await submit(queue, [{"op": "tail", "n": 900}], records=rows)).outcome
        assert large is not None
        peaks.append((outcome.peak_memory_bytes, large.peak_memory_bytes))
    assert peaks[0] == peaks[1]
    small, large_peak = peaks[0]
    assert small is not None
    assert large_peak is not None
    assert 100 < small < 2_000
    assert 16_000 < large_peak < 200_000


async def test_what_was_said_in_an_outage_is_kept_too(settings: Callable[..., Settings], tmp_path: Path) -> None:
    server = Server(tmp_path / "valkey")
    ours = settings(
        redis={"url": f"redis://127.0.0.1:{server.port}/0", "connect_timeout_s": 1, "command_timeout_s": 2},
        transforms={"modules": MODULES},
    )
    queue, running = JobQueue.from_settings(ours), Running(ours)
    await queue.start()
    try:
        with heard():
            steps = [{"op": "nap", "seconds": 1.5}, {"op": "chatter", "lines": 2}]
            job = await submit(queue, steps, wait_s=0)
            await until(lambda: running.pool.running)
            server.kill()
            await until(lambda: not running.pool.running)
            await asyncio.sleep(1.5)  # longer than the end of an attempt waits for its logs
            server.start()
            assert (await queue.wait("t", job.id, 15)).state is JobState.SUCCEEDED

            async def told() -> Any:
                return [one.message for one in await queue.logs("t", job.id)] == ["line 0", "line 1"]

            await until(told)
    finally:
        await running.stop()
        await queue.close()
        server.kill()


async def test_processes_that_a_transform_ends_do_not_end_the_worker(
    queue: JobQueue, process: subprocess.Popen[bytes]
) -> None:
    for _ in range(3):
        job = await submit(queue, [{"op": "pooled"}], wait_s=60, timeout_s=50)
        assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)
    assert process.poll() is None
