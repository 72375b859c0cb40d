"""The properties and methods of `.dt`: of dates and times, and of durations."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from jobs.expressions.entries import Entry, Param, table
from jobs.expressions.normal import load
from jobs.expressions.periods import PERIOD_FIELDS, PERIODS, to_period, to_timestamp
from jobs.expressions.values import Clash, Logical, Value, family, is_scalar, nulls

_Of = Callable[[Any], Any]


def _number(get: _Of) -> _Of:
    """A field as an integer: nullable where a date is null, never a float."""

    def run(target: pd.Series) -> Value:
        field = get(target.dt)
        if field.dtype.kind != "f":
            return field.to_numpy()
        null = field.isna().to_numpy()
        data = np.where(null, 0, field.to_numpy()).astype("int32")
        return pd.Series(pd.arrays.IntegerArray(data, null), index=target.index) if null.any() else data

    return run


def _flag(get: _Of) -> _Of:
    def run(target: pd.Series) -> Value:
        null = nulls(target)
        return Logical(get(target.dt).to_numpy() & ~null, null if null.any() else None)

    return run


def _plain(get: _Of) -> _Of:
    return lambda target: load(get(target.dt))


def _dates(target: pd.Series) -> Value:
    return load(target.dt.tz_localize(None).dt.normalize())


def _iso(part: str) -> _Of:
    def run(target: pd.Series) -> Value:
        field = target.dt.isocalendar()[part]
        if field.hasnans:
            return field.astype("Int32")
        return field.to_numpy(dtype="int32")

    return run


MOMENT_FIELDS: Mapping[str, tuple[str, _Of]] = {
    "year": ("the year", _number(lambda dt: dt.year)),
    "month": ("the month, 1 to 12", _number(lambda dt: dt.month)),
    "day": ("the day of the month", _number(lambda dt: dt.day)),
    "hour": ("the hour", _number(lambda dt: dt.hour)),
    "minute": ("the minute", _number(lambda dt: dt.minute)),
    "second": ("the second", _number(lambda dt: dt.second)),
    "microsecond": ("the microsecond", _number(lambda dt: dt.microsecond)),
    "nanosecond": ("the nanosecond", _number(lambda dt: dt.nanosecond)),
    "quarter": ("the quarter, 1 to 4", _number(lambda dt: dt.quarter)),
    "weekday": ("the day of the week, Monday is 0", _number(lambda dt: dt.day_of_week)),
    "dayofweek": ("the day of the week, Monday is 0", _number(lambda dt: dt.day_of_week)),
    "day_of_week": ("the day of the week, Monday is 0", _number(lambda dt: dt.day_of_week)),
    "dayofyear": ("the day of the year", _number(lambda dt: dt.day_of_year)),
    "day_of_year": ("the day of the year", _number(lambda dt: dt.day_of_year)),
    "days_in_month": ("how many days the month has", _number(lambda dt: dt.days_in_month)),
    "daysinmonth": ("how many days the month has", _number(lambda dt: dt.days_in_month)),
    "week": ("the ISO week", _iso("week")),
    "isoyear": ("the year of the ISO week", _iso("year")),
    "isoday": ("the day of the ISO week, Monday is 1", _iso("day")),
    "date": ("midnight of the day, without a time zone", _dates),
    "is_month_start": ("whether it is the first of a month", _flag(lambda dt: dt.is_month_start)),
    "is_month_end": ("whether it is the last of a month", _flag(lambda dt: dt.is_month_end)),
    "is_quarter_start": ("whether it is the first of a quarter", _flag(lambda dt: dt.is_quarter_start)),
    "is_quarter_end": ("whether it is the last of a quarter", _flag(lambda dt: dt.is_quarter_end)),
    "is_year_start": ("whether it is the first of a year", _flag(lambda dt: dt.is_year_start)),
    "is_year_end": ("whether it is the last of a year", _flag(lambda dt: dt.is_year_end)),
    "is_leap_year": ("whether the year has 366 days", _flag(lambda dt: dt.is_leap_year)),
}
SPAN_FIELDS: Mapping[str, tuple[str, _Of]] = {
    "days": ("whole days", _number(lambda dt: dt.days)),
    "seconds": ("seconds beside the days", _number(lambda dt: dt.seconds)),
    "microseconds": ("microseconds beside the seconds", _number(lambda dt: dt.microseconds)),
    "nanoseconds": ("nanoseconds beside the microseconds", _number(lambda dt: dt.nanoseconds)),
}


_KINDS: Mapping[str, str] = {"moment": "dates or times", "span": "durations", "period": "periods"}
_FIELDS = {"moment": MOMENT_FIELDS, "span": SPAN_FIELDS, "period": PERIOD_FIELDS}


def field(target: Value, name: str) -> Value:
    """A property of `.dt`; raises Clash where the value is no date or duration, or has no such property."""
    known = _FIELDS.get(family(target))
    if known is None or is_scalar(target):
        raise Clash(".dt wants a column of dates, times or durations; astype('datetime64[us]') makes one of ISO text")
    if name not in known:
        raise Clash(f".dt.{name} is not a property of {_KINDS[family(target)]}")
    return known[name][1](target)


def _method(wanted: tuple[str, ...], run: Callable[..., Any], *, whole: bool = False) -> Callable[..., Value]:
    """An entry for columns of these kinds; `run` gets their `.dt`, or the column itself where `whole`."""

    def apply(index: pd.Index, target: Value, **arguments: Any) -> Value:  # noqa: ARG001  every entry gets the index
        if family(target) not in wanted or is_scalar(target):
            raise Clash(f"this method wants a column of {' or '.join(_KINDS[kind] for kind in wanted)}")
        try:
            return load(run(target if whole else target.dt, **arguments))
        except (TypeError, ValueError, OverflowError) as error:
            raise Clash(str(error)[:300]) from None

    return apply


def _cut(name: str) -> Callable[..., Value]:
    """`floor`, `ceil` or `round`, of times and durations."""

    def run(dt: Any, freq: str) -> Any:
        return {"floor": dt.floor, "ceil": dt.ceil, "round": dt.round}[name](freq)

    return _method(("moment", "span"), run)


_FREQ = (Param("freq", "frequency"),)

TIMES = table(
    [
        Entry("floor", "cut to the unit", _cut("floor"), _FREQ),
        Entry("ceil", "up to the next unit", _cut("ceil"), _FREQ),
        Entry("round", "to the nearest unit", _cut("round"), _FREQ),
        Entry("normalize", "midnight of the day", _method(("moment",), lambda dt: dt.normalize())),
        Entry(
            "to_period",
            "the period that holds it",
            _method(("moment",), to_period, whole=True),
            (Param("freq", "text", choices=PERIODS),),
        ),
        Entry(
            "strftime",
            "as text by a format such as '%Y-%m'",
            _method(("moment", "period"), lambda dt, date_format: dt.strftime(date_format)),
            (Param("date_format", "format"),),
        ),
        Entry("day_name", "the English name of the day", _method(("moment",), lambda dt: dt.day_name())),
        Entry("month_name", "the English name of the month", _method(("moment",), lambda dt: dt.month_name())),
        Entry(
            "tz_localize",
            "naive times as times of this zone; None takes the zone away",
            _method(("moment",), lambda dt, tz: dt.tz_localize(tz, ambiguous="NaT", nonexistent="NaT")),
            (Param("tz", "zone", None),),
        ),
        Entry(
            "tz_convert",
            "the same instant in another zone",
            _method(("moment",), lambda dt, tz: dt.tz_convert(tz)),
            (Param("tz", "zone"),),
        ),
        Entry(
            "as_unit",
            "with this resolution",
            _method(("moment", "span"), lambda dt, unit: dt.as_unit(unit)),
            (Param("unit", "text", choices=("s", "ms", "us", "ns")),),
        ),
        Entry(
            "to_timestamp",
            "the time at which a period begins, or ends",
            _method(("period",), to_timestamp, whole=True),
            (Param("how", "text", "start", ("start", "end")),),
        ),
        Entry("total_seconds", "the duration in seconds", _method(("span",), lambda dt: dt.total_seconds())),
    ]
)
