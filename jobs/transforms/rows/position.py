"""Rows by their position."""

from collections.abc import Sequence
from typing import ClassVar

import pandas as pd

from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.direct import rows_between
from jobs.transforms.examples import FLIGHTS
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns


class Head(Transform):
    """The first rows."""

    op = "head"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS}, pipeline=[{"op": "head", "n": 1}], result=[{"carrier": "UA", "delay": 4}]
    )

    n: int = 5
    """How many; a negative number means all but the last `-n`."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The first `n` rows."""
        return rows_between(frame, None, self.n)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """So many as are asked for."""
        return min(given, self.n) if self.n >= 0 else max(0, given + self.n)

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted


class Tail(Transform):
    """The last rows."""

    op = "tail"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS},
        pipeline=[{"op": "tail", "n": 2}],
        result=[{"carrier": "B6", "delay": 31}, {"carrier": "UA", "delay": 4}],
    )

    n: int = 5
    """How many; a negative number means all but the first `-n`."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The last `n` rows."""
        return rows_between(frame, -self.n if self.n else len(frame), None)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """So many as are asked for."""
        return min(given, self.n) if self.n >= 0 else max(0, given + self.n)

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted


class Slice(Transform):
    """Rows by position: `df.iloc[start:stop]`, with Python's meaning of negative and missing ends."""

    op = "slice"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS},
        pipeline=[{"op": "slice", "start": 1, "stop": -1}],
        result=[{"carrier": "AA", "delay": None}, {"carrier": "B6", "delay": 31}],
    )

    start: int | None = None
    """The first row, counted from 0."""
    stop: int | None = None
    """The row before which to stop."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The rows from `start` to before `stop`."""
        return rows_between(frame, self.start, self.stop)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """So many as are asked for."""
        return len(range(given)[self.start : self.stop])

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted
