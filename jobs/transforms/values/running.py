"""Cumulatives: each row holds what all rows up to it give."""

from collections.abc import Callable
from typing import Any, ClassVar

import pandas as pd

from jobs.transforms.base import Example
from jobs.transforms.meanings import decimals_as_floats, is_decimal
from jobs.transforms.values.cells import NumbersAtWill


def _example(op: str, results: list[int]) -> Example:
    inputs: list[dict[str, Any]] = [{"flights": 2}, {"flights": 1}, {"flights": 3}]
    return Example(inputs={"df": inputs}, pipeline=[{"op": op}], result=[{"flights": one} for one in results])


class _Cumulative(NumbersAtWill):
    skipna: bool = True
    """Pass nulls over; false: everything behind a null is null."""

    def worked_on(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The columns that are not left out."""
        if not self.numeric_only:
            return frame
        return frame.loc[:, [pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]]


class CumSum(_Cumulative):
    """The running sum of each column."""

    op = "cumsum"
    family = "values"
    example: ClassVar[Example] = _example("cumsum", [2, 3, 6])

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.cumsum(...)`; decimals count as float64."""
        return decimals_as_floats(self.worked_on(frame)).cumsum(skipna=self.skipna)


class CumProd(_Cumulative):
    """The running product of each column."""

    op = "cumprod"
    family = "values"
    example: ClassVar[Example] = _example("cumprod", [2, 2, 6])

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.cumprod(...)`; decimals count as float64."""
        return decimals_as_floats(self.worked_on(frame)).cumprod(skipna=self.skipna)


class CumMax(_Cumulative):
    """The largest value so far, of each column."""

    op = "cummax"
    family = "values"
    example: ClassVar[Example] = _example("cummax", [2, 2, 3])

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.cummax(...)`."""
        return _exactly(self.worked_on(frame), lambda given: given.cummax(skipna=self.skipna))


class CumMin(_Cumulative):
    """The smallest value so far, of each column."""

    op = "cummin"
    family = "values"
    example: ClassVar[Example] = _example("cummin", [2, 1, 1])

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.cummin(...)`."""
        return _exactly(self.worked_on(frame), lambda given: given.cummin(skipna=self.skipna))


def _exactly(frame: pd.DataFrame, call: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """The call's answer, of decimals by their places in the order: pandas itself takes none."""
    ready, values = frame.copy(deep=False), {}
    for place, dtype in enumerate(frame.dtypes):
        if is_decimal(dtype):
            codes, values[place] = pd.factorize(frame.iloc[:, place], sort=True)
            ready.isetitem(place, pd.arrays.IntegerArray(codes.astype("int64"), codes < 0))
    made = call(ready)
    for place, known in values.items():
        codes = made.iloc[:, place].to_numpy(dtype="int64", na_value=-1)
        made.isetitem(place, known.array.take(codes, allow_fill=True))
    return made
