"""Windows that move along the rows: `rolling`, `expanding` and `ewm`, each adding named columns to its frame."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.transforms.arguments import Names, name_list, one_column, pointer, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.groups.added import added
from jobs.transforms.groups.bounds import Given, Sorted, of_rows, of_time, so_far
from jobs.transforms.groups.functions import LARGEST
from jobs.transforms.groups.kernels import naming
from jobs.transforms.groups.named import Aggregation, NamedWindows
from jobs.transforms.groups.times import Duration, duration, refuse_disorder, refuse_nulls, times_of
from jobs.transforms.groups.verb import Groups
from jobs.transforms.meanings import floats_of
from jobs.transforms.usage import Columns, plus

_DAYS: list[dict[str, Any]] = [
    {"day": "2024-01-01", "store": "N", "sold": 2.0},
    {"day": "2024-01-02", "store": "S", "sold": 5.0},
    {"day": "2024-01-03", "store": "N", "sold": 4.0},
    {"day": "2024-01-09", "store": "N", "sold": 6.0},
]
Closed = Literal["right", "left", "both", "neither"]
Windows = Callable[[pd.Series], Any]


class Windowed(Transform):
    """The base of the three: windows over the frame, or over each group of it."""

    family = "groups"
    follows = Follows.WHOLLY

    by: Names | None = None
    """Windows within the groups that these columns make; rows whose key is null get null."""

    @abstractmethod
    def named(self) -> Mapping[str, Aggregation]:
        """The new columns."""

    @abstractmethod
    def windows(self, frame: pd.DataFrame, rows: Sorted) -> Windows:
        """What makes pandas' windows over values that stand in the order of `rows`."""

    def reads(self) -> Sequence[str]:
        """The columns that decide about the windows, beside the keys."""
        return ()

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with the new columns, float64 each, in its row order."""
        keys = tuple(require_keys(frame, "by", self.by))
        grouping = Groups(keys, sort=False, dropna=True, observed=True).of(frame) if keys else None
        rows = Sorted.of(grouping, len(frame))
        windows = self.windows(frame, rows)
        new = {
            name: rows.back(_one(frame, rows, windows, name, entry), len(frame)) for name, entry in self.named().items()
        }
        return added(frame, new, "agg")

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """The keys and sources too; a column that is replaced is wanted for its place."""
        read = (name for one in self.named().values() for name in one.columns)
        return plus(wanted, (*name_list(self.by), *self.reads(), *read))


def _one(frame: pd.DataFrame, rows: Sorted, windows: Windows, name: str, entry: Aggregation) -> Any:
    at, function, arguments = pointer("agg", name, 0), entry.function, dict(entry.arguments)
    if entry.pair:
        pair = [one_column(frame, column, f"{at}/{place}") for place, column in enumerate(entry.pair)]
        left, right = (_floats(one, function, str(one.name), f"{at}/{at_}") for at_, one in enumerate(pair))
        with naming(function, entry.pair[0], pair[0].dtype, at):
            other = pd.Series(right[rows.order])
            made = getattr(windows(pd.Series(left[rows.order])), function)(other, **arguments)
            return made.to_numpy(dtype="float64")
    column = entry.column(frame, at)
    values = _floats(column, function, str(entry.text), at)
    if function == "quantile":
        arguments = {"q": 0.5, **arguments}
    with naming(function, str(entry.text), column.dtype, at):
        # `function` comes from the table of functions, never from the input
        return getattr(windows(pd.Series(values[rows.order])), function)(**arguments).to_numpy(dtype="float64")


def _floats(column: pd.Series, function: str, name: str, at: str) -> Any:
    """The numbers as float64, as pandas' windows take them; of any column for `count`."""
    if is_numeric_dtype(column.dtype):  # decimals too
        return floats_of(column)
    if function == "count":
        return np.where(column.isna(), np.nan, 1.0)
    detail = f"{function} wants numbers, and {name!r} is {column.dtype}; cast it with astype"
    raise DtypeUnsuitable(detail, column=name, dtype=str(column.dtype), pointer=at)


