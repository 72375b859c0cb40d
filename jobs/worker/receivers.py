"""Which receivers are slow: they get a quarter of a process' tries at a time; others are told meanwhile. Pure."""

from dataclasses import dataclass
from typing import Final

SLOW_S: Final = 1.0
"""How long a try may take before its receiver counts as slow."""
_LONGEST_S: Final = 300.0
# who names ever other slow hosts must not make a worker remember them all
_MOST_KNOWN: Final = 4_096


@dataclass(slots=True)
class _Receiver:
    running: int = 0
    slow: bool = False
    put_off: int = 0


class Receivers:
    """The receivers of the tries under way, by host; one that answers quickly is held to nothing."""

    def __init__(self, slots: int, timeout_s: float) -> None:
        self._share, self._timeout_s = max(1, slots // 4), timeout_s
        self._known: dict[str, _Receiver] = {}

    def begin(self, host: str) -> float:
        """Begin a try: 0.0, or where its receiver has its share, for how many seconds to put it off instead.

        The more were put off, the later: about as they could be told, one after the other.
        """
        receiver = self._known.setdefault(host, _Receiver())
        if receiver.slow and receiver.running >= self._share:
            receiver.put_off += 1
            return min(_LONGEST_S, self._timeout_s * (1 + receiver.put_off / self._share))
        receiver.running += 1
        return 0.0

    def end(self, host: str, took_s: float) -> None:
        """A try has ended after so long; each tells anew whether its receiver is slow."""
        receiver = self._known[host]
        receiver.running -= 1
        receiver.slow = took_s > SLOW_S
        if not receiver.slow:
            receiver.put_off = 0
            if not receiver.running:
                del self._known[host]
        if len(self._known) > _MOST_KNOWN:
            self._known = {name: one for name, one in self._known.items() if one.running}
