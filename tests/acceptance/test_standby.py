"""The process that stands by for a worker, with real processes: it takes over where that dies or hangs."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import Settings
from jobs.model import Job
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store.redis import Redis
from jobs.worker.standby import STANDBY_NAME
from service.supervised import variable
from tests.acceptance.test_supervisor import WORKER, Supervised, code, ended, environment, running, start, told
from tests.acceptance.test_worker import GROUPED, submit, until

# each starts Python and pandas up to four times
pytestmark = pytest.mark.timeout(300)
START_S = 60


@pytest.fixture
def worker(valkey: str, tmp_path: Path) -> Iterator[Supervised]:
    with running(WORKER, tmp_path / "log", environment(valkey)) as one:
        yield one


async def both(worker: Supervised) -> tuple[int, int]:
    """The process that runs jobs and the one that stands by, once there are both."""
    await until(lambda: worker.workers() and worker.children(STANDBY_NAME), START_S)
    (active,), (ready,) = worker.workers(), worker.children(STANDBY_NAME)
    return active, ready


async def one_end(redis: Redis, job: Job) -> bool:
    ends = {f"job.{state}" for state in JobState if state.terminal}
    return sum(kind in ends for _, kind in await told(redis, job)) == 1


async def test_who_stands_by_runs_a_killed_worker_s_job(queue: JobQueue, worker: Supervised, redis: Redis) -> None:
    active, ready = await both(worker)
    job = await start(queue, [{"op": "nap", "seconds": 1}, *GROUPED])
    killed = time.time()
    os.kill(active, signal.SIGKILL)
    done = await queue.wait("t", job.id, START_S)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)
    events = await told(redis, job)
    assert [kind for _, kind in events][2:] == ["job.retrying", "job.started", "job.succeeded"]
    print(f"attempt 2 began {events[3][0] / 1000 - killed:.3f} s after the kill")
    assert events[3][0] / 1000 - killed < 20
    assert worker.workers() == [ready], "it calls itself a worker now"
    assert (await both(worker))[1] not in {active, ready}, "and another one stands by"


async def test_the_death_of_who_stands_by_costs_nobody_anything(queue: JobQueue, worker: Supervised) -> None:
    active, ready = await both(worker)
    job = await start(queue, [{"op": "nap", "seconds": 3}, *GROUPED])
    os.kill(ready, signal.SIGTERM)
    await until(lambda: ended(ready))
    done = await queue.wait("t", job.id, START_S)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)
    assert await queue.reports("t", job.id) == ()
    same, successor = await both(worker)
    assert same == active
    assert successor != ready
    assert "the standby process ended with exit code 0; starting it again" in worker.output()


async def test_both_are_killed(queue: JobQueue, worker: Supervised, redis: Redis) -> None:
    active, ready = await both(worker)
    job = await start(queue, [{"op": "nap", "seconds": 1}, *GROUPED])
    os.kill(ready, signal.SIGKILL)
    os.kill(active, signal.SIGKILL)
    done = await queue.wait("t", job.id, START_S)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)
    assert await one_end(redis, job)
    assert not {active, ready} & set(await both(worker))


@pytest.mark.parametrize("op", ["nap", "hold_gil"])
async def test_a_job_past_its_deadline_is_answered_and_its_process_replaced(
    op: str, queue: JobQueue, worker: Supervised, redis: Redis
) -> None:
    active, ready = await both(worker)
    innocent = await start(queue, [{"op": "nap", "seconds": 3}, *GROUPED])
    asleep = await submit(queue, [{"op": op, "seconds": 90}], wait_s=0, timeout_s=1)
    late = await queue.wait("t", asleep.id, START_S)
    assert (late.state, code(late), late.attempt) == (JobState.FAILED, "job.timeout", 1)
    await until(lambda: worker.workers()[-1:] == [ready], START_S)
    done = await queue.wait("t", innocent.id, START_S)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 1)
    assert await queue.reports("t", innocent.id) == ()
    assert await one_end(redis, asleep)
    assert await one_end(redis, innocent)
    await until(lambda: ended(active), START_S)


async def test_neither_outlasts_a_sigterm(worker: Supervised) -> None:
    pids = await both(worker)
    began = time.monotonic()
    assert worker.end() == 0
    print(f"gone {time.monotonic() - began:.2f} s after SIGTERM")
    assert all(map(ended, pids))


async def test_neither_outlasts_its_supervisor(worker: Supervised) -> None:
    pids = await both(worker)
    worker.process.kill()
    worker.process.wait()
    await until(lambda: all(map(ended, pids)), START_S)


HELLO = '{"is":"hello","worker_id":"w","info":"w x"}\n'


@pytest.fixture
def obedient(settings: Callable[..., Settings], valkey: str, tmp_path: Path) -> Iterator[Supervised]:
    """A supervisor whose processes are `obedient`, and come up."""
    (tmp_path / "say").write_text(HELLO)
    ((name, orders),) = variable(settings(redis={"url": valkey})).items()
    orders = orders.replace("service.cli.worker", "tests.acceptance.obedient")
    with running(
        ["-P", "-m", "jobs.supervisor"], tmp_path / "log", {"FAKE_WORKER": str(tmp_path), name: orders}
    ) as one:
        yield one


async def test_the_pause_after_quick_deaths_is_kept(obedient: Supervised) -> None:
    first, second = await both(obedient)
    os.kill(first, signal.SIGKILL)
    await until(lambda: obedient.workers() == [second])
    assert (await both(obedient))[0] == second
    began = time.monotonic()
    os.kill(second, signal.SIGKILL)
    await until(obedient.workers, START_S)
    assert time.monotonic() - began >= 0.5
    assert "was ended by SIGKILL; starting it again in 0.5 s" in obedient.output()


async def test_settings_that_are_wrong_later_are_reported_once_and_end_it_with_the_worker(
    obedient: Supervised, tmp_path: Path
) -> None:
    active, ready = await both(obedient)
    (tmp_path / "exit").write_text("2")
    os.kill(ready, signal.SIGKILL)
    await until(lambda: "no process stands by" in obedient.output(), START_S)
    assert obedient.children() == [active], "who runs jobs is left alone"
    os.kill(active, signal.SIGKILL)
    assert obedient.process.wait(START_S) == 2
    assert obedient.output().count("no process stands by") == 1
