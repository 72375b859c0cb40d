"""Two frames whose rows belong together one to one: by position, or by columns that act as an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from jobs.codecs.blocks import labels_of
from jobs.errors import ColumnAmbiguous, DtypeUnsuitable, StepFailed
from jobs.transforms.arguments import Names, name_list
from jobs.transforms.combine.keys import KeyPair, compared, key_pair, key_pairs, one_array
from jobs.transforms.combine.matching import as_one
from jobs.transforms.combine.meaning import canonical, cast, common_dtype
from jobs.transforms.combine.take import Positions, taken, unwrapped
from jobs.transforms.combine.uniqueness import check_unique


@dataclass(frozen=True, slots=True)
class Index:
    """What acts as the index of both frames: pairs of columns, or with none of them the position of a row."""

    pairs: list[KeyPair]
    ours: np.ndarray[Any, Any]
    theirs: np.ndarray[Any, Any]

    @property
    def same(self) -> bool:
        """Whether both have the same index, in the same order."""
        return np.array_equal(self.ours, self.theirs)

    def found(self) -> Positions:
        """The row of the other frame that has the index of each of ours, -1 where there is none."""
        rows: Positions = pd.Index(self.theirs).get_indexer(pd.Index(self.ours))
        return rows

    def union(self) -> tuple[Positions, Positions]:
        """The rows of both frames for each index that one of them has, sorted where they are not alike."""
        if self.same or not len(self.theirs):
            whole = self.ours
        else:
            whole = self.theirs if not len(self.ours) else np.union1d(self.ours, self.theirs)
        ours, theirs = (pd.Index(one).get_indexer(pd.Index(whole)) for one in (self.ours, self.theirs))
        return ours, theirs


def index_of(frame: pd.DataFrame, other: pd.DataFrame, on: Names | None, *, unique: tuple[str, ...]) -> Index:
    """The index that `on` names; `unique` are the sides (left, right) on which it may not repeat.

    Raises ColumnUnknown, ColumnAmbiguous, DtypeUnsuitable, and StepFailed that shows the keys that repeat.
    """
    for one in (frame, other):
        _no_twins(one)
    if on is None:
        return Index([], np.arange(len(frame)), np.arange(len(other)))
    pairs = key_pairs(frame, other, on, None, None)
    check_unique(pairs, unique, "on")
    return Index(pairs, *as_one([compared(pair, sort=True) for pair in pairs]))


def _no_twins(frame: pd.DataFrame) -> None:
    if not frame.columns.is_unique:
        raise ColumnAmbiguous(frame.columns[frame.columns.duplicated()][0], "/other")


def value_names(frame: pd.DataFrame, on: Names | None) -> list[str]:
    """The columns that are no index."""
    keys = set(name_list(on))
    return [name for name in labels_of(frame) if name not in keys]


def in_common(name: str, frame: pd.DataFrame, other: pd.DataFrame, op: str) -> tuple[Any, Any]:
    """The column of both frames in the one dtype that holds the values of both; raises DtypeUnsuitable."""
    ours, theirs = one_array(frame, name), one_array(other, name)
    if ours.dtype == theirs.dtype:
        return ours, theirs
    one, two = canonical(ours), canonical(theirs)
    dtype = common_dtype(one.dtype, two.dtype)
    if dtype is None:
        detail = (
            f"{op}: no column can hold column {name!r} ({ours.dtype}) and that of the other frame ({theirs.dtype}); "
            "make them one dtype with astype first"
        )
        raise DtypeUnsuitable(detail, column=name, dtype=str(ours.dtype))
    return cast(one, dtype), cast(two, dtype)


def stacked(ours: Any, theirs: Any) -> Any:
    """The values of two arrays of one dtype, one after the other."""
    if isinstance(ours, np.ndarray):
        return np.concatenate([ours, theirs])
    return unwrapped(pd.concat([pd.Series(ours), pd.Series(theirs).astype(ours.dtype)], ignore_index=True).array)


def picked(ours: Any, theirs: Any, rows: Positions) -> Any:
    """The values at these rows of both arrays, the second one's counted on from the first one's; -1 is a null."""
    return taken(stacked(ours, theirs), rows, missing=bool((rows < 0).any()))


def differ(name: str, frame: pd.DataFrame, other: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Where the column has another value in the other frame; nulls are equal, dtypes that mean the same no matter."""
    try:
        left, right = compared(key_pair(frame, other, name, name, "/other"), sort=False)
    except DtypeUnsuitable:
        if one_array(frame, name).dtype == one_array(other, name).dtype:
            raise
        nulls = frame[name].isna() & other[name].isna()
        return ~nulls.to_numpy(dtype=bool)
    if not isinstance(left, np.ndarray) or left.dtype == object:
        left, right = as_one([(left, right)])
    both_nan = (left != left) & (right != right)  # noqa: PLR0124  # NaN alone differs from itself
    apart: np.ndarray[Any, Any] = (left != right) & ~both_nan
    return apart


def broken(error: Exception, at: str, column: str | None = None, rows: Sequence[int] = ()) -> StepFailed:
    """What pandas would raise, as an error of a step that points at an argument."""
    failed = StepFailed(error, at, column=column)
    failed.rows = tuple(rows)[:5]
    return failed
