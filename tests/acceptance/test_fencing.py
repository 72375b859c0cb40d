"""A worker that stood still past its lease, and a machine that is gone: another takes over, and nobody writes twice."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.acceptance.faults import history, keyspace
from tests.acceptance.faults.checker import of_events, of_record
from tests.acceptance.faults.harness import Harness, Unit
from tests.acceptance.faults.history import Stored
from tests.acceptance.faults.load import TERMINAL, Client
from tests.acceptance.faults.procs import state_of

pytestmark = pytest.mark.timeout(300)
# its result stands in a blob: that of a late end must not stay
ROWS = [{"n": n, "text": f"{n * 7919 % 10_007:05} {n}"} for n in range(15_000)]
FEW = ROWS[:5]
NAP_S = 3


@asynccontextmanager
async def running(folder: Path, **options: Any) -> AsyncIterator[tuple[Harness, Client]]:
    """A Valkey, an API and the first worker; the second is there to be started."""
    harness = Harness(folder, apis=1, workers=2, **options)
    client = Client(harness.ports)
    try:
        await harness.start("worker1")
        yield harness, client
    finally:
        await client.close()
        harness.kill_all()


async def submit(client: Client, rows: list[dict[str, Any]], *pipeline: dict[str, Any]) -> str:
    body = {"pipeline": pipeline, "inputs": {"df": {"records": rows}}}
    answer = await client.insist("POST", "/v1/jobs", json=body)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


async def job(client: Client, job_id: str, wait_s: int = 0) -> dict[str, Any]:
    answer = await client.insist("GET", f"/v1/jobs/{job_id}", headers={"prefer": f"wait={wait_s}"})
    found: dict[str, Any] = answer.json()
    return found


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 120) -> None:
    ends = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < ends, "it never came to be"
        await asyncio.sleep(0.05)


async def until_running(client: Client, job_id: str, attempt: int) -> None:
    async def is_running() -> bool:
        found = await job(client, job_id)
        assert found["state"] not in TERMINAL, found
        return (found["state"], found["attempt"]) == ("running", attempt)

    await until(is_running)


async def until_ended(client: Client, job_id: str) -> dict[str, Any]:
    async def has_ended() -> bool:
        return (await job(client, job_id, wait_s=5))["state"] in TERMINAL

    await until(has_ended)
    return await job(client, job_id)


def send(what: signal.Signals, unit: Unit) -> None:
    """To a worker as a whole: itself, and its child where it is a supervisor."""
    assert unit.pids
    for pid in unit.pids:
        os.kill(pid, what)


async def stands_still(unit: Unit) -> bool:
    return any(state_of(pid) == "T" for pid in unit.pids)


def stored(harness: Harness, job_id: str) -> Stored:
    with redis.Redis(port=harness.redis_port) as client:
        (found,) = history.read(client, [job_id])
        return found


@pytest.mark.parametrize("rows", [FEW, ROWS], ids=["a small result", "a blob"])
async def test_the_late_writes_of_a_frozen_worker_are_refused(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    async with running(tmp_path, lease_s=2) as (harness, client):
        first, second = harness.of("worker")
        frozen = first.pid
        nap = {"op": "nap", "seconds": NAP_S}
        # it freezes by itself with its work all but done, so that its end is the first thing it does when it wakes
        job_id = await submit(client, rows, nap, {"op": "stand_still"})
        await until(lambda: stands_still(first))
        send(signal.SIGSTOP, first)
        second.start()
        await until_running(client, job_id, 2)
        send(signal.SIGCONT, first)
        ended = await until_ended(client, job_id)
        assert (ended["state"], ended["attempt"]) == ("succeeded", 2)
        result = await client.insist("GET", f"/v1/jobs/{job_id}/result", params={"format": "json"})
        assert result.json() == rows
        found = stored(harness, job_id)
        assert [*of_events(found.events), *of_record(found)] == []
        kinds = [event.kind for event in found.events if event.kind != "job.progress"]
        assert kinds == ["job.queued", "job.started", "job.retrying", "job.started", "job.succeeded"]
        # the end is the second attempt's own: it came after the nap of that
        began, over = (event.at_ms for event in found.events if event.kind != "job.progress" and event.attempt == 2)
        assert over - began >= NAP_S * 1000
        # the first worker lives on, and what it wrote late is nowhere
        assert first.pid == frozen
        with redis.Redis(port=harness.redis_port) as connection:
            assert keyspace.check(connection, {job_id: found})[0] == []

            async def late_result_is_gone() -> bool:
                return keyspace.check(connection, {job_id: found})[1]["blobs left to their TTL"] == 0

            await until(late_result_is_gone)


async def test_a_worker_that_is_told_to_end_while_it_starts_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as (harness, _):
        worker = harness.units["worker1"]
        for _ in range(3):
            worker.start()
            await harness.until_up([worker])  # it catches the signal, and does not run yet
            worker.signal(signal.SIGTERM)

            async def has_ended() -> bool:
                return worker.pid is None

            await until(has_ended, within_s=30)
            assert worker.process is not None
            assert worker.process.returncode == 0


async def test_the_jobs_of_a_lost_machine_run_on_another(tmp_path: Path) -> None:
    async with running(tmp_path, lease_s=10) as (harness, client):
        first, second = harness.of("worker")
        second.start()
        await harness.until_up([first, second])
        send(signal.SIGSTOP, second)  # so that it is the first that takes the job
        job_id = await submit(client, FEW, {"op": "nap", "seconds": 3})
        await until_running(client, job_id, 1)
        send(signal.SIGCONT, second)
        lost_at = time.time()
        send(signal.SIGKILL, first)
        ended = await until_ended(client, job_id)
        assert (ended["state"], ended["attempt"]) == ("succeeded", 2)
        found = stored(harness, job_id)
        assert [*of_events(found.events)] == []
        again = next(event.at_ms for event in found.events if (event.kind, event.attempt) == ("job.started", 2))
        # ten seconds of lease and a moment, 15 are promised; the rest is for a machine that is busy with other things
        assert again / 1000 - lost_at < 20