class Rolling(Windowed):
    """Add what functions give of a window of rows that ends at each row, or of the time before it.

    Columns whose name is there are replaced. Results are float64, of decimals too. With `by`, windows stay within
    their group, and the rows in their order. Of pandas' there is no `step` (the result would have fewer rows), no
    `win_type` (it needs SciPy) and no `apply`.
    """

    op = "rolling"
    example: ClassVar[Example] = Example(
        inputs={"df": _DAYS},
        pipeline=[
            {"op": "to_datetime", "columns": "day"},
            {"op": "rolling", "window": "7D", "on": "day", "by": "store", "agg": {"week": ["sold", "sum"]}},
            {"op": "rolling", "window": 2, "agg": {"two": ["sold", "mean"]}},
            {"op": "select", "columns": ["store", "sold", "week", "two"]},
        ],
        result=[
            {"store": "N", "sold": 2.0, "week": 2.0, "two": None},
            {"store": "S", "sold": 5.0, "week": 5.0, "two": 3.5},
            {"store": "N", "sold": 4.0, "week": 6.0, "two": 4.5},
            {"store": "N", "sold": 6.0, "week": 10.0, "two": 5.0},
        ],
    )

    window: int | Duration
    """How many rows, or how much time along `on`, as in `7D`."""
    agg: NamedWindows
    """New column → `[source, function]` or `[source, function, {arguments}]`."""
    on: str | None = None
    """The column of times, in order (with `by`: in order within each group); windows of time need it."""
    min_periods: int | None = Field(None, ge=0, le=LARGEST)
    """With fewer values a window gives null; without it the size of the window, or 1 where that is a time."""
    center: bool = False
    """The row stands in the middle of its window, not at its end."""
    closed: Closed | None = None
    """Which ends of the window belong to it; without it, `right`."""

    @model_validator(mode="after")
    def _fits(self) -> "Rolling":
        if isinstance(self.window, str):
            if self.on is None:
                raise refusal(ArgumentInvalid("a window of time needs 'on', the column of times"), "/window")
            return self
        if not 0 <= self.window <= LARGEST:
            raise refusal(ArgumentInvalid("'window' should be 0 or more rows"), "/window")
        if self.min_periods is not None and self.min_periods > self.window:
            raise refusal(ArgumentInvalid(f"'min_periods' is at most 'window', {self.window}"), "/min_periods")
        return self

    def named(self) -> Mapping[str, Aggregation]:
        """The new columns."""
        return self.agg

    def reads(self) -> Sequence[str]:
        """The times."""
        return () if self.on is None else (self.on,)

    def windows(self, frame: pd.DataFrame, rows: Sorted) -> Windows:
        """Windows of rows, or of time."""
        bounds, least = self._bounds(frame, rows), self.min_periods
        least = least if least is not None else self.window if isinstance(self.window, int) else 1
        return lambda values: values.rolling(bounds, min_periods=least)

    def _bounds(self, frame: pd.DataFrame, rows: Sorted) -> Given:
        if self.on is not None:
            one_column(frame, self.on, "/on")
        if isinstance(self.window, int) or self.on is None:
            return of_rows(rows, int(self.window), center=self.center, closed=self.closed)
        times = times_of(frame, self.on, "/on")
        refuse_nulls(times, frame, self.on, "/on")
        along = times[rows.order]
        refuse_disorder(along, rows.order, rows.ends, frame, self.on, "/on")
        return of_time(rows, along, duration(self.window), center=self.center, closed=self.closed)


class Expanding(Windowed):
    """Add what functions give of all rows up to each row, of the frame or of its group.

    Columns whose name is there are replaced. Results are float64. There is no `on`, since it would change nothing.
    """

    op = "expanding"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"store": one["store"], "sold": one["sold"]} for one in _DAYS]},
        pipeline=[{"op": "expanding", "by": "store", "agg": {"best": ["sold", "max"], "all": ["sold", "count"]}}],
        result=[
            {"store": "N", "sold": 2.0, "best": 2.0, "all": 1.0},
            {"store": "S", "sold": 5.0, "best": 5.0, "all": 1.0},
            {"store": "N", "sold": 4.0, "best": 4.0, "all": 2.0},
            {"store": "N", "sold": 6.0, "best": 6.0, "all": 3.0},
        ],
    )

    agg: NamedWindows
    """New column → `[source, function]` or `[source, function, {arguments}]`."""
    min_periods: int = Field(1, ge=0, le=LARGEST)
    """With fewer values the result is null."""

    def named(self) -> Mapping[str, Aggregation]:
        """The new columns."""
        return self.agg

    def windows(self, frame: pd.DataFrame, rows: Sorted) -> Windows:  # noqa: ARG002  # as the others
        """All rows so far."""
        bounds = so_far(rows)
        return lambda values: values.rolling(bounds, min_periods=self.min_periods)
