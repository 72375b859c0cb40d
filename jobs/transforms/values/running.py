"""Cumulatives: each row holds what all rows up to it give."""

from typing import Any, ClassVar

import pandas as pd

from jobs.transforms.base import Example
from jobs.transforms.values.cells import NumbersAtWill


def _example(op: str, results: list[int]) -> Example:
    inputs: list[dict[str, Any]] = [{"flights": 2}, {"flights": 1}, {"flights": 3}]
    return Example(inputs={"df": inputs}, pipeline=[{"op": op}], result=[{"flights": one} for one in results])


class _Cumulative(NumbersAtWill):
    skipna: bool = True
    """Pass nulls over; false: everything behind a null is null."""


class CumSum(_Cumulative):
    """The running sum of each column."""

    op = "cumsum"
    family = "values"
    example: ClassVar[Example] = _example("cumsum", [2, 3, 6])

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.cumsum(...)`."""
        return frame.cumsum(skipna=self.skipna, numeric_only=self.numeric_only)


class CumProd(_Cumulative):
    """The running product of each column."""

    op = "cumprod"
    family = "values"
    example: ClassVar[Example] = _example("cumprod", [2, 2, 6])

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.cumprod(...)`."""
        return frame.cumprod(skipna=self.skipna, numeric_only=self.numeric_only)


class CumMax(_Cumulative):
    """The largest value so far, of each column."""

    op = "cummax"
    family = "values"
    example: ClassVar[Example] = _example("cummax", [2, 2, 3])

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.cummax(...)`."""
        return frame.cummax(skipna=self.skipna, numeric_only=self.numeric_only)


class CumMin(_Cumulative):
    """The smallest value so far, of each column."""

    op = "cummin"
    family = "values"
    example: ClassVar[Example] = _example("cummin", [2, 1, 1])

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.cummin(...)`."""
        return frame.cummin(skipna=self.skipna, numeric_only=self.numeric_only)
