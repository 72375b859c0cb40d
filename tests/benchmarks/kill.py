"""kill -9 of the worker while it works on jobs of two seconds: how long until all are done."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jobs.worker.standby import STANDBY_NAME, WORKER_NAME
from tests.benchmarks import http_jobs, processes, stacks
from tests.benchmarks.client import Connection, run
from tests.benchmarks.environments import PeerMissingError
from tests.benchmarks.http_jobs import JSON
from tests.benchmarks.report import Options, Row, under

JOBS, NAP_S = 8, 2.0
# in the middle of the first jobs
KILL_AFTER_S = 1.2
# whoever restarts its own worker has begun by then
GRACE_S = 0.3
THREADS = "2"
OPS = "tests.benchmarks.functions.ops"
OURS = json.dumps(
    {
        "pipeline": [{"op": "bench_nap", "seconds": NAP_S}],
        "inputs": {"df": {"records": [{"a": 1}]}},
    }
).encode()


@dataclass(frozen=True, slots=True)
class Found:
    """How many jobs were done, in how many seconds from the kill (the cap where not all were), by which attempts."""

    done: int
    seconds: float
    again_s: float | None = None
    """From the kill to the start of the last second attempt."""
    attempts: tuple[int, ...] = ()


def workers(pid: int) -> list[int]:
    """The processes that run jobs: those below a parent that only watches, else the worker itself."""
    below = [one for one in processes.descendants(pid) if b"resource_tracker" not in _command(one)]
    # ours: not the process that stands by
    return [one for one in below if processes.name(one) == WORKER_NAME] or below or [pid]


def _stands_by(stack: stacks.Stack) -> bool:
    below = processes.descendants(stack.worker.pid) if stack.worker else []
    return any(processes.name(pid) == STANDBY_NAME for pid in below)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def whole(pid: int) -> list[int]:
    """The worker with all that is above and below it."""
    return [pid, *processes.descendants(pid)]


async def _submit(port: int, path: str, body: bytes) -> list[str]:
    connection = await Connection.open(port)
    ids = []
    for _ in range(JOBS):
        answer = await connection.request("POST", path, body, JSON)
        assert answer.status == 202, answer
        ids.append(json.loads(answer.body)["id"])
    connection.close()
    return ids


async def _until_done(port: int, path: str, ids: list[str], ends: float) -> int:
    """How many are done when all are, or when the time is over; one that its project failed is not."""
    connection, left, failed = await Connection.open(port), list(ids), 0
    while left and time.monotonic() < ends:
        answer = await connection.request("GET", path.format(left[0]))
        if answer.status == 409:
            await asyncio.sleep(0.05)
        else:
            left.pop(0)
            failed += answer.status != 200
    # the rest need not end in their order
    done = len(ids) - len(left) - failed
    for job_id in left:
        done += (await connection.request("GET", path.format(job_id))).status == 200
    connection.close()
    return done


async def _jobs(port: int, ids: list[str]) -> list[dict[str, Any]]:
    connection = await Connection.open(port)
    found = [json.loads((await connection.request("GET", f"/v1/jobs/{job_id}")).body) for job_id in ids]
    connection.close()
    return found


def strike(stack: stacks.Stack, victims: Callable[[int], list[int]], again: ExitStack) -> float:
    """Kill by pid, and start a new worker where nobody else does; when, by the wall clock."""
    worker = stack.worker
    if worker is None:
        raise ValueError("it has no worker")
    worker.may_die = True
    at = time.time()
    for pid in victims(worker.pid):
        os.kill(pid, signal.SIGKILL)
    time.sleep(GRACE_S)
    if worker.child.poll() is not None:
        command, environment = stack.again
        again.enter_context(processes.process(*command, **environment))
    return at


def struck(stack: stacks.Stack, victims: Callable[[int], list[int]], cap_s: float, *, ours: bool) -> Found:
    """Jobs are at work, the blow falls, and somebody finishes them, or nobody."""
    submit = ("/v1/jobs", OURS) if ours else (f"/naps?seconds={NAP_S:g}", b"")
    path = "/v1/jobs/{}/result" if ours else "/jobs/{}"
    with ExitStack() as again:
        # the worker is up, and what happens once has happened
        run(http_jobs.warm(stack.port, http_jobs.FRAMEQUEUE if ours else http_jobs.PEER), 60)
        if ours:
            processes.until(lambda: _stands_by(stack), processes.START_S, "a process that stands by")
        ids = run(_submit(stack.port, *submit), 30)
        time.sleep(KILL_AFTER_S)
        at, began = strike(stack, victims, again), time.monotonic() - GRACE_S
        done = run(_until_done(stack.port, path, ids, began + cap_s), cap_s + 30)
        seconds = cap_s if done < JOBS else min(time.monotonic() - began, cap_s)
        if not ours:
            return Found(done, seconds)
        jobs = run(_jobs(stack.port, ids), 30)
        starts = [datetime.fromisoformat(job["started_at"]).timestamp() - at for job in jobs if job["attempt"] > 1]
        return Found(done, seconds, max(starts, default=None), tuple(job["attempt"] for job in jobs))


def measure(options: Options) -> Iterator[Row]:
    """Ours, then each peer that has a worker; each is given the cap and no longer."""
    cap_s = options.pick(30, 75)
    with processes.valkey() as redis:
        ours = _ours(redis, options, workers, "the process that runs jobs", cap_s)
        again = f"{ours.done} of {JOBS} done, attempts {ours.attempts}"
        yield Row("killed jobs run again, worker killed", "s", ours.again_s, target=under(2), note=again)
        for peer in stacks.peers(everyone=options.peers):
            if peer.worker:
                yield _beside(peer, redis, ours, options, cap_s)
        both = _ours(redis, options, whole, "supervisor and worker", cap_s)
        again = f"{both.done} of {JOBS} done, attempts {both.attempts}"
        yield Row("the same, supervisor killed too", "s", both.again_s, target=under(15), note=again)


def _ours(redis: str, options: Options, victims: Callable[[int], list[int]], whom: str, cap_s: float) -> Found:
    options.say(f"kill: ours, {whom}")
    settings = {"WORKER__THREADS": THREADS, "TRANSFORMS__MODULES": OPS}
    with stacks.framequeue(redis, **settings) as stack:
        return struck(stack, victims, cap_s, ours=True)


def _beside(peer: stacks.Peer, redis: str, ours: Found, options: Options, cap_s: float) -> Row:
    options.say(f"kill: {peer.title}, at most {cap_s:g} s")
    what = f"{JOBS} jobs of {NAP_S:g} s done after kill -9"
    try:
        with stacks.running(peer, redis) as stack:
            found = struck(stack, workers, cap_s, ours=False)
    except PeerMissingError as error:
        return Row(what, "s", ours.seconds, None, peer.title, note=str(error))
    except (AssertionError, RuntimeError, TimeoutError) as error:
        note = f"failed: {type(error).__name__}: {error}"[:200]
        return Row(what, "s", ours.seconds, None, peer.title, note=note, failed=True)
    capped = f" within {cap_s:g} s" if found.done < JOBS else ""
    return Row(what, "s", ours.seconds, found.seconds, peer.title, note=f"peer: {found.done} of {JOBS} done{capped}")
