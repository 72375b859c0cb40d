"""Values against those of other rows: shifted, subtracted, divided."""

from typing import Any, ClassVar

import numpy as np
import pandas as pd

from jobs.errors import DtypeUnsuitable
from jobs.transforms.arguments import Scalar
from jobs.transforms.base import Example, Surroundings
from jobs.transforms.meanings import dates_as_times, decimals_as_floats
from jobs.transforms.nulls import nullable
from jobs.transforms.scalars import fit
from jobs.transforms.usage import Columns
from jobs.transforms.values.cells import Cells

_DAYS: list[dict[str, Any]] = [{"flights": 10}, {"flights": 12}, {"flights": 9}]


class _Against(Cells):
    """The base: all columns at once, where an expression takes one."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The frame's answer; raises DtypeUnsuitable that tells how to work on one column."""
        try:
            return super().apply(frame, around)
        except DtypeUnsuitable as error:
            name = next((str(name) for name in frame.select_dtypes("number") if str(name).isidentifier()), "x")
            error.detail += f"; this works on all columns, and `assign` with `{name}.{self.op}()` on one"
            error.args = (error.detail,)
            error.places = tuple(place.changed(detail=error.detail) for place in error.places)
            raise


class Shift(_Against):
    """Move the rows down by `periods` (up where negative); what comes free is null, or `fill_value`.

    pandas' `freq` shifts an index: to shift times, add to them in `assign`. Of a list of periods make a column each
    with `assign`: `before = k.shift(1)`.
    """

    op = "shift"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _DAYS},
        pipeline=[{"op": "shift", "periods": 1}],
        result=[{"flights": None}, {"flights": 10}, {"flights": 12}],
    )

    periods: int = 1
    """By how many rows."""
    fill_value: Scalar = None
    """What stands in the rows that come free; without it, null."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.shift(periods)`; integers and booleans become nullable, or stay as they are with `fill_value`."""
        if not self.periods:
            return frame.copy(deep=False)
        if self.fill_value is None:
            return nullable(frame).shift(self.periods)
        made = frame.copy(deep=False)
        for place in range(frame.shape[1]):
            column = frame.iloc[:, place]
            fill = fit(self.fill_value, column, "/fill_value")
            made.isetitem(place, column.shift(self.periods, fill_value=fill).array)
        return made

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted; a value to fill in must fit all columns."""
        return wanted if self.fill_value is None else None


class Diff(_Against):
    """Each value less the one `periods` rows before it; integers stay integers (Int64), with nulls at the beginning."""

    op = "diff"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _DAYS},
        pipeline=[{"op": "diff"}],
        result=[{"flights": None}, {"flights": 2}, {"flights": -3}],
    )

    periods: int = 1
    """How many rows before; negative: behind."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.diff(periods)`, with integers and booleans as Int64."""
        given = decimals_as_floats(dates_as_times(frame))
        made = frame.copy(deep=False)
        for place, dtype in enumerate(given.dtypes):
            column = given.iloc[:, place]
            whole = pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)
            made.isetitem(place, _whole(column, self.periods) if whole else column.diff(self.periods).array)
        return made


class PctChange(_Against):
    """Each value's change against the one `periods` rows before it, as a fraction (0.2 for 20 % more).

    pandas' `freq` looks `periods` of time back on an index, and is left out.
    """

    op = "pct_change"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"flights": 10}, {"flights": 15}, {"flights": 12}]},
        pipeline=[{"op": "pct_change"}],
        result=[{"flights": None}, {"flights": 0.5}, {"flights": -0.19999999999999996}],
    )

    periods: int = 1
    """How many rows before; negative: behind."""

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.pct_change(periods)`, as float64."""
        return decimals_as_floats(frame).pct_change(self.periods).astype("float64")


def _whole(column: pd.Series, periods: int) -> Any:
    """The differences of integers as Int64: neither floats, which lose digits, nor wrapped around."""
    values = column.astype("Int64")
    made = values.diff(periods)
    known = made.notna().to_numpy()
    of_three: Any = [one.to_numpy("int64", na_value=0) for one in (values, values.shift(periods), made)]
    new, old, less = of_three
    if bool((((new ^ old) & (new ^ less) < 0) & known).any()):
        raise OverflowError(f"a difference is beyond {np.iinfo('int64').max:,}")
    return made.array
