"""Rows put into bins of time, each group's own: which bins there are, and which bin each row is in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from jobs.errors import OutputTooLarge
from jobs.transforms.base import Surroundings
from jobs.transforms.groups.grouping import Grouping, column_of
from jobs.transforms.groups.kernels import naming
from jobs.transforms.groups.times import step_length, steps_between


@dataclass(frozen=True, slots=True)
class Binning:
    """By what rows are put into bins: the rule, and pandas' words for where bins begin and how they are labelled."""

    rule: str
    words: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bins:
    """The bins of all groups, group by group: their labels, how many rows each has, and the rows in their order."""

    labels: Any
    sizes: np.ndarray[Any, Any]
    order: np.ndarray[Any, Any]
    per_group: np.ndarray[Any, Any]

    @classmethod
    def of(cls, times: Any, grouping: Grouping | None, binning: Binning, around: Surroundings, name: str) -> Self:
        """The bins of these times; rows without time or group are in none.

        Raises OutputTooLarge before more bins are made than there may be rows, and DtypeUnsuitable where pandas makes
        no bins of such times.
        """
        stamps, known = times.asi8, ~np.asarray(times.isna())
        ids = np.zeros(len(times), "int64") if grouping is None else grouping.ids
        known &= ids >= 0
        if grouping is None and times.is_monotonic_increasing:
            order = np.arange(len(times))
        else:
            order = np.lexsort((stamps, ids))  # stable: rows of one time stay in their order
        order = order[known[order]]
        borders = np.flatnonzero(np.diff(ids[order], prepend=-1))
        parts = [times[rows] for rows in np.split(order, borders[1:])] if len(order) else []
        _check(parts, binning.rule, around.max_rows)
        made = []
        for part in parts:
            around.context.check_canceled()
            with naming("resample", name, times.dtype, "/on"):
                made.append(pd.Series(0, index=part).resample(binning.rule, **binning.words).size())
        per_group = np.array([len(one) for one in made], dtype="int64")
        if grouping is not None:
            whole = np.zeros(grouping.count, dtype="int64")
            whole[ids[order][borders]] = per_group
            per_group = whole
        if not made:
            return cls(times[:0], np.zeros(0, "int64"), order, per_group)
        labels = made[0].index.append([one.index for one in made[1:]])
        return cls(labels, np.concatenate([one.to_numpy() for one in made]), order, per_group)

    def grouping(self, keys: list[Any]) -> Grouping:
        """The rows, in the order of the bins, grouped by bin; `keys` are those of the groups."""
        count = len(self.labels)
        ids = np.repeat(np.arange(count), self.sizes)
        # with all bins as categories, so that empty ones are groups too
        bins: Any = pd.Categorical.from_codes(ids, categories=pd.RangeIndex(count), validate=False)
        grouped: Any = pd.Series(ids).groupby(bins, observed=False)
        of_bins = np.repeat(np.arange(len(self.per_group)), self.per_group)
        repeated = [key.take(of_bins) for key in keys]
        return Grouping(ids, count, [*repeated, column_of(self.labels)], grouped._grouper)  # noqa: SLF001  # as in grouping


def _check(parts: list[Any], rule: str, limit: int) -> None:
    """Raise OutputTooLarge where there would be too many bins."""
    if not parts:
        return
    length = step_length(rule)
    bins = sum(steps_between(part[0], part[-1], length) for part in parts)
    if bins > limit:
        raise OutputTooLarge("rows", bins, limit, "limits.rows", "/rule")


def rows_of(frame: pd.DataFrame, order: np.ndarray[Any, Any]) -> pd.DataFrame:
    """These rows of the frame, with a plain index."""
    if len(order) == len(frame) and bool((order == np.arange(len(order))).all()):
        return frame
    return frame.take(order).set_axis(pd.RangeIndex(len(order)), axis=0)
