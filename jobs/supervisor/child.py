"""One worker process as its supervisor handles it: started, listened to, asked to leave, killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

from jobs.leash import LEASH_VARIABLE
from jobs.supervisor.account import Account
from jobs.supervisor.ledger import Ledger
from jobs.supervisor.messages import GO, LINK_VARIABLE, STANDBY_VARIABLE, Lines

_READ_BYTES = 1 << 16


class WorkerProcess:
    """A worker process and the link to it. Times are `time.monotonic()`."""

    def __init__(self, module: str, lease_s: float, *, waits: bool = False) -> None:
        self._lease_s = lease_s
        self._link, theirs = socket.socketpair()
        self._link.settimeout(0)
        name = str(theirs.fileno())
        with theirs:
            # -P: a folder named like one of our packages in the caller's directory must not be taken for it
            # a session of its own: Ctrl-C is the supervisor's to pass on
            self._process = subprocess.Popen(  # noqa: S603 our own interpreter and module
                [sys.executable, "-P", "-m", module],
                stdin=subprocess.DEVNULL,
                env={**os.environ, LEASH_VARIABLE: name, LINK_VARIABLE: name, STANDBY_VARIABLE: "1" if waits else ""},
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self.pid = self._process.pid
        self.fd = self._link.fileno()
        self.started = time.monotonic()
        self.account = Account(self.started, lease_s)
        self.ledger = Ledger()
        self.leaving = ""
        """Why it was told to end; empty while it is to go on."""
        self.kill_at = float("inf")
        self.waits = waits
        """Whether it stands by: it makes itself ready, holds nothing, and says nothing before it is woken."""
        self._lines = Lines()

    def wake(self) -> bool:
        """Make a process that stands by the worker; False where it is gone already."""
        try:
            self._link.send(GO)
        except OSError:
            return False
        self.waits, self.started = False, time.monotonic()
        self.account = Account(self.started, self._lease_s)
        return True

    def receive(self) -> bool:
        """Take in what it has said by now; False where its end of the link is closed."""
        try:
            while data := self._link.recv(_READ_BYTES):
                for message in self._lines.feed(data):
                    self.account.hear(message, time.monotonic())
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        return False

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def leave(self, why: str, kill_at: float) -> None:
        """Ask it to drain, and name the time after which it is killed; asked again, it hurries."""
        self.leaving = self.leaving or why
        self.kill_at = min(self.kill_at, kill_at)
        self.tell(signal.SIGTERM)

    def kill(self, why: str) -> None:
        """End it now."""
        self.leaving = self.leaving or why
        self.kill_at = float("inf")
        self.tell(signal.SIGKILL)

    def gone(self, code: int) -> None:
        """It was reaped with this exit code: hear its last words, and close the link."""
        self._process.returncode = code
        self.receive()
        self._link.close()
