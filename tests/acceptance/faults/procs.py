"""What /proc and the ports say of processes, whatever they are."""

import asyncio
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

from jobs.worker.standby import WORKER_NAME

START_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def below(pid: int) -> list[int]:
    """The pids of a process' children and of theirs, from /proc."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                # the name in brackets may hold anything, also spaces and brackets
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(folder.name))
    found, queue = [], [pid]
    while queue:
        children = parents.get(queue.pop(), [])
        found += children
        queue += children
    return found


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and that nobody has asked after does not."""
    return state_of(pid) not in {"Z", "X", ""}


def state_of(pid: int) -> str:
    """The letter of its state: R, S, D, T (stopped), Z (ended, not asked after); empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def catches_sigterm(pid: int) -> bool:
    """Whether SIGTERM finds a handler, and not yet the system's own end of a process."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        caught = int(next(line for line in lines if line.startswith("SigCgt")).split()[1], 16)
        return bool(caught >> (signal.SIGTERM - 1) & 1)
    return False


def runs_jobs(pid: int) -> bool:
    """Whether it is a worker process past its start: neither a supervisor nor the process that stands by."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip() == WORKER_NAME
    return False


async def listening(port: int) -> None:
    """Until something answers on the port."""
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        await asyncio.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")
