"""The faults of a run: done to the processes one after another, as `plan` has drawn them."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import redis

from tests.acceptance.faults.harness import Harness, Unit
from tests.acceptance.faults.load import Load
from tests.acceptance.faults.plan import WORKER_KINDS, Planned
from tests.acceptance.faults.procs import listening

_BUSY_S = 120
_LIFE_S = 3


@dataclass
class Fault:
    """A fault that was done: to whom, when (Unix time), and how many jobs were in flight then."""

    number: int
    kind: str
    target: str = ""
    at: float = 0.0
    until: float = 0.0
    in_flight: int = 0
    note: str = ""
    reruns: int = 0
    rerun_s: list[float] = field(default_factory=list)
    recovery_s: float | None = None


class Killer:
    """Does the planned faults to a harness under this load."""

    def __init__(self, harness: Harness, load: Load, outage_s: float) -> None:
        self.done: list[Fault] = []
        self.enough = asyncio.Event()
        """Set it, and no further fault is done."""
        self._harness, self._load, self._outage_s = harness, load, outage_s
        self._redis = redis.Redis(port=harness.redis_port, socket_timeout=2, socket_connect_timeout=1)
        self._running: set[asyncio.Task[None]] = set()
        self._acts: dict[str, Callable[[Fault, Unit, float], Awaitable[None]]] = {
            "kill worker": self._kill_child,
            "kill supervisor": self._kill_parent,
            "kill machine": self._kill_all,
            "kill api": self._kill_parent,
            "kill redis": self._kill_redis,
            "freeze worker": self._freeze,
            "freeze redis": self._freeze,
            "pause redis": self._command,
            "reset connections": self._command,
            "flush scripts": self._command,
            "fill redis": self._fill,
            "deploy worker": self._deploy,
            "deploy api": self._deploy,
            "redis stopped": self._stop_redis,
            "redis frozen": self._freeze,
        }

    async def run(self, planned: list[Planned], say: Callable[[Fault], None], within_s: float) -> None:
        """All of them, each at its moment, or as many as there is time for; those that last go on beside the next."""
        ends = time.monotonic() + within_s
        for one in planned:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.enough.wait(), one.after_s)
            if self.enough.is_set() or time.monotonic() > ends:
                break
            await self._signs_of_life()
            unit = await self._target(one)
            if unit is None:
                self._harness.wrongs.append(f"{one.kind}: nothing that it could hit was up for {_BUSY_S} s")
                continue
            fault = Fault(len(self.done) + 1, one.kind, unit.name, time.time(), in_flight=self._load.in_flight)
            self.done.append(fault)
            say(fault)
            task = asyncio.create_task(self._do(fault, unit, one.chance))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        await asyncio.gather(*self._running)

    async def _signs_of_life(self) -> None:
        """A fault that meets nothing at work finds nothing: wait a little for jobs to end since the last one."""
        before, ends = self._load.ended, time.monotonic() + _LIFE_S
        while self._load.ended < before + 2 and time.monotonic() < ends:
            await asyncio.sleep(0.05)

    async def _target(self, one: Planned) -> Unit | None:
        role = next((role for role in ("worker", "api") if role in one.kind), "valkey")
        role = "worker" if one.kind in WORKER_KINDS else role
        units = self._harness.of(role)
        ends = time.monotonic() + _BUSY_S
        # most find a process at work, some find it at its start; were all to, nothing would ever start
        early = "deploy" not in one.kind and int(one.chance * 1000) % 8 == 0
        while time.monotonic() < ends:
            free = [unit for unit in units if not unit.busy and (unit.up or (early and unit.pid is not None))]
            if free:
                chosen = free[int(one.chance * len(free))]
                chosen.busy = True
                return chosen
            await asyncio.sleep(0.1)
        return None

    async def _do(self, fault: Fault, unit: Unit, chance: float) -> None:
        try:
            await self._acts[fault.kind](fault, unit, chance)
        except (OSError, redis.RedisError) as error:
            self._harness.wrongs.append(f"fault {fault.number}, {fault.kind}: {error!r}")
        finally:
            fault.until = time.time()
            unit.busy = False

    async def _kill_child(self, fault: Fault, unit: Unit, chance: float) -> None:
        """The process that runs the jobs: the child of a supervisor, where there is one, not what stands by."""
        children = unit.at_work
        if not children:
            fault.note = "no child"
            unit.signal(signal.SIGKILL)
        for child in children:
            unit.children[child] = fault.kind
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    async def _kill_parent(self, fault: Fault, unit: Unit, chance: float) -> None:
        """The process itself; what it leaves behind is to end by itself."""
        children = unit.pids[1:]
        unit.signal(signal.SIGKILL)
        self._harness.orphans |= dict.fromkeys(children, time.monotonic())
        fault.note = "" if children else "no child"

    async def _kill_all(self, fault: Fault, unit: Unit, chance: float) -> None:
        """Parent first, so that it cannot tell of its child's death."""
        children = unit.pids[1:]
        unit.signal(signal.SIGKILL)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    async def _kill_redis(self, fault: Fault, unit: Unit, chance: float) -> None:
        unit.held = True
        unit.signal(signal.SIGKILL)
        await asyncio.sleep(chance)
        unit.held = False
        await listening(self._harness.redis_port)

    async def _stop_redis(self, fault: Fault, unit: Unit, chance: float) -> None:
        """Gone in an orderly way, and back after the outage."""
        unit.held = True
        unit.signal(signal.SIGTERM)
        await asyncio.sleep(self._outage_s)
        unit.held = False
        await listening(self._harness.redis_port)

    async def _freeze(self, fault: Fault, unit: Unit, chance: float) -> None:
        """SIGSTOP to all of it, then SIGCONT: a worker past its lease, Redis for some seconds or the long outage."""
        length_s = {
            "freeze worker": self._harness.lease_s * (1.5 + 2 * chance),
            "freeze redis": 1 + 4 * chance,
            "redis frozen": self._outage_s,
        }[fault.kind]
        fault.note = f"{length_s:.1f} s"
        pids = unit.pids
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(length_s)
        for pid in reversed(pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def _command(self, fault: Fault, unit: Unit, chance: float) -> None:
        """A few words to Redis, where it can be asked at the moment."""
        try:
            for line in _words(fault.kind, chance):
                await asyncio.to_thread(self._redis.execute_command, *line)
                await asyncio.sleep(0.05 * chance)
        except redis.RedisError as error:
            fault.note = repr(error)[:80]

    async def _fill(self, fault: Fault, unit: Unit, chance: float) -> None:
        """`maxmemory` low for a moment; a Redis that dies meanwhile comes back without it."""
        try:
            await asyncio.to_thread(self._redis.config_set, "maxmemory", "1")
            await asyncio.sleep(0.3 + 2.5 * chance)
        except redis.RedisError as error:
            fault.note = repr(error)[:80]
        finally:
            await self._empty(fault)

    async def _empty(self, fault: Fault) -> None:
        for _ in range(100):
            with suppress(redis.RedisError):
                await asyncio.to_thread(self._redis.config_set, "maxmemory", "0")
                return
            await asyncio.sleep(0.1)
        self._harness.wrongs.append(f"fault {fault.number}: maxmemory could not be set back")

    async def _deploy(self, fault: Fault, unit: Unit, chance: float) -> None:
        """SIGTERM; it is started again once it has ended."""
        before = unit.starts
        if unit.signal(signal.SIGTERM):
            while unit.starts == before:
                await asyncio.sleep(0.02)


def _words(kind: str, chance: float) -> list[tuple[str, ...]]:
    if kind == "pause redis":
        return [("CLIENT", "PAUSE", str(int(500 + 4000 * chance)), "WRITE" if chance < 0.3 else "ALL")]
    if kind == "flush scripts":
        return [("SCRIPT", "FLUSH")]
    # in a burst, so that some meet an answer on its way
    return [("CLIENT", "KILL", "TYPE", "pubsub"), *[("CLIENT", "KILL", "TYPE", "normal")] * 8]
