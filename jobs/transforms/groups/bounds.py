"""The window of each row: where it begins and where it ends, for all groups in one pass of pandas' kernels.

The rows stand group by group. pandas' own windows of groups cost about 0.1 ms of Python for each group; these cost a
few operations over all rows, or for windows of time one call of pandas' own bounds per group.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api.indexers import BaseIndexer
from pandas.core.indexers.objects import VariableWindowIndexer  # type: ignore[attr-defined]  # the stubs lack it

from jobs.transforms.groups.grouping import Grouping

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows group by group: `order` are their positions in the frame, `starts` and `ends` those of their group here."""

    order: Array
    starts: Array
    ends: Array

    @classmethod
    def of(cls, grouping: Grouping | None, rows: int) -> Self:
        """The rows of these groups, those in none left out; without a grouping all rows are one group."""
        if grouping is None:
            return cls(np.arange(rows), np.zeros(min(rows, 1), "int64"), np.full(min(rows, 1), rows, "int64"))
        order = np.argsort(grouping.ids, kind="stable")
        order = order[np.searchsorted(grouping.ids[order], 0) :]
        sizes = grouping.sizes()
        sizes = sizes[sizes > 0]
        ends = np.cumsum(sizes).astype("int64")
        return cls(order, ends - sizes, ends)

    def back(self, values: Array, rows: int) -> Array:
        """Values of these rows at their places in the frame; NaN for rows in no group."""
        placed = np.full(rows, np.nan)
        placed[self.order] = values
        return placed

    @property
    def group_of_row(self) -> Array:
        """Which group each of these rows is in."""
        return np.repeat(np.arange(len(self.starts)), self.ends - self.starts)


class Given(BaseIndexer):
    """Windows that are known already."""

    def __init__(self, start: Array, end: Array) -> None:
        super().__init__()
        self.start, self.end = start, end

    def get_window_bounds(
        self,
        num_values: int = 0,  # noqa: ARG002  # pandas' signature
        min_periods: int | None = None,  # noqa: ARG002  # as above
        center: bool | None = None,  # noqa: ARG002  # as above
        closed: str | None = None,  # noqa: ARG002  # as above
        step: int | None = None,  # noqa: ARG002  # as above
    ) -> tuple[Array, Array]:
        """The bounds of all windows."""
        return self.start, self.end


def of_rows(rows: Sorted, window: int, *, center: bool, closed: str | None) -> Given:
    """Windows of so many rows, each within its group."""
    group = rows.group_of_row
    end = np.arange(len(rows.order), dtype="int64") + 1 + ((window - 1) // 2 if center or not window else 0)
    start = end - window - (closed in ("left", "both"))
    end = end - (closed in ("left", "neither"))
    low, high = rows.starts[group], rows.ends[group]
    return Given(np.clip(start, low, high).astype("int64"), np.clip(end, low, high).astype("int64"))


def of_time(rows: Sorted, times: pd.Index, window: pd.Timedelta, *, center: bool, closed: str | None) -> Given:
    """Windows of so much time along `times`, the times of these rows, each within its group."""
    stamps: Array = times.asi8  # type: ignore[attr-defined]  # an index of times has it
    size = int(window.as_unit(times.unit)._value)  # type: ignore[attr-defined]  # noqa: SLF001  # as pandas itself
    start, end = np.empty(len(stamps), "int64"), np.empty(len(stamps), "int64")
    for low, high in zip(rows.starts.tolist(), rows.ends.tolist(), strict=True):
        indexer = VariableWindowIndexer(index_array=stamps[low:high], window_size=size)
        found = indexer.get_window_bounds(high - low, 0, center, closed, None)
        start[low:high], end[low:high] = found[0] + low, found[1] + low
    return Given(start, end)


def so_far(rows: Sorted) -> Given:
    """All rows of the group up to each."""
    return Given(rows.starts[rows.group_of_row].astype("int64"), np.arange(1, len(rows.order) + 1, dtype="int64"))


def whole(rows: Sorted) -> Given:
    """The groups themselves, for weights that fall off."""
    return Given(rows.starts.astype("int64"), rows.ends.astype("int64"))
