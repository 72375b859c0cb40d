"""One process per data folder: a lock that goes with its holder, however that ends."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

_ENDING_S = 10.0  # for the server of a killed parent to sync and let go of the folder

Say = Callable[[str], None]


class FolderInUse(Exception):
    """Another process works in the folder; the message names both and what to do."""


def take(folder: Path, say: Say) -> int:
    """The descriptor of the folder's lock, taken; waits a little where the holder is a server whose parent is gone.

    The lock lasts until every copy of the descriptor is closed: a child that inherits it holds it, too.
    Raises FolderInUse. `say` receives one line when it has to wait.
    """
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline, told = time.monotonic() + _ENDING_S, False
    while not _try_lock(lock):
        holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
        if _alive(holder) or time.monotonic() > deadline:
            os.close(lock)
            raise FolderInUse(
                f"{folder.parent} is in use by process {holder or '?'}: stop it, or choose another --data-dir"
            )
        if not told:
            say(f"waiting for the Valkey of process {holder} to finish with {folder.parent}")
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
