"""The keys of several columns together: those that occur, or every one with every other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from jobs.errors import OutputTooLarge

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
class Level:
    """A column's values without repetition, `order`: their positions from the first key to the last (-1: null).

    `codes`: the key of each row in that order, -1 for none. `loose`: categories, which are keys though none occurs.
    """

    values: Any
    order: Ids
    codes: Ids
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Combined:
    """Of each combination the key of every level, and what is not loose of it; of each row its combination."""

    codes: Sequence[Ids]
    strict: Ids
    ids: Ids
    strict_ids: Ids


def combinations(levels: Sequence[Level], side: Side) -> Combined:
    """The combinations of the levels' keys, in order; raises OutputTooLarge before there are too many.

    In a row with a null key `ids` say nothing; `strict_ids` are -1 where a key that is not loose is null.
    """
    strict = [level for level in levels if not level.loose]
    missing = missing_in(strict, len(levels[0].codes))
    ids, codes = _occurring(strict, missing)
    known = len(codes[0]) if codes else 1
    _check(known if not side.product else 0, side)
    if side.product:
        return _all(levels, ids, codes, side)
    if len(strict) < len(levels):
        return _with_loose(levels, ids, codes, known, side)
    if side.whole and not side.sort:
        first = np.full(known, len(ids))
        np.minimum.at(first, ids[~missing], np.flatnonzero(~missing))
        order = np.argsort(first)
        codes, ids = [one[order] for one in codes], np.append(np.argsort(order), -1)[ids]
    return Combined(codes, np.arange(known), ids, ids)


def missing_in(levels: Sequence[Level], rows: int) -> Ids:
    """Of each row, whether it has no key in one of the levels."""
    missing = np.zeros(rows, bool)
    for level in levels:
        missing |= level.codes < 0
    return missing


def _occurring(levels: Sequence[Level], missing: Ids) -> tuple[Ids, list[Ids]]:
    """The combination of each row, and the key of every level in each combination."""
    full, ids = np.zeros(len(missing), np.int64), np.zeros(int((~missing).sum()), np.int64)
    first = np.arange(0)
    for level in levels:
        # numbered anew each time, so that the product stays below rows × keys
        _, first, ids = np.unique(
            ids * len(level.order) + level.codes[~missing], return_index=True, return_inverse=True
        )
    full[~missing] = ids
    full[missing] = -1
    return full, [level.codes[~missing][first] for level in levels]


def _all(levels: Sequence[Level], strict_ids: Ids, strict_codes: Sequence[Ids], side: Side) -> Combined:
    sizes = [len(level.order) for level in levels]
    count = math.prod(sizes)
    _check(count, side)
    ids = _numbered([level.codes for level in levels], sizes, len(strict_ids))
    codes = list(np.unravel_index(np.arange(count), sizes)) if count else [np.arange(0)] * len(sizes)
    own = [place for place, level in enumerate(levels) if not level.loose]
    own_sizes = [sizes[place] for place in own]
    known = np.full(math.prod(own_sizes), -1)
    if not own:
        known[:] = 0
    elif len(strict_codes[0]):
        known[_numbered(strict_codes, own_sizes, 0)] = np.arange(len(strict_codes[0]))
    strict = known[_numbered([codes[place] for place in own], own_sizes, count)]
    return Combined(codes, strict, ids, strict_ids)


def _with_loose(
    levels: Sequence[Level], strict_ids: Ids, strict_codes: Sequence[Ids], known: int, side: Side
) -> Combined:
    loose = [level for level in levels if level.loose]
    sizes = [known, *(len(level.order) for level in loose)]
    count = math.prod(sizes)
    _check(count, side)
    ids = _numbered([strict_ids, *(level.codes for level in loose)], sizes, len(strict_ids))
    parts = list(np.unravel_index(np.arange(count), sizes)) if count else [np.arange(0)] * len(sizes)
    strict, free = iter(strict_codes), iter(parts[1:])
    codes = [next(free) if level.loose else next(strict)[parts[0]] for level in levels]
    order = np.lexsort(codes[::-1])
    ids = np.argsort(order)[ids] if count else ids
    return Combined([one[order] for one in codes], parts[0][order], ids, strict_ids)


def _numbered(codes: Sequence[Ids], sizes: Sequence[int], length: int) -> Ids:
    """The number of each combination among all; 0 of none."""
    ids = np.zeros(length if not codes else len(codes[0]), np.int64)
    for one, size in zip(codes, sizes, strict=True):
        ids = ids * size + np.maximum(one, 0)
    return ids


def _check(count: int, side: Side) -> None:
    if count > side.limit:
        raise OutputTooLarge(side.what, count, side.limit, f"limits.{side.what}", side.at)
