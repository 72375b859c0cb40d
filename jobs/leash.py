"""The leash of our own child processes: they end when their parent does, also when it was killed with -9.

The parent makes a pipe, keeps its write end, and names the read end to the child in FRAMEQUEUE_LEASH_FD (a socket's
end does as well). The end of that pipe is the one sign of a parent's death that every POSIX system gives.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

LEASH_VARIABLE = "FRAMEQUEUE_LEASH_FD"


def hold(drain_s: float, heard: Callable[[], None] | None = None) -> bool:
    """Watch the leash in a daemon thread: at its end this process gets SIGTERM, and is gone `drain_s` later.

    `heard` is called in that thread where the parent has said something.
    Returns whether there is a leash; without one (a process started by hand) nothing is watched.
    """
    named = os.environ.pop(LEASH_VARIABLE, "")  # popped: it is not our children's leash
    if not named.isdigit():
        return False
    fd = int(named)
    os.set_inheritable(fd, False)  # noqa: FBT003 os has no keyword here
    threading.Thread(target=_watch, args=(fd, drain_s, heard), name="leash", daemon=True).start()
    return True


def _watch(fd: int, drain_s: float, heard: Callable[[], None] | None) -> None:
    with suppress(ConnectionResetError):  # the end of a socket whose other end had left something unread
        while os.read(fd, 64):
            if heard is not None:
                heard()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(drain_s)
    os._exit(1)
