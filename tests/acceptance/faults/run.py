"""A fault run from start to end."""

import asyncio
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.acceptance.faults import checker, keyspace, report
from tests.acceptance.faults.checker import Violation
from tests.acceptance.faults.harness import Harness
from tests.acceptance.faults.killer import Fault, Killer
from tests.acceptance.faults.load import Client, Load
from tests.acceptance.faults.plan import plan
from tests.acceptance.faults.report import Report

EVERY_S = 2.0
_WARM_S = 1.5
_DRAIN_S = 240


@dataclass(frozen=True, slots=True)
class Options:
    """What to do: `kills` SIGKILLs and half as many other faults, one every `every_s`, as many as fit."""

    kills: int = 300
    seed: int = 1
    every_s: float = EVERY_S
    within_s: float = float("inf")
    outages: int = 2
    outage_s: float = 30
    in_flight: int = 16
    pause_s: float = 0.5
    lease_s: float = 2
    apis: int = 2
    workers: int = 2
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="fq-faults-")))


async def run(options: Options, say: Callable[[str], None] = print) -> Report:
    """Start everything, harm it under load, let the load drain, and look at what is there."""
    harness = Harness(options.folder, lease_s=options.lease_s, apis=options.apis, workers=options.workers)
    began = time.monotonic()
    say(f"seed {options.seed}, logs in {options.folder}")
    client = Client(harness.ports)
    try:
        await harness.start()
        keeping = asyncio.create_task(harness.keep())
        try:
            return await _under_load(options, harness, client, began, say)
        finally:
            harness.stopping = True
            await keeping
    finally:
        await client.close()
        harness.kill_all()


async def _under_load(
    options: Options, harness: Harness, client: Client, began: float, say: Callable[[str], None]
) -> Report:
    cancels = "/v1/jobs/{id}/cancel" in (await client.insist("GET", "/openapi.json")).json()["paths"]
    load = Load(client, options.seed, options.in_flight, options.pause_s, cancels=cancels)
    await asyncio.sleep(_WARM_S)
    killer = Killer(harness, load, options.outage_s)
    planned = plan(options.kills, options.seed, options.every_s, options.outages)

    def told(fault: Fault) -> None:
        if fault.number % 10 == 0 or fault.number == len(planned):
            say(f"{time.monotonic() - began:6.0f} s  {fault.number}/{len(planned)} faults, {len(load.sent)} jobs sent")

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, killer.enough.set)
    await killer.run(planned, told, options.within_s)
    violations = [
        Violation(
            f"submission {one.number} ({one.order.kind}, {one.id}) has not ended {_DRAIN_S} s after the last fault"
        )
        for one in await load.drain(_DRAIN_S)
    ]
    say(f"{time.monotonic() - began:6.0f} s  drained; looking at {len(load.sent)} jobs")
    connection = redis.Redis(port=harness.redis_port)
    if not await asyncio.to_thread(keyspace.settled, connection, 60):
        violations.append(Violation("the queue is not empty a minute after the last known job has ended"))
    found = await checker.check(client, harness.redis_port, load.sent)
    wrong_keys, counts = await asyncio.to_thread(keyspace.check, connection, found.jobs)
    await harness.stop()
    violations += [*found.violations, *wrong_keys, *map(Violation, harness.wrongs)]
    report.attribute(killer.done, found.jobs.values(), load.sent)
    figures = report.totals(load.sent, found.jobs.values(), killer.done)
    figures |= {
        "worker children replaced by their supervisors": harness.replaced,
        "not known to be accepted, yet stored whole": dict(found.unknown_stored),
        "checked over HTTP": found.checked,
        **counts,
    }
    took_s = round(time.monotonic() - began, 1)
    notes = report.errors_in(options.folder)
    return Report(options.seed, str(options.folder), took_s, killer.done, figures, violations, notes)
