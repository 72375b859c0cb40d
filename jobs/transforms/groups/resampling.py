"""Bins and steps of time: `resample` and `asfreq`."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import pandas as pd
from pydantic import AfterValidator

from jobs.codecs.blocks import column_array, frame_of
from jobs.errors import ArgumentInvalid, ColumnTaken, DtypeUnsuitable, OutputTooLarge
from jobs.transforms.arguments import Names, Scalar, name_list, pointer, refusal, require_keys, shown
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import answer
from jobs.transforms.follows import Follows
from jobs.transforms.groups.along import holds
from jobs.transforms.groups.bins import Binning, Bins, rows_of
from jobs.transforms.groups.kernels import naming, one
from jobs.transforms.groups.named import NamedBins
from jobs.transforms.groups.times import Frequency, refuse_nulls, step_length, steps_between, times_of
from jobs.transforms.groups.verb import Groups
from jobs.transforms.nulls import nullable, settled
from jobs.transforms.usage import ALL, Columns, plus

_PLACES = ("start_day", "start", "end", "end_day", "epoch")


def _origin(text: str) -> str:
    if text not in _PLACES:
        try:
            pd.Timestamp(text)
        except (ValueError, OverflowError):
            known = ", ".join(map(repr, _PLACES))
            raise refusal(ArgumentInvalid(f"{shown(text)} is no origin: a time, or one of {known}")) from None
    return text


def _span(text: str) -> str:
    try:
        pd.Timedelta(text)
    except (ValueError, OverflowError):
        raise refusal(ArgumentInvalid(f"{shown(text)} is no length of time such as '2h' or '-15min'")) from None
    return text


class Resample(Transform):
    """Put the rows into bins of time, and aggregate each bin to one row.

    The bins come first, in a column called as `on`, empty ones too; then the new columns in written order. With `by`,
    each group has bins of its own, from its first time to its last, behind its keys. Rows without a time, or with a
    null key, are left out. Integers of empty bins are null. `ffill`, `nearest` and other ways to make rows between
    rows are `asfreq` and `interpolate`; periods are no times.
    """

    op = "resample"
    family = "groups"
    follows = Follows.NAMES
    example: ClassVar[Example] = Example(
        inputs={
            "df": [
                {"at": "2024-01-31 09:00", "amount": 10.0},
                {"at": "2024-03-01 12:00", "amount": 2.5},
                {"at": "2024-03-31 18:00", "amount": 4.0},
            ]
        },
        pipeline=[
            {"op": "to_datetime", "columns": "at"},
            {"op": "resample", "rule": "MS", "on": "at", "agg": {"total": ["amount", "sum"], "rows": [None, "size"]}},
            {"op": "assign", "columns": {"at": "at.dt.strftime('%Y-%m')"}},
        ],
        result=[
            {"at": "2024-01", "total": 10.0, "rows": 1},
            {"at": "2024-02", "total": 0.0, "rows": 0},
            {"at": "2024-03", "total": 6.5, "rows": 2},
        ],
    )

    rule: Frequency
    """How long a bin is: `15min`, `D`, `W-SUN`, `MS`."""
    on: str
    """The column of times, in any order."""
    agg: NamedBins
    """New column → `[source, function]` or `[source, function, {arguments}]`."""
    by: Names | None = None
    """Bins within the groups that these columns make."""
    closed: Literal["right", "left"] | None = None
    """Which end belongs to a bin; without it `left`, but `right` for ends of months, quarters, years and for weeks."""
    label: Literal["right", "left"] | None = None
    """Which end a bin is called after; without it as `closed`."""
    origin: Annotated[str, AfterValidator(_origin)] = "start_day"
    """From where bins are counted: a time, or `start_day`, `start`, `end`, `end_day`, `epoch`."""
    offset: Annotated[str, AfterValidator(_span)] | None = None
    """By how much bins begin later."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """One row per bin."""
        keys = tuple(require_keys(frame, "by", self.by))
        self._check_names(keys)
        times = times_of(frame, self.on, "/on")
        groups = Groups(keys, sort=True, dropna=True, observed=True).of(frame) if keys else None
        words = {"closed": self.closed, "label": self.label, "origin": self._origin_for(times), "offset": self.offset}
        bins = Bins.of(times, groups, Binning(self.rule, words), around, self.on)
        grouping = bins.grouping([] if groups is None else groups.keys)
        ordered = rows_of(frame, bins.order)
        made = [one(ordered, grouping, entry, pointer("agg", name, 0)) for name, entry in self.agg.items()]
        return frame_of([*keys, self.on, *self.agg], [*grouping.keys, *made], grouping.count)

    def _origin_for(self, times: Any) -> Any:
        return self.origin if self.origin in _PLACES else _in_zone(pd.Timestamp(self.origin), times)

    def _check_names(self, keys: tuple[str, ...]) -> None:
        for place, key in enumerate(keys):
            if key in keys[:place] or key == self.on:
                raise ColumnTaken(key, pointer("by", place))
        for name in self.agg:
            if name in keys or name == self.on:
                raise ColumnTaken(name, pointer("agg", name))

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """How far the times are apart, the data alone tells."""
        return None

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # every aggregation is made
        """The times, the keys and the sources."""
        read = (name for entry in self.agg.values() for name in entry.columns)
        return plus(frozenset({self.on, *name_list(self.by)}), read)


def _in_zone(origin: pd.Timestamp, times: Any) -> pd.Timestamp:
    """A naive origin is the wall clock of the times."""
    zone = getattr(times, "tz", None)
    if zone is not None and origin.tz is None:
        return origin.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return origin


class AsFreq(Transform):
    """The rows at each step of a frequency from the first time to the last; where there is no row, a new one.

    `on` comes first, as a time. New rows hold null (or `fill_value`, or what `method` takes from their neighbours);
    integers and booleans then become nullable. A time may not come twice: resample such rows.
    """

    op = "asfreq"
    family = "groups"
    follows = Follows.NAMES
    example: ClassVar[Example] = Example(
        inputs={"df": [{"day": "2024-02-28", "sold": 3}, {"day": "2024-03-01", "sold": 5}]},
        pipeline=[
            {"op": "to_datetime", "columns": "day"},
            {"op": "asfreq", "freq": "D", "on": "day", "fill_value": 0},
            {"op": "assign", "columns": {"day": "day.dt.strftime('%m-%d')"}},
        ],
        result=[{"day": "02-28", "sold": 3}, {"day": "02-29", "sold": 0}, {"day": "03-01", "sold": 5}],
    )

    freq: Frequency
    """The frequency: `15min`, `D`, `MS`."""
    on: str
    """The column of times."""
    method: Literal["pad", "ffill", "backfill", "bfill"] | None = None
    """Fill new rows from the row before (`ffill`, `pad`) or behind (`bfill`, `backfill`); `on` has to be in order."""
    normalize: bool = False
    """Put the times at midnight."""
    fill_value: Scalar = None
    """What stands in new rows; without it, null."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """One row for each step."""
        times = times_of(frame, self.on, "/on")
        if not isinstance(times, pd.DatetimeIndex):
            raise self._unsuitable(frame, f"is {times.dtype}, and this wants dates or times")
        refuse_nulls(times, frame, self.on, "/on")
        self._check(frame, times, around.max_rows)
        rest = frame.loc[:, frame.columns != self.on].set_axis(times, axis=0)
        stepped = self._stepped(rest)
        index = stepped.index
        column = index.array if isinstance(index.dtype, pd.DatetimeTZDtype) else index.to_numpy()
        arrays = [column_array(stepped, place) for place in range(stepped.shape[1])]
        return frame_of([self.on, *map(str, stepped.columns)], [column, *arrays], len(stepped))

    def _check(self, frame: pd.DataFrame, times: pd.DatetimeIndex, limit: int) -> None:
        if not len(times):
            return
        rows = steps_between(times.min(), times.max(), step_length(self.freq))
        if rows > limit:
            raise OutputTooLarge("rows", rows, limit, "limits.rows", "/freq")
        twice = times.duplicated()
        if twice.any():
            error = self._unsuitable(frame, f"has a time twice (again in row {int(twice.argmax()) + 1}); resample it")
            error.rows = (int(twice.argmax()),)
            raise error
        if self.method is not None and not (times.is_monotonic_increasing or times.is_monotonic_decreasing):
            raise self._unsuitable(frame, "is not in order, which 'method' needs; use sort_values first")

    def _unsuitable(self, frame: pd.DataFrame, what: str) -> DtypeUnsuitable:
        dtype = str(frame[self.on].dtype)
        return DtypeUnsuitable(f"column {self.on!r} {what}", column=self.on, dtype=dtype, pointer="/on")

    def _stepped(self, rest: pd.DataFrame) -> pd.DataFrame:
        """The other columns along the frequency."""
        if self.fill_value is None:
            with naming("asfreq", self.on, rest.index.dtype, "/on"):
                made = nullable(rest).asfreq(self.freq, method=self.method, normalize=self.normalize)
            return settled(made.copy(deep=False), list(rest.dtypes))
        for name, dtype in zip(rest.columns, rest.dtypes, strict=True):
            if not holds(dtype, self.fill_value):
                detail = f"{shown(self.fill_value)} does not fit column {name!r} ({dtype})"
                raise DtypeUnsuitable(detail, column=str(name), dtype=str(dtype), pointer="/fill_value")

        def call(part: pd.DataFrame) -> pd.DataFrame:
            return part.asfreq(self.freq, method=self.method, normalize=self.normalize, fill_value=self.fill_value)

        try:
            return answer(rest, self.op, call)
        except DtypeUnsuitable as error:
            raise error.inside("/fill_value") from error.__cause__

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """How far the times are apart, the data alone tells."""
        return None

    def needs(self, wanted: Columns) -> Columns:
        """The times too; a value to fill in must fit all columns."""
        return ALL if self.fill_value is not None else plus(wanted, [self.on])
