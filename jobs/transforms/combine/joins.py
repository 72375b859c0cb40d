"""How `merge` joins: its size is known before it is made, and integers stay integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from jobs.errors import OutputTooLarge
from jobs.transforms.arguments import plain
from jobs.transforms.nulls import nullable, settled


@dataclass(frozen=True, slots=True)
class JoinOptions:
    """What `pandas.merge` is told, keys as lists of equal length (none for a cross join)."""

    how: Any
    left_keys: list[str]
    right_keys: list[str]
    sort: bool
    suffixes: tuple[str | None, str | None]
    indicator: bool | str
    validate: Any


def joined(left: pd.DataFrame, right: pd.DataFrame, options: JoinOptions) -> pd.DataFrame:
    """The two frames joined, with a plain range index."""
    shared = {one for one, other in zip(options.left_keys, options.right_keys, strict=True) if one == other}
    keys: dict[str, Any] = {"left_on": options.left_keys, "right_on": options.right_keys}
    if options.how == "cross":
        keys = {}
    elif options.left_keys == options.right_keys:
        keys = {"on": options.left_keys}
    result = pd.merge(
        _widened(left, shared) if options.how in ("right", "outer") else left,
        _widened(right, shared) if options.how in ("left", "outer") else right,
        how=options.how,
        sort=options.sort,
        suffixes=options.suffixes,
        indicator=options.indicator,
        validate=options.validate,
        **keys,
    )
    wanted = [*left.dtypes, *(dtype for name, dtype in right.dtypes.items() if name not in shared)]
    return plain(settled(result, wanted))


def _widened(frame: pd.DataFrame, shared: set[str]) -> pd.DataFrame:
    # keys of one name are filled from both sides and gain no nulls
    return nullable(frame, {place for place, name in enumerate(frame.columns) if name not in shared})


def matching(
    kept: pd.DataFrame, other: pd.DataFrame, kept_keys: Sequence[str], other_keys: Sequence[str], *, keep: bool
) -> pd.DataFrame:
    """The rows of `kept` that have a match in `other` (`keep`), or that have none, in their order."""
    ours, theirs = kept[list(kept_keys)], other[list(other_keys)].drop_duplicates()
    names = [f"key{place}" for place in range(len(kept_keys))]
    ours, theirs = ours.set_axis(names, axis=1), theirs.set_axis(names, axis=1)
    ours["row"] = np.arange(len(kept))
    found = np.zeros(len(kept), dtype=bool)
    found[ours.merge(theirs, on=names)["row"].to_numpy()] = True
    return plain(kept[found == keep])


def check_rows(rows: int, limit: int) -> None:
    """Raise OutputTooLarge where a join would have more rows than the limit."""
    if rows > limit:
        raise OutputTooLarge("rows", rows, limit, "limits.rows", "/right")


def check_output(
    left: pd.DataFrame,
    right: pd.DataFrame,
    left_keys: Sequence[str],
    right_keys: Sequence[str],
    how: str,
    limit: int,
) -> None:
    """Count the rows of a join before it is made, where it could exceed the limit at all; raises OutputTooLarge."""
    if len(left) * len(right) + len(left) + len(right) <= limit:
        return
    theirs = _sizes(right, right_keys)
    most = int(theirs["size"].max()) if len(theirs) else 0
    if len(left) * most + len(left) + len(right) <= limit:
        return
    both = _sizes(left, left_keys).merge(theirs, on=list(theirs.columns[:-1]), suffixes=("", "_right"))
    rows = int((both["size"] * both["size_right"]).sum())
    if how in ("left", "outer"):
        rows += len(left) - int(both["size"].sum())
    if how in ("right", "outer"):
        rows += len(right) - int(both["size_right"].sum())
    check_rows(rows, limit)


def _sizes(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    names = [f"key{place}" for place in range(len(keys))]
    renamed = frame[list(keys)].set_axis(names, axis=1)
    return renamed.groupby(names, dropna=False, sort=False).size().reset_index(name="size")
