"""How a process ended, in words, and how long to wait before it is started again."""

import signal
from dataclasses import dataclass

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_S = 60.0
WRONG_SETTING = 2
"""The exit code of a process whose settings are wrong: they do not get better by starting it again."""


@dataclass(slots=True)
class Backoff:
    """The pauses between a process' death and its next start; `deaths` counts those in a row.

    The first death waits for nothing: a job that killed its worker is not the fault of those beside it. From the second
    quick one on the pause doubles; a process that lived for a minute counts as the first again.
    """

    deaths: int = 0

    def died(self, lived_s: float) -> float:
        """Count a death; the pause before the next start, in seconds."""
        self.deaths = 1 if lived_s >= STEADY_S else self.deaths + 1
        if self.deaths == 1:
            return 0.0
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * float(1 << min(self.deaths - 2, 10)))


def how_it_ended(code: int) -> str:
    """An exit code in words; it is negative for a signal."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def again(pause_s: float) -> str:
    """When it is started again, in words."""
    return f"starting it again in {pause_s:g} s" if pause_s else "starting it again"
