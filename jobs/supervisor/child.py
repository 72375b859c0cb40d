"""One worker process as its supervisor sees it: what it said, what it holds, and whether it is late."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

from jobs.leash import LEASH_VARIABLE
from jobs.supervisor.ledger import Ledger
from jobs.supervisor.messages import LINK_VARIABLE, Alive, AnyMessage, Begun, Ended, Held, Hello, Lines, Retire

ANSWER_AFTER_S = 0.5
"""How long after a deadline the worker has its own chance to end the job."""
_HANGS_AFTER_S = 2.5
_SILENT_S = 2.0
_SILENT_AND_IDLE_S = 60.0
_READ_BYTES = 1 << 16


class WorkerProcess:
    """A worker process and the link to it. Times are `time.monotonic()`."""

    def __init__(self, module: str) -> None:
        self._link, theirs = socket.socketpair()
        self._link.settimeout(0)
        name = str(theirs.fileno())
        with theirs:
            # -P: a folder named like one of our packages in the caller's directory must not be taken for it
            # a session of its own: Ctrl-C is the supervisor's to pass on
            self._process = subprocess.Popen(  # noqa: S603 our own interpreter and module
                [sys.executable, "-P", "-m", module],
                stdin=subprocess.DEVNULL,
                env={**os.environ, LEASH_VARIABLE: name, LINK_VARIABLE: name},
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self.pid = self._process.pid
        self.fd = self._link.fileno()
        self.started = self.heard_at = self.renewed_at = time.monotonic()
        self.hello: Hello | None = None
        self.held: dict[str, Held] = {}
        self.ledger = Ledger()
        self.wants_successor = ""
        self.leaving = ""
        """Why it was told to end; empty while it is to go on."""
        self.kill_at = float("inf")
        self._lines = Lines()
        self._answered: set[str] = set()

    def receive(self) -> bool:
        """Take in what it has said by now; False where its end of the link is closed."""
        try:
            while data := self._link.recv(_READ_BYTES):
                self.heard_at = time.monotonic()
                for message in self._lines.feed(data):
                    self._hear(message)
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

    def overdue(self, now: float) -> list[Held]:
        """The attempts whose deadline has passed without an end; each is named once."""
        late = [one for one in self.held.values() if _passed(one, now - ANSWER_AFTER_S)]
        new = [one for one in late if one.token not in self._answered]
        self._answered.update(one.token for one in new)
        return new

    def hangs(self, now: float) -> str:
        """Why it is to be replaced at once; empty where it is not."""
        silent_s = now - self.heard_at
        if silent_s > _SILENT_S and any(_passed(one, now - _HANGS_AFTER_S) for one in self.held.values()):
            return f"a job past its deadline holds the interpreter; nothing was heard for {silent_s:.1f} s"
        if silent_s > _SILENT_AND_IDLE_S and not self.held:
            return f"nothing was heard for {silent_s:.0f} s"
        return ""

    def _hear(self, message: AnyMessage) -> None:
        match message:
            case Hello():
                self.hello = message
            case Begun():
                if message.anew:
                    self.held.clear()
                self.held.update((one.token, one) for one in message.held)
            case Ended():
                for token in message.tokens:
                    self.held.pop(token, None)
                    self._answered.discard(token)
            case Alive():
                self.renewed_at = max(self.renewed_at, message.renewed_at)
            case Retire():
                self.wants_successor = message.why


def _passed(one: Held, moment: float) -> bool:
    return one.deadline is not None and one.deadline < moment
