"""A worker process in reserve: all is imported and read, and nothing is said to Redis before it is needed."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from jobs.supervisor.messages import STANDBY_VARIABLE

STANDBY_NAME: Final = "fq-standby"
WORKER_NAME: Final = "fq-worker"
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Standby:
    """Whether this process has to wait for its turn; `wake` is called by the leash, which reads the link."""

    def __init__(self, *, waits: bool) -> None:
        self._waits = waits
        self._woken = threading.Event()

    @classmethod
    def from_environment(cls) -> Self:
        """What the supervisor said in the environment; it is taken out of it."""
        return cls(waits=bool(os.environ.pop(STANDBY_VARIABLE, "")))

    def wake(self) -> None:
        """This is the worker from now on; may come at any time, from any thread."""
        self._woken.set()

    def wait(self) -> None:
        """Until woken; a signal ends the process at once, for there is nothing that it could leave undone.

        Shows what the process is in its name, where the system has such names (`ps -o comm`).
        """
        if self._waits:
            for number in _SIGNALS:
                signal.signal(number, lambda *_: os._exit(0))
            _name(STANDBY_NAME)
            self._woken.wait()
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
        _name(WORKER_NAME)


def _name(name: str) -> None:
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name)
