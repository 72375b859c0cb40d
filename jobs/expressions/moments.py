"""Dates, times and durations: literals, alignment of time zones, and the functions that make them."""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import pandas as pd

from jobs.expressions.values import Clash, Value

_ISO = re.compile(r"[+-]?\d{4,6}-\d\d(-\d\d)?([T ]\d\d(:\d\d(:\d\d([.,]\d{1,9})?)?)?\s*(Z|[+-]\d\d:?\d\d)?)?")
_SPAN = re.compile(
    r"[-+]?\s*(P[\dTDHMSW.]+|(\d+(\.\d+)?\s*[A-Za-zµ]+\s*)+|(\d+\s*days?,?\s*)?\d+:\d\d(:\d\d(\.\d+)?)?)"
)
_FREQUENCY = re.compile(r"(\d{0,6})(D|h|min|s|ms|us|ns)")
_ZONE = re.compile(r"[A-Za-z0-9_+\-/:]{1,64}")
# ten thousand years, beyond which there is no date
_FARTHEST = {"years": 10_000, "months": 120_000, "weeks": 521_775, "days": 3_652_425, "hours": 87_658_200}


@lru_cache(maxsize=256)
def parse_moment(text: str) -> pd.Timestamp:
    """An ISO 8601 date or time as a Timestamp; raises Clash for anything else."""
    if not _ISO.fullmatch(text.strip()):
        raise Clash(f"{text[:60]!r} is no ISO date or time such as '2024-01-31' or '2024-01-31T12:30:00Z'")
    try:
        return pd.Timestamp(text.strip())
    except (ValueError, OverflowError) as error:
        raise Clash(f"{text[:60]!r} is no date: {error}") from None


def offset_text(text: str) -> bool:
    """Whether a text is written as a duration."""
    return bool(_SPAN.fullmatch(text.strip()))


def parse_span(text: str) -> pd.Timedelta:
    """A duration such as '90D', '1h 30min' or ISO 8601 'P1DT2H'; raises Clash for anything else."""
    if not offset_text(text):
        raise Clash(f"{text[:60]!r} is no duration such as '90D', '1h 30min' or 'P1DT2H'")
    try:
        return pd.Timedelta(text.strip())
    except (ValueError, OverflowError) as error:
        raise Clash(f"{text[:60]!r} is no duration: {error}") from None


def zone(value: Value) -> Any:
    """The time zone of a moment or a column of them; None where it is naive."""
    if isinstance(value, pd.Series):
        return getattr(value.dtype, "tz", None)
    return value.tzinfo if isinstance(value, datetime) else None


def align(left: Value, right: Value) -> tuple[Value, Value]:
    """Two moments made comparable.

    A naive literal beside an aware column is that column's wall clock; a naive column beside anything aware is UTC.
    """
    left, right = _stamp(left), _stamp(right)
    one, two = zone(left), zone(right)
    if (one is None) == (two is None):
        return left, right
    return (_aware(left, two), right) if one is None else (left, _aware(right, one))


def _stamp(value: Value) -> Value:
    return pd.Timestamp(value) if isinstance(value, date) and not isinstance(value, datetime) else value


def _aware(value: Value, other: Any) -> Value:
    if isinstance(value, pd.Series):
        return value.dt.tz_localize("UTC")
    return value.tz_localize(other, ambiguous=False, nonexistent="shift_forward")


def make_offset(**parts: int) -> pd.DateOffset:
    """A calendar offset such as `offset(months=3)`."""
    for part, count in parts.items():
        if abs(count) > _FARTHEST.get(part, 2**31):
            raise Clash(f"offset goes up to {_FARTHEST[part]:,} {part}, and {count:,} are wanted")
    return pd.DateOffset(**parts)  # type: ignore[arg-type]  # checked names, whole numbers


def zone_name(name: str) -> str:
    """A time zone's name, checked; raises Clash where there is none such."""
    if not _ZONE.fullmatch(name) or name.startswith(("/", ".")):
        raise Clash(f"{name[:60]!r} is no time zone such as 'UTC' or 'Europe/Berlin'")
    try:
        pd.Timestamp(0, tz=name)
    except Exception as error:  # noqa: BLE001  zoneinfo and pytz raise errors of many kinds
        raise Clash(f"{name[:60]!r} is no time zone: {type(error).__name__}") from None
    return name


def frequency(text: str) -> str:
    """A unit of time, or so many of them, to which times are cut; raises Clash for anything else."""
    found = _FREQUENCY.fullmatch(text)
    if found is None or found[1].strip("0") == "" != found[1]:
        raise Clash(f"{text[:60]!r} is no unit of time such as 'D', 'h', '15min' or '10s'")
    return text
