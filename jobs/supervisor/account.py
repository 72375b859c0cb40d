"""What is known of a worker process from what it said: who it is, what it holds, and whether it is late. Pure."""

from jobs.supervisor.messages import Alive, AnyMessage, Begun, Ended, Held, Hello, Retire

ANSWER_AFTER_S = 0.5
"""How long after a deadline the worker has its own chance to end the job."""
_HANGS_AFTER_S = 2.5
_SILENT_S = 2.0
_SILENT_AND_IDLE_S = 60.0
_LEAST_ALIVE_S = 1.5


class Account:
    """One worker process; times are `time.monotonic()`, and `lease_s` is how long its claims hold."""

    def __init__(self, now: float, lease_s: float) -> None:
        # it renews every third of a lease, and says so about once a second
        self._late_after_s = lease_s / 3 + min(_LEAST_ALIVE_S, lease_s / 3)
        self._heard_at = self._renewed_at = now
        self._answered: set[str] = set()
        self.held: dict[str, Held] = {}
        self.hello: Hello | None = None
        self.wants_successor = ""

    def hear(self, message: AnyMessage, now: float) -> None:
        """Take in one message."""
        self._heard_at = now
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
                self.renewed(message.renewed_at)
            case Retire():
                self.wants_successor = message.why

    def renewed(self, at: float) -> None:
        """Its leases were renewed, by itself or for it."""
        self._renewed_at = max(self._renewed_at, at)

    def needs_renewal(self, now: float) -> bool:
        """Whether it holds leases and should have renewed them by now."""
        return bool(self.held) and now - self._renewed_at > self._late_after_s

    def overdue(self, now: float) -> list[Held]:
        """The attempts whose deadline has passed without an end; each is named once."""
        late = [one for one in self.held.values() if _passed(one, now - ANSWER_AFTER_S)]
        new = [one for one in late if one.token not in self._answered]
        self._answered.update(one.token for one in new)
        return new

    def hangs(self, now: float) -> str:
        """Why it is to be replaced at once; empty where it is not."""
        silent_s = now - self._heard_at
        if silent_s > _SILENT_S and any(_passed(one, now - _HANGS_AFTER_S) for one in self.held.values()):
            return f"a job past its deadline holds the interpreter; nothing was heard for {silent_s:.1f} s"
        if silent_s > _SILENT_AND_IDLE_S and not self.held:
            return f"nothing was heard for {silent_s:.0f} s"
        return ""


def _passed(one: Held, moment: float) -> bool:
    return one.deadline is not None and one.deadline < moment
