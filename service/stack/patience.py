"""Lines that are only worth saying once something has taken its time."""

import threading
from collections.abc import Callable
from typing import Self


class Patience:
    """Passes each line on `after_s` seconds later, unless what it speaks of is over by then. A context manager."""

    def __init__(self, say: Callable[[str], None], after_s: float = 1.0) -> None:
        self._say, self._after_s = say, after_s
        self._waiting: list[threading.Timer] = []

    def __call__(self, line: str) -> None:
        """Say the line later."""
        timer = threading.Timer(self._after_s, self._say, (line,))
        timer.daemon = True
        timer.start()
        self._waiting.append(timer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for timer in self._waiting:
            timer.cancel()
