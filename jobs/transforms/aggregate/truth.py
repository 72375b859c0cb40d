"""Whether any or all values are true, and where the extremes stand."""

from typing import Any, ClassVar

import pandas as pd

from jobs.transforms.aggregate.reduce import Reduction, Skipping, example_of
from jobs.transforms.base import Example


class AnyTrue(Reduction):
    """Whether any value of each column is true (not zero, not empty)."""

    op = "any"
    family = "aggregate"
    exact = True
    example: ClassVar[Example] = example_of("any", delay=True, miles=True)

    bool_only: bool = False
    """Leave out columns that are not boolean."""
    skipna: bool = True
    """Pass nulls over; false: null counts as true, as in pandas."""

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.any(...)`."""
        return frame.any(axis=self.axis, bool_only=self.bool_only, skipna=self.skipna)


class AllTrue(Reduction):
    """Whether all values of each column are true (not zero, not empty)."""

    op = "all"
    family = "aggregate"
    exact = True
    example: ClassVar[Example] = example_of("all", delay=True, miles=True)

    bool_only: bool = False
    """Leave out columns that are not boolean."""
    skipna: bool = True
    """Pass nulls over; false: null counts as true, as in pandas."""

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.all(...)`."""
        return frame.all(axis=self.axis, bool_only=self.bool_only, skipna=self.skipna)


class IdxMax(Skipping):
    """The row of the largest value of each column, counted from 0."""

    op = "idxmax"
    family = "aggregate"
    exact = True
    example: ClassVar[Example] = example_of("idxmax", 2, 1)

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.idxmax(...)`."""
        return frame.idxmax(**self.words())


class IdxMin(Skipping):
    """The row of the smallest value of each column, counted from 0."""

    op = "idxmin"
    family = "aggregate"
    exact = True
    example: ClassVar[Example] = example_of("idxmin", 0, 0)

    def call(self, frame: pd.DataFrame) -> Any:
        """`frame.idxmin(...)`."""
        return frame.idxmin(**self.words())
