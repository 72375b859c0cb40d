"""`framequeue worker` with real processes: what the supervisor does when its worker does not."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from jobs.model import Job
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store import keys
from jobs.store.redis import Redis
from jobs.worker.standby import WORKER_NAME
from service.supervised import variable
from tests.acceptance.mortal import Server
from tests.acceptance.test_worker import GROUPED, submit, until

RSS_KIB = 40 * 1024
# each starts Python and pandas up to four times
pytestmark = pytest.mark.timeout(300)


class Supervised:
    """A `framequeue worker` and the worker process below it."""

    def __init__(self, command: list[str], log: Path, extra: dict[str, str], **options: Any) -> None:
        ours = ("FRAMEQUEUE_", "REDIS_URL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=kept | extra,
                **options,
            )

    def children(self, *names: str) -> list[int]:
        """The processes that run below it, of these names or all, oldest first."""
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,stat=,comm="], capture_output=True, text=True, check=True
        )
        rows = (line.split(None, 3) for line in listing.stdout.splitlines())
        return sorted(
            int(pid)
            for pid, parent, stat, name in rows
            if int(parent) == self.process.pid and stat[0] != "Z" and (not names or name in names)
        )

    def workers(self) -> list[int]:
        """Those that run jobs, past their start; without the one that stands by."""
        return self.children(WORKER_NAME)

    def output(self) -> str:
        return self.log.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(40)


@contextmanager
def running(command: list[str], log: Path, extra: dict[str, str], **options: Any) -> Iterator[Supervised]:
    one = Supervised(command, log, extra, **options)
    try:
        yield one
    finally:
        workers = one.children()
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        for pid in workers:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        print(one.output())


def environment(url: str, **more: str) -> dict[str, str]:
    return {
        "REDIS_URL": url,
        "FRAMEQUEUE_TRANSFORMS__MODULES": "tests.acceptance.own",
        "FRAMEQUEUE_WORKER__THREADS": "2",
        "FRAMEQUEUE_WORKER__DRAIN_S": "5",
        "FRAMEQUEUE_REDIS__COMMAND_TIMEOUT_S": "2",
        "FRAMEQUEUE_REDIS__CONNECT_TIMEOUT_S": "1",
        **more,
    }


WORKER = ["-m", "service.cli", "worker"]


@pytest.fixture
def worker(valkey: str, tmp_path: Path) -> Iterator[Supervised]:
    with running(WORKER, tmp_path / "log", environment(valkey)) as one:
        yield one


async def start(queue: JobQueue, pipeline: list[dict[str, Any]], **fields: Any) -> Job:
    """Submit, and come back once an attempt runs."""
    job = await submit(queue, pipeline, wait_s=0, **fields)

    async def runs() -> bool:
        return (await queue.get("t", job.id)).state is JobState.RUNNING

    await until(runs, 60)
    return job


async def told(redis: Redis, job: Job) -> list[tuple[int, str]]:
    """The job's moves: when, by Redis' clock, and what."""
    events = await redis.xrange(keys.events(job.id))
    said = [(int(event.split(b"-")[0]), fields[b"type"].decode()) for event, fields in events]
    return [one for one in said if one[1] != "job.progress"]


def code(job: Job) -> str:
    assert job.outcome is not None
    return job.outcome.error.code if job.outcome.error else ""


def rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_a_killed_worker_s_job_runs_again_without_waiting_for_its_lease(
    valkey: str, tmp_path: Path, queue: JobQueue, redis: Redis
) -> None:
    long = environment(valkey, FRAMEQUEUE_WORKER__LEASE_S="90")
    with running(WORKER, tmp_path / "log", long) as worker:
        job = await start(queue, [{"op": "nap", "seconds": 1}, *GROUPED])
        (pid,) = worker.workers()
        os.kill(pid, signal.SIGKILL)
        done = await queue.wait("t", job.id, 60)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)
    events = await told(redis, job)
    assert [kind for _, kind in events] == [
        "job.queued",
        "job.started",
        "job.retrying",
        "job.started",
        "job.succeeded",
    ]
    print(f"started again {(events[3][0] - events[2][0]) / 1000:.2f} s after the kill")
    (report,) = await queue.reports("t", job.id)
    assert (report.attempt, report.outcome, report.error.code) == (1, "retried", "worker.lost")
    assert "the worker process was ended by SIGKILL" in report.error.detail
    assert "it held 1 job)" in report.error.detail
    assert (report.peak_memory_bytes or 0) > 50 << 20


async def test_the_supervisor_is_small(queue: JobQueue, worker: Supervised) -> None:
    assert (await submit(queue, GROUPED, wait_s=60)).state is JobState.SUCCEEDED
    taken = rss_kib(worker.process.pid)
    print(f"the supervisor takes {taken} KiB")
    assert taken <= RSS_KIB


async def test_who_kills_every_worker_fails_and_who_stood_beside_it_succeeds(
    queue: JobQueue, worker: Supervised
) -> None:
    innocent = await start(queue, [{"op": "nap", "seconds": 3}, *GROUPED])
    deadly = await submit(queue, [{"op": "die"}], wait_s=0, max_attempts=2)
    lost = await queue.wait("t", deadly.id, 90)
    assert (lost.state, code(lost)) == (JobState.FAILED, "worker.lost")
    assert lost.attempt == 3, "the first loss is free"
    assert lost.outcome is not None
    assert lost.outcome.error is not None
    assert "in each of 3 attempts" in lost.outcome.error.detail
    assert "ended with exit code 4; its peak memory was" in lost.outcome.error.detail
    assert [report.attempt for report in await queue.reports("t", deadly.id)][:3] == [1, 2, 3]
    assert (await queue.wait("t", innocent.id, 60)).state is JobState.SUCCEEDED
    assert worker.process.poll() is None


async def test_a_job_that_holds_the_interpreter_fails_in_time_and_costs_no_other_a_try(
    queue: JobQueue, worker: Supervised, redis: Redis
) -> None:
    assert (await submit(queue, GROUPED, wait_s=60)).state is JobState.SUCCEEDED
    (first,) = worker.workers()
    innocent = await start(queue, [{"op": "nap", "seconds": 2.5}, *GROUPED])
    holder = await submit(queue, [{"op": "hold_gil", "seconds": 90}], wait_s=0, timeout_s=2)
    late = await queue.wait("t", holder.id, 60)
    assert (late.state, code(late), late.attempt) == (JobState.FAILED, "job.timeout", 1)
    assert late.started_ms is not None
    assert late.finished_ms is not None
    took_s = (late.finished_ms - late.started_ms) / 1000
    print(f"answered {took_s:.2f} s after its start")
    assert 2 <= took_s < 20, "the job itself would take 90"
    done = await queue.wait("t", innocent.id, 60)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)
    assert await queue.reports("t", innocent.id) == ()
    assert [kind for _, kind in await told(redis, holder)] == ["job.queued", "job.started", "job.failed"]
    assert first not in worker.workers()


async def test_a_stopped_worker_keeps_its_lease(valkey: str, tmp_path: Path, queue: JobQueue, redis: Redis) -> None:
    short = environment(valkey, FRAMEQUEUE_WORKER__LEASE_S="3")
    with running(WORKER, tmp_path / "log", short) as worker:
        job = await start(queue, [{"op": "nap", "seconds": 1}, *GROUPED])
        (pid,) = worker.workers()
        os.kill(pid, signal.SIGSTOP)
        stopped = time.monotonic()
        while time.monotonic() - stopped < 7:
            assert await redis.pttl(keys.lease(job.id)) > 0
            await asyncio.sleep(0.05)
        os.kill(pid, signal.SIGCONT)
        done = await queue.wait("t", job.id, 60)
        assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)


async def test_sigterm_drains(queue: JobQueue, worker: Supervised) -> None:
    job = await start(queue, [{"op": "nap", "seconds": 1.5}, *GROUPED])
    workers = worker.children()
    assert worker.end() == 0
    done = await queue.get("t", job.id)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)
    assert all(map(ended, workers))


async def test_a_second_signal_hands_back_with_the_try(valkey: str, tmp_path: Path, queue: JobQueue) -> None:
    patient = environment(valkey, FRAMEQUEUE_WORKER__DRAIN_S="60")
    with running(WORKER, tmp_path / "log", patient) as worker:
        job = await start(queue, [{"op": "nap", "seconds": 60}, *GROUPED], timeout_s=90)
        workers = worker.children()
        worker.process.send_signal(signal.SIGINT)
        await until(lambda: "shutdown on SIGTERM" in worker.output())
        assert worker.end(signal.SIGHUP) == 0, "within less than the drain"
        back = await queue.get("t", job.id)
        assert (back.state, back.attempt) == (JobState.QUEUED, 0)
        assert all(map(ended, workers))


async def test_without_its_supervisor_the_worker_drains_and_ends(queue: JobQueue, worker: Supervised) -> None:
    job = await start(queue, [{"op": "nap", "seconds": 1.5}, *GROUPED])
    (pid,) = worker.workers()
    worker.process.kill()
    worker.process.wait()
    done = await queue.wait("t", job.id, 20)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)
    await until(lambda: ended(pid))


async def test_a_death_while_redis_is_away_is_made_good_when_it_is_back(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    server = Server(tmp_path / "valkey")
    url = f"redis://127.0.0.1:{server.port}/0"
    queue = JobQueue.from_settings(settings(redis={"url": url}, transforms={"modules": ("tests.acceptance.own",)}))
    await queue.start()
    try:
        with running(WORKER, tmp_path / "log", environment(url)) as worker:
            job = await start(queue, [{"op": "nap", "seconds": 3}, *GROUPED])
            (pid,) = worker.workers()
            server.kill()
            os.kill(pid, signal.SIGKILL)
            await until(lambda: worker.workers() not in ([], [pid]))
            server.start()
            done = await queue.wait("t", job.id, 60)
            assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)
            assert len(await queue.reports("t", job.id)) == 1
    finally:
        await queue.close()
        server.kill()


def test_a_wrong_setting_is_one_line_and_exit_code_2(valkey: str, tmp_path: Path) -> None:
    wrong = environment(valkey, FRAMEQUEUE_TRANSFORMS__MODULES="nowhere.to_be_found")
    with running(WORKER, tmp_path / "log", wrong) as worker:
        assert worker.process.wait(60) == 2
        assert "nowhere.to_be_found" in worker.output()
        assert "Traceback" not in worker.output()


@pytest.fixture
def fake(settings: Callable[..., Settings], valkey: str, tmp_path: Path) -> Callable[..., Any]:
    """Starts a supervisor whose worker is `obedient`; the folder says what it does."""

    def start(options: Any = None, *, standby: bool = False, **worker: Any) -> Any:
        worker["standby"] = standby
        (name, orders) = next(iter(variable(settings(redis={"url": valkey}, worker=worker)).items()))
        orders = orders.replace("service.cli.worker", "tests.acceptance.obedient")
        extra = {"FAKE_WORKER": str(tmp_path), name: orders}
        return running(["-P", "-m", "jobs.supervisor"], tmp_path / "log", extra, **(options or {}))

    return start


def pids(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "pids").read_text().split()] if (folder / "pids").exists() else []


async def test_who_asks_for_a_successor_gets_it_and_ends_in_its_own_time(
    fake: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "stubborn").touch()
    (tmp_path / "say").write_text(
        '{"is":"hello","worker_id":"w","info":"w x"}\nnot ours\n{"is":"retire","why":"asleep"}\n'
    )
    with fake(drain_s=0.2) as worker:
        await until((tmp_path / "asked").exists, 20)
        (tmp_path / "say").write_text('{"is":"hello","worker_id":"v","info":"v x"}\n')
        await until(lambda: len(pids(tmp_path)) == 2, 20)
        old, new = pids(tmp_path)
        assert worker.workers() == [old, new], "side by side"
        await until(lambda: worker.workers() == [new], 20)
        assert "asks for a successor: asleep" in worker.output()
        assert "starting it again" not in worker.output()
        worker.process.send_signal(signal.SIGTERM)
        assert worker.end() == 0
        assert len(pids(tmp_path)) == 2


def adopt_orphans() -> None:
    """What process 1 of a container is by itself: PR_SET_CHILD_SUBREAPER."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


async def test_what_a_worker_left_behind_is_reaped(fake: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "orphan").touch()
    (tmp_path / "say").write_text('{"is":"hello","worker_id":"w","info":"w x"}\n')
    with fake({"preexec_fn": adopt_orphans}) as worker:
        orphan = int(await until((tmp_path / "orphan").read_text, 20))
        await until(lambda: not Path(f"/proc/{orphan}").exists(), 20)
        assert worker.workers() == pids(tmp_path)
        assert worker.end() == 0


def test_a_worker_that_never_comes_up_is_given_up(fake: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "exit").write_text("3")
    with fake() as worker:
        assert worker.process.wait(60) == 1
        assert len(pids(tmp_path)) == 3
        assert "keeps ending at its start" in worker.output()
