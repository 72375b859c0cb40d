"""One side of a table: the distinct keys of some columns in their order, and which of them each row has."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from jobs.errors import DtypeUnsuitable, OutputTooLarge
from jobs.transforms.delegated import REFUSALS, reason

Nulls = Literal["drop", "first", "last"]
Ids = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """How a side is made: `nulls` says where rows with a null key go, or that they are left out.

    `sort`: keys in their order, else by first appearance: of the values of each column, or with `whole` of the keys.
    `observed`: of categories only those that occur. `product`: every key of one column with every key of the others.
    `limit` and `at` are for OutputTooLarge.
    """

    nulls: Nulls = "drop"
    sort: bool = True
    observed: bool = True
    whole: bool = False
    product: bool = False
    what: Literal["rows", "columns"] = "rows"
    limit: int = 50_000_000
    at: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """The `count` distinct keys of a side, an array for each of its columns, and the key of each row (-1: none)."""

    names: tuple[str, ...]
    ids: Ids
    keys: tuple[Any, ...]
    count: int

    @classmethod
    def of(cls, columns: Sequence[pd.Series], side: Side) -> Self:
        """The side of these columns; raises DtypeUnsuitable, and OutputTooLarge before too many keys are made."""
        levels = [_level(column, side) for column in columns]
        sizes = [len(level.order) for level in levels]
        missing = np.logical_or.reduce([level.codes < 0 for level in levels])
        if side.product:
            ids, codes, count = _all(levels, sizes, side)
        else:
            ids, codes, count = _occurring(levels, sizes, missing, side)
        keys = tuple(take(level.values, level.order[at]) for level, at in zip(levels, codes, strict=True))
        return cls(tuple(str(column.name) for column in columns), np.where(missing, -1, ids), keys, count)

    @classmethod
    def of_rows(cls, rows: int) -> Self:
        """The row numbers, which are no columns."""
        return cls((), np.arange(rows), (), rows)

    def only(self, wanted: Ids) -> Self:
        """The keys at these positions alone."""
        places = np.full(self.count + 1, -1)
        places[wanted] = np.arange(len(wanted))
        return type(self)(self.names, places[self.ids], tuple(take(key, wanted) for key in self.keys), len(wanted))


@dataclass(frozen=True, slots=True)
class _Level:
    """A column's values without repetition, `order`: their positions from the first key to the last (-1: null)."""

    values: Any
    order: Ids
    codes: Ids


def _level(column: pd.Series, side: Side) -> _Level:
    try:
        codes, values = _factorized(column, side)
    except REFUSALS as error:
        name, dtype = str(column.name), str(column.dtype)
        detail = f"column {name!r} ({dtype}) cannot be a key: {reason(error)}"
        raise DtypeUnsuitable(detail, column=name, dtype=dtype, pointer=side.at) from error
    codes, order = codes.astype(np.int64), np.arange(len(values))
    null = codes < 0
    if side.nulls == "drop" or not null.any():
        return _Level(values, order, codes)
    place = {"first": 0, "last": len(values)}[side.nulls]
    if not side.sort:
        place = int(codes[: int(null.argmax())].max(initial=-1)) + 1
    return _Level(values, np.insert(order, place, -1), np.where(null, place, codes + (codes >= place)))


def _factorized(column: pd.Series, side: Side) -> tuple[Ids, Any]:
    array = column.array
    if isinstance(array, pd.Categorical):
        used = array if not side.observed else array.remove_unused_categories()
        if side.sort or not side.observed:
            # the categories themselves, as a column of the same kind
            return np.asarray(used.codes), pd.Categorical.from_codes(np.arange(len(used.categories)), dtype=used.dtype)
    codes, values = pd.factorize(array if not isinstance(column.dtype, np.dtype) else column.to_numpy())
    if not side.sort:
        return codes, values
    order = np.asarray(values.argsort())
    rank = np.empty(len(order) + 1, np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    return rank[codes], take(values, order)


def _all(levels: list[_Level], sizes: list[int], side: Side) -> tuple[Ids, Sequence[Ids], int]:
    count = math.prod(sizes)
    _check(count, side)
    ids = np.zeros_like(levels[0].codes)
    for level, size in zip(levels, sizes, strict=True):
        ids = ids * size + level.codes
    return ids, np.unravel_index(np.arange(count), sizes) if count else [np.arange(0)] * len(sizes), count


def _occurring(levels: list[_Level], sizes: list[int], missing: Ids, side: Side) -> tuple[Ids, Sequence[Ids], int]:
    full, ids = np.zeros(len(missing), np.int64), np.zeros(int((~missing).sum()), np.int64)
    first = np.arange(0)
    for level, size in zip(levels, sizes, strict=True):
        # numbered anew each time, so that the product stays below rows × keys
        _, first, ids = np.unique(ids * size + level.codes[~missing], return_index=True, return_inverse=True)
    full[~missing] = ids
    _check(len(first), side)
    if side.whole and not side.sort:
        order = np.argsort(first)
        first, full[~missing] = first[order], np.argsort(order)[ids]
    if len(levels) == 1 and not side.observed:
        return levels[0].codes, [np.arange(sizes[0])], sizes[0]
    return full, [level.codes[~missing][first] for level in levels], len(first)


def _check(count: int, side: Side) -> None:
    if count > side.limit:
        raise OutputTooLarge(side.what, count, side.limit, f"limits.{side.what}", side.at)


def take(values: Any, places: Ids) -> Any:
    """The values at these positions; null at -1."""
    if (places < 0).any():
        return pd.api.extensions.take(values, places, allow_fill=True)
    return values.take(places)
