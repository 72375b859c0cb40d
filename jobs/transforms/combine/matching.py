"""Which rows of two frames belong together, told from their keys before anything of the result is made."""

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

# the kernels of `pandas.merge`: the row positions of a join, without the frame around them
from pandas.core.reshape.merge import get_join_indexers  # type: ignore[attr-defined]  # the stubs leave it out

from jobs.errors import OutputTooLarge
from jobs.transforms.combine.keys import KeyPair, apart, compared
from jobs.transforms.combine.take import Positions
from jobs.transforms.delegated import REFUSALS

Outer = Literal["inner", "left", "right", "outer"]
_NOT_THERE: Final = -1


def matched_rows(
    pairs: Sequence[KeyPair], how: Outer, *, sort: bool, limit: int
) -> tuple[Positions | None, Positions | None]:
    """The row of the left and of the right frame for each row of the join, -1 where there is none; None: all, in order.

    Raises OutputTooLarge before they are made where there would be more of them than `limit`.
    """
    sort = sort or how == "outer"
    keys = [compared(pair, sort=sort) for pair in pairs]
    lefts, rights = [left for left, _ in keys], [right for _, right in keys]
    check_size(lefts, rights, how, limit)
    try:
        found: tuple[Positions | None, Positions | None] = get_join_indexers(lefts, rights, sort=sort, how=how)
    except REFUSALS as error:
        first = pairs[0]
        dtypes = (first.left.dtype, first.right.dtype)
        raise apart((first.left_name, first.right_name), dtypes, first.at) from error
    return found


def every_pair(left: int, right: int, limit: int) -> tuple[Positions, Positions]:
    """The rows of a cross join of so many rows; raises OutputTooLarge."""
    _check_rows(left * right, limit)
    return np.repeat(np.arange(left, dtype=np.intp), right), np.tile(np.arange(right, dtype=np.intp), left)


def kept_rows(pairs: Sequence[KeyPair], side: Literal["left", "right"], *, keep: bool, sort: bool) -> Positions:
    """The rows of one side that have a match on the other (`keep`), or that have none; in their order, or by keys."""
    found = _has_match(pairs, side)
    rows: Positions = np.flatnonzero(found if keep else ~found).astype(np.intp, copy=False)
    if not sort:
        return rows
    keys = [compared(pair, sort=True)[0 if side == "left" else 1] for pair in pairs]
    ranks = [pd.factorize(key, sort=True, use_na_sentinel=False)[0] for key in keys]
    order = np.lexsort([rank[rows] for rank in reversed(ranks)])
    return rows[order]


def _has_match(pairs: Sequence[KeyPair], side: Literal["left", "right"]) -> np.ndarray[Any, Any]:
    keys = [compared(pair, sort=False) for pair in pairs]
    ours: Any
    theirs: Any
    ours, theirs = keys[0] if len(keys) == 1 else as_one(keys)
    if side == "right":
        ours, theirs = theirs, ours
    if isinstance(ours, np.ndarray):
        return pd.Series(ours, copy=False).isin(theirs).to_numpy()
    # integers with nulls: the nulls apart, so that the others are compared as the numbers they are
    null, other = ours.isna(), theirs.isna()
    values, others = (one.to_numpy(dtype=one.dtype.numpy_dtype, na_value=0) for one in (ours, theirs))
    found = pd.Series(values, copy=False).isin(others[~other]).to_numpy(copy=True)
    found[null] = other.any()
    return found


def as_one(keys: Sequence[tuple[Any, Any]]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Several keys as one number per row, equal where all of them are; they are in the order of the keys."""
    whole = np.zeros(sum(len(one) for one in keys[0]), np.int64)
    for left, right in keys:
        both = pd.concat([pd.Series(left, copy=False), pd.Series(right, copy=False)], ignore_index=True)
        ranks, values = pd.factorize(both, sort=True, use_na_sentinel=False)
        # of rows there are fewer than 2^32, and of ranks as well
        whole = pd.factorize(whole * len(values) + ranks, sort=True)[0]
    return whole[: len(keys[0][0])], whole[len(keys[0][0]) :]


def check_size(lefts: Sequence[Any], rights: Sequence[Any], how: Outer, limit: int) -> None:
    """Count the rows of a join before it is made, where it could exceed the limit at all; raises OutputTooLarge."""
    sizes = len(lefts[0]), len(rights[0])
    if sizes[0] * sizes[1] + sum(sizes) <= limit:
        return
    fewer = lefts if sizes[0] < sizes[1] else rights
    if sum(sizes) <= limit and not _repeat(fewer):
        return
    theirs = _sizes(rights)
    most = int(theirs["size"].max()) if len(theirs) else 0
    if sizes[0] * most + sum(sizes) <= limit:
        return
    both = _sizes(lefts).merge(theirs, on=list(theirs.columns[:-1]), suffixes=("", "_right"))
    rows = int((both["size"] * both["size_right"]).sum())
    if how in ("left", "outer"):
        rows += sizes[0] - int(both["size"].sum())
    if how in ("right", "outer"):
        rows += sizes[1] - int(both["size_right"].sum())
    _check_rows(rows, limit)


def _check_rows(rows: int, limit: int) -> None:
    if rows > limit:
        raise OutputTooLarge("rows", rows, limit, "limits.rows", "/right")


def _repeat(keys: Sequence[Any]) -> bool:
    if len(keys) == 1:
        return not pd.Index(keys[0], copy=False).is_unique
    return bool(_frame(keys).duplicated().any())


def _frame(keys: Sequence[Any]) -> pd.DataFrame:
    return pd.DataFrame({f"key{place}": key for place, key in enumerate(keys)}, copy=False)


def _sizes(keys: Sequence[Any]) -> pd.DataFrame:
    frame = _frame(keys)
    return frame.groupby(list(frame.columns), dropna=False, sort=False).size().reset_index(name="size")
