"""Names of columns that were values: each value as text, the texts of several joined."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import Any, Final

import numpy as np
import pandas as pd

from jobs.errors import ColumnTaken

NULL: Final = "null"
"""The name that a null becomes."""
JOIN: Final = "_"


def texts(values: Any) -> list[str]:
    """Each value of an array as text.

    Numbers and durations as pandas prints them, dates and times in ISO 8601 (a timestamp at midnight without a zone as
    its date), null as `null`: each by itself, whatever the other values are.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return [NULL if np.isnan(value) else str(value) for value in values]
    return [text_of(value) for value in pd.Series(values)]


def text_of(value: Any) -> str:
    """One value as text."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return NULL
    if isinstance(value, pd.Timestamp):
        midnight = value.tz is None and value == value.normalize()
        return value.date().isoformat() if midnight else value.isoformat()
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def joined(parts: Iterable[Sequence[str]]) -> list[str]:
    """The parts of each name, joined: as the levels of pandas' columns, from the outermost on."""
    return [JOIN.join(part) for part in parts]


def check_names(names: Iterable[str], at: str) -> None:
    """Raise ColumnTaken, pointing at `at`, where two columns would have one name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ColumnTaken(name, at)
        seen.add(name)
