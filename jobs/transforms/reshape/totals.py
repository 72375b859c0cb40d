"""Aggregates by key numbers: what `pivot_table` and `crosstab` put into their cells and margins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from jobs.errors import DtypeUnsuitable
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.groups import kernels
from jobs.transforms.groups.named import Aggregation
from jobs.transforms.reshape.combinations import Ids
from jobs.transforms.reshape.grid import values_of

Function = Literal[
    "all", "any", "count", "first", "idxmax", "idxmin", "kurt", "last", "max", "mean", "median", "min", "nunique",
    "prod", "sem", "size", "skew", "std", "sum", "var",
]  # fmt: skip
"""A named aggregation of one column; `size` counts rows, whatever the column."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is aggregated: a function, its column (None for `size`), and the parts of the name it gives."""

    function: Function
    column: str | None
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """The aggregates of a measure each, by group, and the group of each key (-1: none)."""

    values: tuple[Any, ...]
    place: Ids

    def present(self) -> "Totals":
        """Without the groups in which every measure is null."""
        if not self.values:
            return self
        null = np.logical_and.reduce([np.asarray(pd.isna(values)) for values in self.values])
        return Totals(self.values, np.where(np.append(null, True)[self.place], -1, self.place))


def totals(
    frame: pd.DataFrame, ids: Ids, count: int, measures: Sequence[Measure], at: str, *, full: bool = False
) -> Totals:
    """The measures over the rows of each key, `ids` saying which of `count` keys a row has (-1: none).

    `full`: keys without rows are groups too, with what the functions make of nothing. Raises DtypeUnsuitable at `at`.
    """
    columns = list(dict.fromkeys(one.column for one in measures if one.column is not None))
    work = frame.loc[ids >= 0, columns]
    key = "key"
    while key in columns:
        key += "_"
    numbers: Any = ids[ids >= 0]
    if full:
        numbers = pd.Categorical.from_codes(numbers, categories=pd.RangeIndex(count))
    work.insert(0, key, numbers)
    result = _aggregated(work, key, measures, at, observed=not full)
    groups = result.iloc[:, 0].to_numpy().astype(np.int64)
    place = np.full(count, -1, np.int64)
    place[groups] = np.arange(len(groups))
    return Totals(tuple(values_of(result.iloc[:, 1 + n]) for n in range(len(measures))), place)


def _aggregated(work: pd.DataFrame, key: str, measures: Sequence[Measure], at: str, *, observed: bool) -> pd.DataFrame:
    named = {
        str(number): Aggregation(one.function, one.column if one.function != "size" else None)
        for number, one in enumerate(measures)
    }
    try:
        return kernels.aggregate(work, [key], named, observed=observed)
    except (*REFUSALS, DtypeUnsuitable) as error:
        if len(measures) == 1:
            raise _refused(work, measures[0], error, at) from error
        for one in measures:  # which of them it is
            _aggregated(work, key, [one], at, observed=observed)
        raise


def _refused(work: pd.DataFrame, measure: Measure, error: Exception, at: str) -> DtypeUnsuitable:
    column = str(measure.column)
    dtype = str(work[column].dtype) if column in work.columns else ""
    why = error.detail if isinstance(error, DtypeUnsuitable) else reason(error)
    detail = f"{measure.function} cannot work on column {column!r} ({dtype}): {why}"
    return DtypeUnsuitable(detail, column=column, dtype=dtype, pointer=at)
