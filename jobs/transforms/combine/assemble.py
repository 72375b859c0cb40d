"""The frame of a join, made from the positions of its rows: each column is taken once, and nothing is copied twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from jobs.codecs.blocks import column_array, frame_of, labels_of
from jobs.errors import ColumnTaken, OutputTooLarge
from jobs.transforms.combine.keys import KeyPair
from jobs.transforms.combine.matching import Outer
from jobs.transforms.combine.take import Positions, taken

Rows = tuple[Positions | None, Positions | None]
Suffixes = tuple[str | None, str | None]
_SIDES: Final = ("left_only", "right_only", "both")


@dataclass(frozen=True, slots=True)
class Joined:
    """The columns of a join: of the left frame all, of the right one those whose places are in `right_places`."""

    left: pd.DataFrame
    right: pd.DataFrame
    names: list[str]
    right_places: list[int]

    def place(self, name: str, *, left: bool) -> int:
        """Where a column of the left or of the right frame is in the join; a key of both is at the left one's place."""
        theirs = labels_of(self.right).index(name) if not left else -1
        if theirs not in self.right_places:
            return labels_of(self.left).index(name)
        return self.left.shape[1] + self.right_places.index(theirs)


def layout(
    left: pd.DataFrame,
    right: pd.DataFrame,
    pairs: Sequence[KeyPair],
    suffixes: Suffixes,
    indicator: str | None,
    max_columns: int,
) -> Joined:
    """The names of a join's columns, told before it is made; keys of one name on both sides are one column.

    Raises ColumnTaken (`/suffixes`, `/indicator`) where two columns would have one name, and OutputTooLarge.
    """
    shared = {pair.left_name for pair in pairs if pair.shared}
    ours, theirs = labels_of(left), labels_of(right)
    places = [place for place, name in enumerate(theirs) if name not in shared]
    names = _labels(ours, [theirs[place] for place in places], suffixes)
    if indicator is not None:
        if indicator in {*names, *ours, *theirs}:
            raise ColumnTaken(indicator, "/indicator")
        names.append(indicator)
    if len(names) > max_columns:
        raise OutputTooLarge("columns", len(names), max_columns, "limits.columns", "/right")
    return Joined(left, right, names, places)


def _labels(ours: list[str], theirs: list[str], suffixes: Suffixes) -> list[str]:
    both = set(ours) & set(theirs)
    if both and not any(suffixes):
        raise ColumnTaken(next(name for name in ours if name in both), "/suffixes")
    made = []
    for names, suffix in ((ours, suffixes[0]), (theirs, suffixes[1])):
        renamed = [name + (suffix or "") if name in both else name for name in names]
        _no_new_twins(names, renamed)
        made.append(renamed)
    for name in made[0]:
        if name in made[1]:
            raise ColumnTaken(name, "/suffixes")
    return made[0] + made[1]


def _no_new_twins(names: list[str], renamed: list[str]) -> None:
    """Names that were two before may stay so; two that a suffix makes equal may not."""
    first: dict[str, str] = {}
    for name, new in zip(names, renamed, strict=True):
        if first.setdefault(new, name) != name:
            raise ColumnTaken(new, "/suffixes")


def assembled(
    joined: Joined,
    pairs: Sequence[KeyPair],
    rows: Rows,
    how: Outer,
    *,
    indicator: bool = False,
    filled: Rows | None = None,
) -> pd.DataFrame:
    """The join of these rows; keys of one name have the value of whichever side has the row.

    `filled` are the rows that other columns than keys are taken from, where they are not the same.
    """
    left, right = joined.left, joined.right
    ours, theirs = rows if filled is None else filled
    count = _count(rows, left)
    absent = _any_absent(ours, how not in ("inner", "left") or filled is not None)
    # a key that has values of both sides is taken but once, from both
    keys = {left.columns.get_loc(pair.left_name): pair for pair in pairs if pair.shared}
    columns = [
        _key(keys[place], column_array(left, place), rows, how)
        if place in keys
        else taken(column_array(left, place), ours, missing=absent)
        for place in range(left.shape[1])
    ]
    absent = _any_absent(theirs, how not in ("inner", "right") or filled is not None)
    columns += [taken(column_array(right, place), theirs, missing=absent) for place in joined.right_places]
    if indicator:
        columns.append(_sides(*rows, count))
    return frame_of(joined.names, columns, count)


def _count(rows: Rows, left: pd.DataFrame) -> int:
    ours, theirs = rows
    if ours is not None:
        return len(ours)
    return len(left) if theirs is None else len(theirs)


def _any_absent(rows: Positions | None, possible: bool) -> bool:
    return possible and rows is not None and bool((rows < 0).any())


def _key(pair: KeyPair, left: Any, rows: Rows, how: Outer) -> Any:
    ours, theirs = rows
    if how in ("inner", "left"):
        # pandas keeps the left one, but for times in two units, of which the finer one holds both
        instants = pair.left.dtype != left.dtype and getattr(pair.left.dtype, "kind", "") == "M"
        return taken(pair.left if instants else left, ours, missing=False)
    if ours is None:
        return pair.left
    absent = ours < 0
    if not absent.any():
        return taken(pair.left, ours, missing=False)
    if theirs is None:
        theirs = np.arange(len(ours), dtype=np.intp)
    return taken(_stacked(pair), np.where(absent, theirs + len(pair.left), ours), missing=False)


def _stacked(pair: KeyPair) -> Any:
    """The keys of both sides in one array."""
    if isinstance(pair.left, np.ndarray):
        return np.concatenate([pair.left, pair.right])
    return pd.concat([pd.Series(pair.left), pd.Series(pair.right).astype(pair.left.dtype)], ignore_index=True).array


def _sides(ours: Positions | None, theirs: Positions | None, count: int) -> Any:
    codes: Any = np.full(count, 2, np.int8)
    if ours is not None:
        codes[ours < 0] = 1
    if theirs is not None:
        codes[theirs < 0] = 0
    return pd.Categorical.from_codes(codes, categories=pd.Index(_SIDES))
