"""The properties and methods of `.dt` on periods, as `to_period` makes them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from jobs.expressions.moments import parse_moment
from jobs.expressions.normal import load
from jobs.expressions.values import Clash, Value

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
PERIODS: Final = (
    *("Y", "Q", "M", "W", "D", "h", "min", "s", "ms", "us"),
    *(f"{unit}-{month}" for unit in "YQ" for month in _MONTHS),
    *(f"W-{day}" for day in _DAYS),
)  # fmt: skip
_YEAR = re.compile(r"[0-9]{4}")
_QUARTER = re.compile(r"[0-9]{4}[qQ][1-4]")
_Of = Callable[[Any], Any]


def _number(get: _Of) -> _Of:
    def run(target: pd.Series) -> Value:
        null = target.isna().to_numpy()
        field = get(target.dt)
        if not null.any():
            return field.to_numpy()
        return pd.Series(pd.arrays.IntegerArray(field.fillna(0).to_numpy().astype("int64"), null), index=target.index)

    return run


PERIOD_FIELDS: Mapping[str, tuple[str, _Of]] = {
    "year": ("the year", _number(lambda dt: dt.year)),
    "qyear": ("the year that the quarter counts for", _number(lambda dt: dt.qyear)),
    "quarter": ("the quarter, 1 to 4", _number(lambda dt: dt.quarter)),
    "month": ("the month, 1 to 12", _number(lambda dt: dt.month)),
    "day": ("the day of the month of its end", _number(lambda dt: dt.day)),
    "days_in_month": ("how many days the month has", _number(lambda dt: dt.days_in_month)),
    "start_time": ("the time at which it begins", lambda target: load(target.dt.start_time)),
    "end_time": ("the last time that is in it", lambda target: load(target.dt.end_time)),
}


def to_period(target: pd.Series, freq: str) -> Value:
    """The period that holds each time."""
    return target.dt.tz_localize(None).dt.to_period(freq)


def to_timestamp(target: pd.Series, how: str) -> Value:
    """The start or the end of each period as a time."""
    return load(target.dt.to_timestamp(how=how))


def parse_period(text: str, other: Any) -> pd.Period:
    """A period of the frequency of `other` (a period, or a column of them) from text such as '2024-01' or '2024Q1'.

    Raises Clash for anything else.
    """
    freq = other.dt.freq if isinstance(other, pd.Series) else other.freq
    if not _QUARTER.fullmatch(text):
        moment = parse_moment(f"{text}-01" if _YEAR.fullmatch(text) else text)
        return pd.Period(moment.tz_localize(None), freq=freq)
    try:
        return pd.Period(text, freq=freq)
    except ValueError:
        raise Clash(f"{text!r} is no period such as '2024', '2024-01' or '2024Q1'") from None
