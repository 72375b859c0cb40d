"""Aggregates that are tables themselves: quantiles, modes, correlations, counts of values."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import pandas as pd
from pydantic import Field

from jobs.errors import ColumnTaken
from jobs.transforms.aggregate.reduce import series_frame
from jobs.transforms.arguments import plain
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import answer
from jobs.transforms.follows import Follows
from jobs.transforms.meanings import decimals_as_floats
from jobs.transforms.nulls import nullable

_POINTS: list[dict[str, Any]] = [{"x": 1.0, "y": 2.0}, {"x": 2.0, "y": 4.0}, {"x": 3.0, "y": 6.0}]
Share = Annotated[float, Field(ge=0, le=1)]


class Quantile(Transform):
    """Quantiles of each column: of one `q` a row for each column, of several a row for each `q` (in `index`)."""

    op = "quantile"
    family = "aggregate"
    follows = Follows.NAMES
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
            return with_index(decimals_as_floats(frame).quantile(list(self.q), **words))
        return series_frame(decimals_as_floats(frame).quantile(self.q, **words), self.op)

    def columns_follow(self) -> Follows:
        """What holds numbers, the dtypes tell, where there is a column for each."""
        return Follows.DTYPES if self.numeric_only and isinstance(self.q, tuple) else self.follows

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """One for each quantile, or for each column, of which nothing is known here."""
        return len(self.q) if isinstance(self.q, tuple) else None


class Mode(Transform):
    """The most frequent values of each column, smallest first; shorter columns are filled with null.

    Integers and booleans become nullable.
    """

    op = "mode"
    family = "aggregate"
    follows = Follows.WHOLLY
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
        return answer(frame, self.op, self._modes)

    def _modes(self, frame: pd.DataFrame) -> pd.DataFrame:
        return plain(nullable(frame).mode(numeric_only=self.numeric_only, dropna=self.dropna))

    def columns_follow(self) -> Follows:
        """What holds numbers, the dtypes tell."""
        return Follows.DTYPES if self.numeric_only else self.follows

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same, at most: where no value comes twice."""
        return given


class Corr(Transform):
    """The correlation of each pair of columns: a square table whose column `index` names its rows."""

    op = "corr"
    family = "aggregate"
    follows = Follows.WHOLLY
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
        words: dict[str, Any] = {"min_periods": self.min_periods, "numeric_only": self.numeric_only}
        return with_index(frame.corr(method=self.method, **words))

    def columns_follow(self) -> Follows:
        """What holds numbers, the dtypes tell."""
        return Follows.DTYPES if self.numeric_only else self.follows

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """One for each column, of which nothing is known here."""
        return None


class Cov(Transform):
    """The covariance of each pair of columns: a square table whose column `index` names its rows."""

    op = "cov"
    family = "aggregate"
    follows = Follows.WHOLLY
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

    def columns_follow(self) -> Follows:
        """What holds numbers, the dtypes tell."""
        return Follows.DTYPES if self.numeric_only else self.follows

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """One for each column, of which nothing is known here."""
        return None


class MemoryUsage(Transform):
    """The bytes that each column takes in memory."""

    op = "memory_usage"
    family = "aggregate"
    follows = Follows.WHOLLY
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

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """One for each column, of which nothing is known here."""
        return None


def with_index(table: pd.DataFrame) -> pd.DataFrame:
    """A table with its row labels as the first column, `index`; raises ColumnTaken where that name is taken."""
    if "index" in table.columns:
        raise ColumnTaken("index")
    labels = table.index
    first = pd.Series(labels.to_numpy() if labels.dtype == "float64" else labels.astype("str"), name="index")
    return pd.concat([first.reset_index(drop=True), plain(table)], axis=1)
