"""Joins of each group of one frame with the other frame, and rows that are filled forward."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from jobs.transforms.combine.assemble import Rows
from jobs.transforms.combine.keys import KeyPair
from jobs.transforms.combine.matching import Outer, matched_rows
from jobs.transforms.combine.take import Positions, taken


@dataclass(frozen=True, slots=True)
class InGroups:
    """The rows of a join group by group; `leaders` is a row of the grouped frame's group for each row."""

    rows: tuple[Positions, Positions]
    filled: tuple[Positions, Positions]
    leaders: Positions


def both(rows: Rows, sizes: tuple[int, int]) -> tuple[Positions, Positions]:
    """The rows of both sides, none of them None."""
    ours, theirs = (np.arange(size) if one is None else one for one, size in zip(rows, sizes, strict=True))
    return ours, theirs


def forward(rows: Positions) -> Positions:
    """These rows, with the one before in place of one that is not there."""
    last = np.maximum.accumulate(np.where(rows < 0, -1, np.arange(len(rows))))
    found: Positions = np.where(last < 0, -1, rows[last]) if len(rows) else rows
    return found


def joined_in_groups(
    pairs: Sequence[KeyPair],
    grouped: pd.DataFrame,
    by: Sequence[str],
    how: Outer,
    *,
    left: bool,
    fills: bool,
    limit: int,
) -> InGroups:
    """Each group of the left frame (`left`) or of the right one, joined in the order of its keys.

    Where `by` is a key as well, a group is joined with the rows of the other frame that are equal in it. Raises
    OutputTooLarge before the rows of all groups become more than `limit`.
    """
    parts: list[tuple[Positions, ...]] = []
    count = 0
    for rows in _groups(grouped, by):
        part = _one(pairs, rows, by, how, left=left, fills=fills, limit=limit - count)
        count += len(part[0])
        parts.append(part)
    ours, theirs, filled_ours, filled_theirs, leaders = (
        np.concatenate([part[place] for part in parts]) if parts else np.empty(0, np.intp) for place in range(5)
    )
    return InGroups((ours, theirs), (filled_ours, filled_theirs), leaders)


def _groups(frame: pd.DataFrame, by: Sequence[str]) -> list[Positions]:
    """The rows of each group, the groups in the order in which they appear; rows with a null are in none."""
    if not len(frame):
        return []
    numbers = frame.groupby(list(by), sort=False, observed=True).ngroup().to_numpy()
    order = np.argsort(numbers, kind="stable")
    order = order[numbers[order] >= 0]
    starts = np.flatnonzero(np.diff(numbers[order])) + 1
    return np.split(order, starts) if len(order) else []


def _one(
    pairs: Sequence[KeyPair], rows: Positions, by: Sequence[str], how: Outer, *, left: bool, fills: bool, limit: int
) -> tuple[Positions, ...]:
    other = _same_group(pairs, rows[:1], by, left=left)
    chosen = (rows, other) if left else (other, rows)
    inside = [
        replace(
            pair, left=taken(pair.left, chosen[0], missing=False), right=taken(pair.right, chosen[1], missing=False)
        )
        for pair in pairs
    ]
    found = both(matched_rows(inside, how, sort=True, limit=limit), (len(chosen[0]), len(chosen[1])))
    full = (forward(found[0]), forward(found[1])) if fills else found
    ours, theirs, filled_ours, filled_theirs = (
        _whole(local, side) for local, side in zip((*found, *full), chosen * 2, strict=True)
    )
    return ours, theirs, filled_ours, filled_theirs, np.full(len(ours), rows[0])


def _whole(local: Positions, rows: Positions) -> Positions:
    """Positions in a part as positions in its frame."""
    found: Positions = np.where(local < 0, -1, rows[local]) if len(rows) else local
    return found


def _same_group(pairs: Sequence[KeyPair], first: Positions, by: Sequence[str], *, left: bool) -> Positions:
    keep: Any = None
    for pair in pairs:
        mine, other = (pair.left, pair.right) if left else (pair.right, pair.left)
        if (pair.left_name if left else pair.right_name) in by and pair.shared:
            same = pd.Series(other).isin(pd.Series(mine).iloc[first]).to_numpy()
            keep = same if keep is None else keep & same
    return np.arange(len(pairs[0].right if left else pairs[0].left)) if keep is None else np.flatnonzero(keep)
