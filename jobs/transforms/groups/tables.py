"""Verbs of `groupby` that make a small table of each group: statistics, correlations, counts of values."""

from collections.abc import Sequence
from itertools import product
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid, ColumnTaken, DtypeUnsuitable
from jobs.transforms.arguments import Names, name_list, pointer, refusal, require_keys
from jobs.transforms.base import Surroundings
from jobs.transforms.follows import Follows
from jobs.transforms.groups.grouping import Grouping
from jobs.transforms.groups.kernels import naming, of_pair, reduced
from jobs.transforms.groups.reduced import Share, check_rows, stretched, woven
from jobs.transforms.groups.verb import Groups, OfColumns, OfNumbers, Verb
from jobs.transforms.usage import ALL, Columns, plus

_QUARTERS: Final = (0.25, 0.5, 0.75)
_OHLC: Final = (("open", "first"), ("high", "max"), ("low", "min"), ("close", "last"))


class Describe(OfColumns):
    """Statistics of columns of numbers, as `v_count`, `v_mean`, `v_std`, `v_min`, the percentiles and `v_max`."""

    percentiles: Annotated[tuple[Share, ...], Field(max_length=1_000)] | None = None
    """Which percentiles, each in 0..1; without it 0.25, 0.5 and 0.75."""

    @model_validator(mode="after")
    def _once(self) -> "Describe":
        if len(set(self.percentiles or ())) < len(self.percentiles or ()):
            raise refusal(ArgumentInvalid("a percentile stands in the list twice"), "/percentiles")
        return self

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, _: Surroundings) -> pd.DataFrame:  # noqa: ARG002  # as the base
        """The keys, then the statistics."""
        places = self.places(frame, groups.by)
        if self.columns is None:
            places = [place for place in places if _is_number(frame.dtypes.iloc[place])]
            if not places:
                raise DtypeUnsuitable("there is no column of numbers to describe; count and nunique take every dtype")
        grouping = groups.of(frame)
        columns = [made for place in places for made in self._of(frame, place, grouping)]
        return groups.table(grouping, _once_each(columns))

    def _of(self, frame: pd.DataFrame, place: int, grouping: Grouping) -> list[tuple[str, Any]]:
        column, name = frame.iloc[:, place], str(frame.columns[place])
        if not _is_number(column.dtype):
            detail = f"describe wants numbers, and column {name!r} is {column.dtype}"
            raise DtypeUnsuitable(detail, column=name, dtype=str(column.dtype))
        shares = sorted(_QUARTERS if self.percentiles is None else self.percentiles)
        numbers = column.to_numpy(dtype="float64", na_value=np.nan)
        ready = pd.Series(numbers)
        wanted: list[tuple[str, str, dict[str, Any]]] = [(one, one, {}) for one in ("count", "mean", "std", "min")]
        wanted += [(label, "quantile", {"q": q}) for label, q in zip(_labels(shares), shares, strict=True)]
        wanted.append(("max", "max", {}))
        with naming("describe", name, column.dtype, ""):
            return [
                (f"{name}_{label}", np.asarray(reduced(ready, grouping, function, words), dtype="float64"))
                for label, function, words in wanted
            ]

    def columns_follow(self) -> Follows:
        """Which columns hold numbers, dtypes tell."""
        return Follows.DTYPES if self.columns is None else Follows.WHOLLY


def _labels(shares: Sequence[float]) -> list[str]:
    """The percentiles as pandas names them: `25%`."""
    if not shares:
        return []
    return [str(label) for label in pd.Series([0.0]).describe(percentiles=list(shares)).index[4:-1]]


def _is_number(dtype: Any) -> bool:
    return is_numeric_dtype(dtype) and not is_bool_dtype(dtype)


def _once_each(columns: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The columns; raises ColumnTaken where two would have one name."""
    seen: set[str] = set()
    for name, _ in columns:
        if name in seen:
            raise ColumnTaken(name)
        seen.add(name)
    return columns


class Ohlc(OfColumns):
    """The first, largest, smallest and last number of each group, as `v_open`, `v_high`, `v_low` and `v_close`."""

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, _: Surroundings) -> pd.DataFrame:
        """The keys, then four columns for each."""
        grouping = groups.of(frame)
        columns = []
        for place in self.places(frame, groups.by):
            column, name = frame.iloc[:, place], str(frame.columns[place])
            if not _is_number(column.dtype):
                detail = f"{verb} wants numbers, and column {name!r} is {column.dtype}; say which 'columns'"
                raise DtypeUnsuitable(detail, column=name, dtype=str(column.dtype))
            with naming(verb, name, column.dtype, ""):
                columns += [(f"{name}_{label}", reduced(column, grouping, how, {})) for label, how in _OHLC]
        return groups.table(grouping, _once_each(columns))

    def columns_follow(self) -> Follows:
        """As the columns."""
        return Follows.WHOLLY


class Correlated(OfNumbers):
    """Pearson's correlation, or the covariance, of each two columns: a row per group and column (in `index`)."""

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, around: Surroundings) -> pd.DataFrame:
        """The keys, `index` (the one column), then the other columns."""
        names = [str(frame.columns[place]) for place in self.places(frame, groups.by)]
        require_keys(frame, "columns", tuple(names))
        grouping = groups.of(frame)
        check_rows(grouping.count * len(names), around, "/columns")
        of_pairs = {
            (one, other): of_pair(frame, grouping, verb, (one, other), "")
            for one, other in product(names, names)
            if one <= other
        }
        labels = pd.array(np.tile(np.array(names, dtype=object), grouping.count), dtype="str")
        columns: list[tuple[str, Any]] = [("index", labels)]
        for other in names:
            made = [of_pairs[min(one, other), max(one, other)] for one in names]
            columns.append((other, woven(made)))
        return stretched(groups, grouping, len(names), columns)

    def rows_after(self, given: int) -> int | None:
        """So many for each group as there are columns."""
        return None if self.columns is None else given * len(name_list(self.columns))


class ValueCounts(Verb):
    """How often each combination of values occurs in each group: the keys, the columns, and `count`."""

    subset: Names | None = None
    """Which columns; without it, all but the keys."""
    normalize: bool = False
    """As a fraction of the group, in `proportion`."""
    sort: bool = True
    """The most frequent first; false: in the order of the values."""
    ascending: bool = False
    """The least frequent first."""
    dropna: bool = True
    """Leave out combinations with nulls."""

    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, _: Surroundings) -> pd.DataFrame:
        """One row for each combination."""
        names = require_keys(frame, "subset", self.subset)
        if self.subset is None:
            names = [str(name) for name in frame.columns if name not in groups.by]
            require_keys(frame, "subset", tuple(names))
        for place, name in enumerate(names):
            if name in names[:place] or name in groups.by:
                raise ColumnTaken(name, pointer("subset", place))
        label = "proportion" if self.normalize else "count"
        if label in groups.by or label in names:
            raise ColumnTaken(label)
        with naming(verb, groups.by[0], frame[groups.by[0]].dtype, ""):
            grouped: Any = frame[[*groups.by, *names]].groupby(
                list(groups.by), sort=groups.sort, dropna=groups.dropna, observed=groups.observed
            )
            counted = grouped.value_counts(
                subset=names, normalize=self.normalize, sort=self.sort, ascending=self.ascending, dropna=self.dropna
            )
            made: pd.DataFrame = counted.reset_index(name=label)
            return made

    def needs(self, verb: str, wanted: Columns, keys: frozenset[str]) -> Columns:  # noqa: ARG002  # as the base
        """The keys and the columns that are counted."""
        return ALL if self.subset is None else plus(keys, name_list(self.subset))
