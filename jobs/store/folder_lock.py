"""One process per data folder: a lock that goes with its holder, however that ends."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

# for what a killed parent left: a worker that drains, and then its server, which syncs and lets go of the folder
_ENDING_S = 45.0
# the shell that stands before the server uses lower numbers for itself, and would close this one with them
_LOWEST = 10

Say = Callable[[str], None]


class FolderInUse(Exception):
    """Another process works in the folder; the message names both and what to do."""


def take(folder: Path, say: Say) -> int:
    """The descriptor of the folder's lock, taken; waits a little where the holder is a server whose parent is gone.

    The lock lasts until every copy of the descriptor is closed: a child that inherits it holds it, too.
    Raises FolderInUse. `say` receives one line when it has to wait.
    """
    opened = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    lock = fcntl.fcntl(opened, fcntl.F_DUPFD_CLOEXEC, _LOWEST)
    os.close(opened)
    deadline, told = time.monotonic() + _ENDING_S, False
    while not _try_lock(lock):
        holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
        if _alive(holder) or time.monotonic() > deadline:
            os.close(lock)
            raise FolderInUse(
                f"{folder.parent} is in use by process {holder or '?'}: stop it, or choose another --data-dir"
            )
        if not told:
            say(f"waiting for what process {holder} left behind to finish with {folder.parent}")
            told = True
        time.sleep(0.05)
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and is another user's
        return True
    return True
