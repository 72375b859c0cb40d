"""The column of times that windows and bins go along, and the durations and frequencies that arguments name."""

import re
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import pandas_dtype
from pandas.tseries.frequencies import to_offset
from pydantic import AfterValidator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.transforms.arguments import one_column, refusal, shown

_LONGEST: Final = 100
_STEPS: Final = 16
_NEWER: Final = re.compile(r"[Pp]lease use '?([\w-]+)'? instead|Did you mean ([\w-]+)\?")


def times_of(frame: pd.DataFrame, name: str, at: str) -> pd.DatetimeIndex | pd.TimedeltaIndex:
    """The column's values as an index of times, dates as their midnights; nulls stay null.

    Raises ColumnUnknown, ColumnAmbiguous, or DtypeUnsuitable where it holds no times.
    """
    column = one_column(frame, name, at)
    index: pd.DatetimeIndex | pd.TimedeltaIndex | None = _index(column)
    if index is None:
        detail = f"column {name!r} is {column.dtype}, and this wants dates or times; use to_datetime first"
        raise DtypeUnsuitable(detail, column=name, dtype=str(column.dtype), pointer=at)
    return index


def _index(column: pd.Series) -> Any:
    dtype = column.dtype
    if isinstance(dtype, pd.ArrowDtype):
        kind = dtype.pyarrow_dtype
        if pa.types.is_date(kind):
            return pd.DatetimeIndex(column.astype(pd.ArrowDtype(pa.timestamp("us"))).to_numpy(dtype="datetime64[us]"))
        if pa.types.is_timestamp(kind):
            unit = kind.unit if kind.tz is None else f"{kind.unit}, {kind.tz}"
            return pd.DatetimeIndex(column.astype(pandas_dtype(f"datetime64[{unit}]")))
        return (
            pd.TimedeltaIndex(column.astype(pandas_dtype(f"timedelta64[{kind.unit}]")))
            if pa.types.is_duration(kind)
            else None
        )
    if dtype.kind == "M":
        return pd.DatetimeIndex(column)
    return pd.TimedeltaIndex(column) if dtype.kind == "m" else None


def refuse_nulls(times: pd.Index, frame: pd.DataFrame, name: str, at: str) -> None:
    """Raise DtypeUnsuitable with the first row whose time is null."""
    if times.hasnans:
        row = int(np.flatnonzero(np.asarray(times.isna()))[0])
        detail = f"column {name!r} is null in row {row + 1}, and every row needs a time; use dropna first"
        raise _at_row(detail, frame, name, row, at)


def refuse_disorder(times: pd.Index, order: Any, ends: Any, frame: pd.DataFrame, name: str, at: str) -> None:
    """Raise DtypeUnsuitable where times, group by group, run neither up nor down; `order` are their rows."""
    steps = np.diff(times.asi8)  # type: ignore[attr-defined]  # an index of times has it
    within = np.ones(len(steps), dtype=bool)
    within[ends[:-1] - 1] = False
    group = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))[1:]
    down, up = within & (steps < 0), within & (steps > 0)
    both = np.bincount(group[down], minlength=len(ends)) * np.bincount(group[up], minlength=len(ends))
    if both.any():
        place = np.flatnonzero(down & (both > 0)[group])[0] + 1
        detail = f"column {name!r} is not in order at row {order[place] + 1}; use sort_values first"
        raise _at_row(detail, frame, name, int(order[place]), at)


def _at_row(detail: str, frame: pd.DataFrame, name: str, row: int, at: str) -> DtypeUnsuitable:
    error = DtypeUnsuitable(detail, column=name, dtype=str(frame[name].dtype), pointer=at)
    error.rows = (row,)
    return error


def _offset(text: str) -> Any:
    if len(text) > _LONGEST:
        raise refusal(ArgumentInvalid(f"{shown(text)} is too long for a frequency"))
    try:
        offset: Any = to_offset(text)
    except (ValueError, TypeError, OverflowError) as error:
        newer = _NEWER.search(str(error))
        hint = "" if newer is None else f"; pandas now calls it {(newer[1] or newer[2])!r}"
        detail = f"{shown(text)} is no frequency such as '15min', '7D' or 'MS'{hint}"
        raise refusal(ArgumentInvalid(detail)) from None
    if offset.n <= 0:
        raise refusal(ArgumentInvalid(f"a frequency goes forward, and {shown(text)} does not"))
    return offset


def _frequency(text: str) -> str:
    _offset(text)
    return text


def _duration(text: str) -> str:
    offset = _offset(text)
    try:
        found: int = offset.nanos
    except ValueError:
        detail = f"{shown(text)} is no length of time that is always the same, such as '12h' or '7D'"
        raise refusal(ArgumentInvalid(detail)) from None
    if found >= 2**63:
        raise refusal(ArgumentInvalid(f"{shown(text)} is too long"))
    return text


Frequency = Annotated[str, AfterValidator(_frequency)]
"""pandas' name of a frequency: `15min`, `D`, `MS`, `W-SUN`."""
Duration = Annotated[str, AfterValidator(_duration)]
"""A frequency that is always as long: `15min`, `7D`."""


def duration(text: str) -> pd.Timedelta:
    """The length of time that a Duration is."""
    return pd.Timedelta(_offset(text).nanos)


def step_length(frequency: str) -> float | None:
    """About how many seconds a step of the frequency takes, told from a few; None where it takes many years."""
    begin = pd.Timestamp(2000, 1, 1).as_unit("ns")
    try:
        few = (begin + _STEPS * _offset(frequency)) - begin
    except (OverflowError, ValueError):  # nanoseconds reach as far as 2262
        return None
    seconds: float = few.total_seconds()
    return max(seconds, 1e-9) / _STEPS


def steps_between(first: Any, last: Any, length_s: float | None) -> int:
    """About how many steps of that length there are between two times, of any year."""
    if length_s is None:
        return 1
    try:
        apart = last.as_unit("us") - first.as_unit("us")
    except OverflowError:  # beyond 290,000 years
        apart = last.as_unit("s") - first.as_unit("s")
    return 1 + int(apart.total_seconds() / length_s)
