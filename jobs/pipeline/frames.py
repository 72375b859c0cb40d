"""The frames that have names while a pipeline runs: inputs are made when they are first needed."""

from collections.abc import Callable, Mapping

import pandas as pd

Given = pd.DataFrame | Callable[[], pd.DataFrame]
"""An input's frame, or what makes it."""


class Frames:
    """Frames by name; `made` are those there are now, which steps may look up."""

    def __init__(self, given: Mapping[str, Given]) -> None:
        self.made: dict[str, pd.DataFrame] = {}
        self._makers: dict[str, Callable[[], pd.DataFrame]] = {}
        for name, one in given.items():
            if isinstance(one, pd.DataFrame):
                self.made[name] = one
            else:
                self._makers[name] = one

    def __contains__(self, name: str) -> bool:
        """Whether there is such a frame, or what makes it."""
        return name in self.made or name in self._makers

    def take(self, name: str) -> pd.DataFrame:
        """The frame of that name, made now where it was not needed before."""
        if name not in self.made:
            self.made[name] = self._makers.pop(name)()
        return self.made[name]

    def drop(self, name: str) -> None:
        """Let go a frame that nobody uses any more."""
        self._makers.pop(name, None)
        self.made.pop(name, None)
