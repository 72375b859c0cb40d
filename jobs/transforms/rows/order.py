"""Rows in order: sorted, or the largest and smallest of them."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import pandas as pd
from pandas.core.sorting import lexsort_indexer, nargsort  # type: ignore[import-not-found]  # the stubs lack it
from pydantic import model_validator

from jobs.codecs.blocks import column_array
from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.transforms.arguments import Names, name_list, plain, pointer, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import answer
from jobs.transforms.direct import places_of, rows_at
from jobs.transforms.examples import FLIGHTS
from jobs.transforms.follows import Follows
from jobs.transforms.meanings import dates_as_times, is_decimal
from jobs.transforms.usage import Columns, plus


class SortValues(Transform):
    """Sort the rows by columns."""

    op = "sort_values"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS[:3]},
        pipeline=[{"op": "sort_values", "by": "delay", "ascending": False}],
        result=[{"carrier": "B6", "delay": 31}, {"carrier": "UA", "delay": 4}, {"carrier": "AA", "delay": None}],
    )

    by: Names
    """The columns to sort by, the most important first."""
    ascending: bool | tuple[bool, ...] = True
    """Smallest first; a list says it for each column."""
    kind: Literal["quicksort", "mergesort", "heapsort", "stable"] = "quicksort"
    """How to sort by one column; `stable` and `mergesort` keep the order of equal rows."""
    na_position: Literal["first", "last"] = "last"
    """Where nulls go."""
    ignore_index: bool = True
    """As in pandas; the index is a plain range either way."""

    @model_validator(mode="after")
    def _one_direction_each(self) -> "SortValues":
        columns = len(name_list(self.by))
        if isinstance(self.ascending, tuple) and len(self.ascending) != columns:
            raise refusal(
                ArgumentInvalid(f"'ascending' has {len(self.ascending)} directions, and 'by' {columns} columns"),
                "/ascending",
            )
        return self

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The same rows, sorted."""
        names = require_keys(frame, "by", self.by)
        ascending = list(self.ascending) if isinstance(self.ascending, tuple) else [self.ascending] * len(names)
        keys = [column_array(frame, place) for place in places_of(frame, names)]
        if len(keys) == 1:
            rows = nargsort(keys[0], kind=self.kind, ascending=ascending[0], na_position=self.na_position)
        else:
            rows = lexsort_indexer(keys, orders=ascending, na_position=self.na_position)
        return rows_at(frame, rows)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """The keys too."""
        return plus(wanted, name_list(self.by))


class _Extreme(Transform):
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True

    n: int
    """How many rows."""
    columns: Names
    """The columns to order by, the most important first."""
    keep: Literal["first", "last", "all"] = "first"
    """Which of equal rows at the border; `all` may give more than `n`."""

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """So many as are asked for."""
        return given if self.keep == "all" else max(0, min(given, self.n))

    def _rows(self, frame: pd.DataFrame) -> int:
        """`n` as pandas' kernels can count to it: those that look from the end overflow at the borders of int64."""
        return max(0, min(self.n, len(frame)))

    def needs(self, wanted: Columns) -> Columns:
        """The columns to order by too."""
        return plus(wanted, name_list(self.columns))


def _keys(frame: pd.DataFrame, columns: Names) -> tuple[pd.DataFrame, list[str]]:
    """The columns to order by, days as times and decimals as their places in the order; and their names."""
    names = list(dict.fromkeys(require_keys(frame, "columns", columns)))
    for place, name in enumerate(names):
        dtype = frame[name].dtype
        if isinstance(dtype, (pd.StringDtype, pd.CategoricalDtype)) or dtype.kind == "O":
            raise DtypeUnsuitable(
                f"column {name!r} is {dtype}, and this wants numbers or times; use sort_values and head",
                column=name,
                dtype=str(dtype),
                pointer="/columns" if isinstance(columns, str) else pointer("columns", place),
            )
    keys = dates_as_times(frame[names])
    decimals = {name: _places(keys[name]) for name in names if is_decimal(keys[name].dtype)}
    return keys.assign(**decimals), names


def _places(column: pd.Series) -> pd.Series:
    codes = pd.factorize(column, sort=True)[0]
    return pd.Series(pd.arrays.IntegerArray(codes.astype("int64"), codes < 0), index=column.index)


class NLargest(_Extreme):
    """The rows with the largest values, largest first."""

    op = "nlargest"
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS},
        pipeline=[{"op": "nlargest", "n": 1, "columns": "delay"}],
        result=[{"carrier": "B6", "delay": 31}],
    )

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """At most `n` rows, or more with `keep` all."""
        keys, names = _keys(frame, self.columns)
        picked = answer(keys, self.op, lambda given: given.nlargest(self._rows(given), names, keep=self.keep))
        return plain(frame.loc[picked.index])


class NSmallest(_Extreme):
    """The rows with the smallest values, smallest first."""

    op = "nsmallest"
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS},
        pipeline=[{"op": "nsmallest", "n": 1, "columns": ["delay"]}],
        result=[{"carrier": "UA", "delay": 4}],
    )

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """At most `n` rows, or more with `keep` all."""
        keys, names = _keys(frame, self.columns)
        picked = answer(keys, self.op, lambda given: given.nsmallest(self._rows(given), names, keep=self.keep))
        return plain(frame.loc[picked.index])
