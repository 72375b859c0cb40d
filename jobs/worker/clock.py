"""How long the parts of an attempt take."""

import time
from dataclasses import dataclass, field


@dataclass
class Clock:
    """Milliseconds since it was last read."""

    at: float = field(default_factory=time.perf_counter)

    def lap(self) -> float:
        """Milliseconds since the last lap, to a thousandth."""
        now = time.perf_counter()
        passed, self.at = now - self.at, now
        return round(passed * 1000, 3)
