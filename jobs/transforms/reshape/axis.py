"""One side of a table: the distinct keys of some columns in their order, and which of them each row has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

from jobs.errors import DtypeUnsuitable
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.reshape.combinations import Ids, Level, Side, combinations, missing_in


@dataclass(frozen=True, slots=True)
class Axis:
    """The `count` distinct keys of a side, an array for each of its columns, and the key of each row (-1: none).

    `strict` numbers what of a key is not a category that need not occur: of each key (-1: it occurs in no row), and
    `strict_ids` of each row.
    """

    names: tuple[str, ...]
    ids: Ids
    keys: tuple[Any, ...]
    count: int
    strict: Ids = field(default_factory=lambda: np.zeros(1, np.int64))
    strict_ids: Ids = field(default_factory=lambda: np.zeros(1, np.int64))

    @classmethod
    def of(cls, columns: Sequence[pd.Series], side: Side) -> Self:
        """The side of these columns; raises DtypeUnsuitable, and OutputTooLarge before too many keys are made."""
        levels = [_level(column, side) for column in columns]
        missing = missing_in(levels, len(columns[0]))
        found = combinations(levels, side)
        keys = tuple(take(level.values, level.order[at]) for level, at in zip(levels, found.codes, strict=True))
        names, ids = tuple(str(column.name) for column in columns), np.where(missing, -1, found.ids)
        return cls(names, ids, keys, len(found.strict), found.strict, found.strict_ids)

    @classmethod
    def of_rows(cls, rows: int) -> Self:
        """The row numbers, which are no columns."""
        return cls((), np.arange(rows), (), rows)

    @classmethod
    def of_one(cls, rows: int) -> Self:
        """One key for all rows, which is no column."""
        zeros = np.zeros(rows, np.int64)
        return cls((), zeros, (), 1, strict_ids=zeros)

    def only(self, wanted: Ids) -> Self:
        """The keys at these positions alone."""
        places = np.full(self.count + 1, -1)
        places[wanted] = np.arange(len(wanted))
        return type(self)(self.names, places[self.ids], tuple(take(key, wanted) for key in self.keys), len(wanted))


def _level(column: pd.Series, side: Side) -> Level:
    try:
        codes, values = _factorized(column, side)
    except REFUSALS as error:
        name, dtype = str(column.name), str(column.dtype)
        detail = f"column {name!r} ({dtype}) cannot be a key: {reason(error)}"
        raise DtypeUnsuitable(detail, column=name, dtype=dtype, pointer=side.at) from error
    codes, order = codes.astype(np.int64), np.arange(len(values))
    loose = not side.observed and isinstance(column.dtype, pd.CategoricalDtype)
    null = codes < 0
    if side.nulls == "drop" or not null.any():
        return Level(values, order, codes, loose)
    place = {"first": 0, "last": len(values)}[side.nulls]
    if not side.sort:
        place = int(codes[: int(null.argmax())].max(initial=-1)) + 1
    return Level(values, np.insert(order, place, -1), np.where(null, place, codes + (codes >= place)), loose)


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


def take(values: Any, places: Ids) -> Any:
    """The values at these positions; null at -1."""
    if (places < 0).any():
        return pd.api.extensions.take(values, places, allow_fill=True)
    return values.take(places)
