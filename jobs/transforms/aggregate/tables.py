"""Aggregates that are tables themselves: quantiles, modes, correlations, counts of values."""

from typing import Annotated, Any, ClassVar, Literal

import pandas as pd
from pydantic import Field

from jobs.errors import ColumnTaken
from jobs.transforms.aggregate.reduce import series_frame
from jobs.transforms.arguments import Names, plain, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import answer
from jobs.transforms.usage import Columns

_POINTS: list[dict[str, Any]] = [{"x": 1.0, "y": 2.0}, {"x": 2.0, "y": 4.0}, {"x": 3.0, "y": 6.0}]
Share = Annotated[float, Field(ge=0, le=1)]


class Quantile(Transform):
    """Quantiles of each column: of one `q` a row for each column, of several a row for each `q` (in `index`)."""

    op = "quantile"
    family = "aggregate"
    example: ClassVar[Example] = Example(
        inputs={"df": _POINTS},
        pipeline=[{"op": "quantile", "q": [0.0, 0.5]}],
        result=[{"index": 0.0, "x": 1.0, "y": 2.0}, {"index": 0.5, "x": 2.0, "y": 4.0}],
    )

    q: Share | Annotated[tuple[Share, ...], Field(min_length=1, max_length=1_000)] = 0.5
    """Which quantiles, each in 0..1."""
    numeric_only: bool = False
    """Leave out columns that hold no numbers."""
    interpolation: Literal["linear", "lower", "higher", "midpoint", "nearest"] = "linear"
    """What a quantile between two values is."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The quantiles."""
        return answer(frame, self.op, self._quantiles)

    def _quantiles(self, frame: pd.DataFrame) -> pd.DataFrame:
        words: dict[str, Any] = {"numeric_only": self.numeric_only, "interpolation": self.interpolation}
        if isinstance(self.q, tuple):
            return with_index(frame.quantile(list(self.q), **words))
        return series_frame(frame.quantile(self.q, **words), self.op)


class Mode(Transform):
    """The most frequent values of each column, smallest first; shorter columns are filled with null."""

    op = "mode"
    family = "aggregate"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"carrier": "UA"}, {"carrier": "AA"}, {"carrier": "UA"}]},
        pipeline=[{"op": "mode"}],
        result=[{"carrier": "UA"}],
    )

    numeric_only: bool = False
    """Leave out columns that hold no numbers."""
    dropna: bool = True
    """Do not count null."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.mode(...)`."""
        return plain(
            answer(frame, self.op, lambda given: given.mode(numeric_only=self.numeric_only, dropna=self.dropna))
        )


class Corr(Transform):
    """The correlation of each pair of columns: a square table whose column `index` names its rows."""

    op = "corr"
    family = "aggregate"
    example: ClassVar[Example] = Example(
        inputs={"df": _POINTS},
        pipeline=[{"op": "corr"}],
        result=[{"index": "x", "x": 1.0, "y": 1.0}, {"index": "y", "x": 1.0, "y": 1.0}],
    )

    method: Literal["pearson", "spearman"] = "pearson"
    """Of the values, or of their ranks; pandas' `kendall` needs SciPy."""
    min_periods: int = Field(1, ge=1)
    """Null for a pair with fewer rows in which both have a value."""
    numeric_only: bool = False
    """Leave out columns that hold no numbers."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.corr(...)`."""
        return answer(frame, self.op, self._table)

    def _table(self, frame: pd.DataFrame) -> pd.DataFrame:
        ranked = frame.rank(numeric_only=self.numeric_only) if self.method == "spearman" else frame
        return with_index(ranked.corr(min_periods=self.min_periods, numeric_only=self.numeric_only))


class Cov(Transform):
    """The covariance of each pair of columns: a square table whose column `index` names its rows."""

    op = "cov"
    family = "aggregate"
    example: ClassVar[Example] = Example(
        inputs={"df": _POINTS},
        pipeline=[{"op": "cov"}],
        result=[{"index": "x", "x": 1.0, "y": 2.0}, {"index": "y", "x": 2.0, "y": 4.0}],
    )

    min_periods: int | None = Field(None, ge=1)
    """Null for a pair with fewer rows in which both have a value."""
    ddof: int = 1
    """What is taken off the number of values in the divisor."""
    numeric_only: bool = False
    """Leave out columns that hold no numbers."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.cov(...)`."""
        words: dict[str, Any] = {name: getattr(self, name) for name in ("min_periods", "ddof", "numeric_only")}
        return answer(frame, self.op, lambda given: with_index(given.cov(**words)))


class ValueCounts(Transform):
    """How often each row (or each combination of `subset`) occurs."""

    op = "value_counts"
    family = "aggregate"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"carrier": "UA"}, {"carrier": "AA"}, {"carrier": "UA"}]},
        pipeline=[{"op": "value_counts"}],
        result=[{"carrier": "UA", "value_counts": 2}, {"carrier": "AA", "value_counts": 1}],
    )

    subset: Names | None = None
    """The columns to count the combinations of; without it, all."""
    normalize: bool = False
    """Fractions of all instead of counts."""
    sort: bool = True
    """The most frequent first; false: in order of first appearance."""
    ascending: bool = False
    """The rarest first."""
    dropna: bool = True
    """Leave out combinations with a null."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The combinations, and their counts."""
        keys = require_keys(frame, "subset", self.subset) or [str(name) for name in frame.columns]
        if self.op in keys:
            raise ColumnTaken(self.op)
        if not keys:
            return pd.DataFrame({self.op: pd.Series([], dtype="int64")})
        return answer(frame.loc[:, keys], self.op, lambda given: self._counts(given, keys))

    def _counts(self, frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
        words: dict[str, Any] = {name: getattr(self, name) for name in ("normalize", "sort", "ascending", "dropna")}
        counts = frame.value_counts(keys, **words)
        return plain(counts.rename(self.op).reset_index())

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # all combinations are counted
        """Those that are counted."""
        return (
            None if self.subset is None else frozenset([self.subset] if isinstance(self.subset, str) else self.subset)
        )


class MemoryUsage(Transform):
    """The bytes that each column takes in memory."""

    op = "memory_usage"
    family = "aggregate"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 1}, {"delay": 2}]},
        pipeline=[{"op": "memory_usage", "index": False}],
        result=[{"column": "delay", "memory_usage": 16}],
    )

    index: bool = True
    """A row `Index` for the row numbers, as in pandas."""
    deep: bool = False
    """Look into columns of objects."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.memory_usage(...)`."""
        return series_frame(frame.memory_usage(index=self.index, deep=self.deep), self.op)


def with_index(table: pd.DataFrame) -> pd.DataFrame:
    """A table with its row labels as the first column, `index`; raises ColumnTaken where that name is taken."""
    if "index" in table.columns:
        raise ColumnTaken("index")
    labels = table.index
    first = pd.Series(labels.to_numpy() if labels.dtype == "float64" else labels.astype("str"), name="index")
    return pd.concat([first.reset_index(drop=True), plain(table)], axis=1)
