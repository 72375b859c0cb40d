"""One child process of `framequeue up`: its output line by line, its end, and its restart with backoff."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jobs.supervisor.backoff import WRONG_SETTING, Backoff, again, how_it_ended

_HURRY_S = 6.0  # what a child has after a second signal; a supervisor gives its worker half of it
_LOOK_S = 0.02

Out = Callable[[str, str], None]


@dataclass(slots=True)
class Child:
    """A role (`api`, `worker`) run as its own process group; `out` receives the role and each line it prints."""

    role: str
    module: str
    environment: Mapping[str, str]
    inherited: Sequence[int]
    out: Out
    backoff: Backoff = field(default_factory=Backoff)
    process: subprocess.Popen[str] | None = None
    _started: float = 0.0
    _again_at: float | None = None
    _reader: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the process; its Ctrl-C is ours to pass on."""
        # -P: a folder named like one of our packages in the caller's directory must not be taken for it
        self.process = subprocess.Popen(  # noqa: S603 our own interpreter and module
            [sys.executable, "-P", "-m", self.module],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=self.environment,
            pass_fds=tuple(self.inherited),
            start_new_session=True,
        )
        self._started, self._again_at = time.monotonic(), None
        self._reader = threading.Thread(
            target=self._read, args=(self.process,), name=f"{self.role}-output", daemon=True
        )
        self._reader.start()

    def look_after(self) -> int | None:
        """Restart the process once it has died and its pause is over; the exit code on the look that finds it dead."""
        if self.process is None:
            if self._again_at is not None and time.monotonic() >= self._again_at:
                self.start()
            return None
        code = self.process.poll()
        if code is None:
            return None
        self._finish()
        pause = self.backoff.died(time.monotonic() - self._started)
        self._again_at = time.monotonic() + pause
        if code != WRONG_SETTING:
            self.out("up", f"the {self.role} process {how_it_ended(code)}; {again(pause)}")
        return code

    def stop(self, timeout_s: float, hurried: Callable[[], bool]) -> int:
        """Ask the process to end; wait at most `timeout_s`, and few seconds once `hurried`. Returns its exit code."""
        self._again_at = None
        if self.process is None:
            return 0
        self.process.terminate()
        deadline, asked_twice = time.monotonic() + timeout_s, False
        while self.process.poll() is None:
            if hurried() and not asked_twice:
                self.process.terminate()
                deadline, asked_twice = min(deadline, time.monotonic() + _HURRY_S), True
            if time.monotonic() > deadline:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            time.sleep(_LOOK_S)
        code = self.process.returncode
        self._finish()
        return code

    def _finish(self) -> None:
        if self._reader is not None:
            self._reader.join(1.0)  # its last words; a grandchild may hold the pipe for longer
        if (
            self.process is not None
            and self.process.stdout is not None
            and not (self._reader and self._reader.is_alive())
        ):
            self.process.stdout.close()
        self.process = None

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.out(self.role, line.rstrip("\n"))
