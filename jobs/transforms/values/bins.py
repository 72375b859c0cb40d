"""Numbers and times sorted into bins."""

from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.transforms.arguments import one_column, pointer, refusal
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.follows import Follows
from jobs.transforms.meanings import dates_as_times, decimals_as_floats
from jobs.transforms.scalars import fit
from jobs.transforms.usage import Columns, plus

_MOST: Final = 10_000
_Share = Annotated[float, Field(ge=0, le=1)]
_Edge = int | float | str
_OPEN: Final = {"inf": float("inf"), "-inf": float("-inf")}


class _Binning(Transform):
    family = "values"
    follows = Follows.NAMES

    column: str
    """The column of numbers or times."""
    labels: Annotated[tuple[str, ...], Field(max_length=_MOST)] | Literal[False] | None = None
    """The names of the bins; false for their numbers from 0 (Int64); without it, their ranges as text: `(0, 10]`."""
    into: str | None = None
    """The column that gets the bins, a category in their order; without it they replace `column`."""
    precision: int = Field(3, ge=0, le=15)
    """The digits of ranges."""
    duplicates: Literal["raise", "drop"] = "raise"
    """What happens where two edges are equal; `drop` makes fewer bins."""

    @abstractmethod
    def cut(self, column: pd.Series) -> Any:
        """pandas' Series of categories, or of numbers."""

    @abstractmethod
    def bins_count(self) -> int:
        """How many bins are asked for."""

    @model_validator(mode="after")
    def _labels_agree(self) -> "_Binning":
        if isinstance(self.labels, tuple):
            if len(set(self.labels)) < len(self.labels):
                raise refusal(ArgumentInvalid("two bins have the same label"), "/labels")
            if self.duplicates == "raise" and len(self.labels) != self.bins_count():
                detail = f"there are {len(self.labels):,} labels for {self.bins_count():,} bins"
                raise refusal(ArgumentInvalid(detail), "/labels")
        return self

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with the column of bins."""
        column = one_column(frame, self.column, "/column")
        into = self.column if self.into is None else self.into
        if into in frame.columns:
            one_column(frame, into, "/into")
        result = frame.copy(deep=False)
        result[into] = self._binned(column)
        return result

    def _binned(self, column: pd.Series) -> Any:
        ready = dates_as_times(decimals_as_floats(column.to_frame())).iloc[:, 0]
        if not (pd.api.types.is_numeric_dtype(ready.dtype) or ready.dtype.kind in "mM"):
            raise self._unsuitable(column, "bins are of numbers or times")
        if not len(ready):
            return _of_nothing(self.labels)
        try:
            made = self.cut(ready)
        except REFUSALS as error:
            raise self._unsuitable(column, reason(error)) from error
        return made.astype("Int64") if self.labels is False else _as_text(made)

    def _unsuitable(self, column: pd.Series, because: str) -> DtypeUnsuitable:
        detail = f"{self.op} cannot work on column {self.column!r} ({column.dtype}): {because}"
        return DtypeUnsuitable(detail, column=self.column, dtype=str(column.dtype), pointer="/column")

    def columns_follow(self) -> Follows:
        """Which ranges there are, the data may tell; numbers are Int64."""
        return Follows.WHOLLY if self.labels is False else self.follows

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """The column too."""
        return plus(wanted, [self.column])


class Cut(_Binning):
    """Sort values into bins: of equal width, or between given edges; what lies outside becomes null.

    The bins of a frame without rows are those with labels.
    """

    op = "cut"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4}, {"delay": 31}, {"delay": 200}]},
        pipeline=[{"op": "cut", "column": "delay", "bins": [0, 15, 60], "into": "late"}],
        result=[{"delay": 4, "late": "(0, 15]"}, {"delay": 31, "late": "(15, 60]"}, {"delay": 200, "late": None}],
    )

    bins: Annotated[int, Field(ge=1, le=_MOST)] | Annotated[tuple[_Edge, ...], Field(min_length=2, max_length=_MOST)]
    """How many bins, or their edges; edges of times as text. Of numbers, `"-inf"` and `"inf"` leave an end open."""
    right: bool = True
    """Whether a bin includes its right edge; else its left one."""
    include_lowest: bool = False
    """Whether the first bin includes its left edge."""

    @model_validator(mode="after")
    def _edges_rise(self) -> "Cut":
        edges = self.bins if isinstance(self.bins, tuple) else ()
        for place, (low, high) in enumerate(pairwise(edges), start=1):
            if _above(_opened(low), _opened(high)):
                raise refusal(ArgumentInvalid(f"edges rise, and {high!r} lies below {low!r}"), pointer("bins", place))
        return self

    def bins_count(self) -> int:
        """How many bins are asked for."""
        return self.bins if isinstance(self.bins, int) else len(self.bins) - 1

    def cut(self, column: pd.Series) -> Any:
        """`pd.cut(...)`."""
        words: dict[str, Any] = {name: getattr(self, name) for name in ("right", "include_lowest", "duplicates")}
        labels: Any = list(self.labels) if isinstance(self.labels, tuple) else self.labels
        return pd.cut(column, self._edges(column), labels=labels, precision=self.precision, **words)

    def _edges(self, column: pd.Series) -> Any:
        if isinstance(self.bins, int):
            return self.bins
        if column.dtype.kind in "mM":
            return pd.Index([fit(edge, column, pointer("bins", place)) for place, edge in enumerate(self.bins)])
        edges = [_opened(edge) for edge in self.bins]
        for place, edge in enumerate(edges):
            if isinstance(edge, str):
                fit(edge, column, pointer("bins", place))
        return edges


class QCut(_Binning):
    """Sort values into bins that hold equally many of them, or the shares between given quantiles."""

    op = "qcut"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4}, {"delay": 31}, {"delay": 200}, {"delay": 5}]},
        pipeline=[{"op": "qcut", "column": "delay", "q": 2, "labels": ["low", "high"]}],
        result=[{"delay": "low"}, {"delay": "high"}, {"delay": "high"}, {"delay": "low"}],
    )

    q: Annotated[int, Field(ge=1, le=_MOST)] | Annotated[tuple[_Share, ...], Field(min_length=2, max_length=_MOST)]
    """How many bins, or the quantiles between them, each in 0..1."""

    def bins_count(self) -> int:
        """How many bins are asked for."""
        return self.q if isinstance(self.q, int) else len(self.q) - 1

    def cut(self, column: pd.Series) -> Any:
        """`pd.qcut(...)`."""
        labels: Any = list(self.labels) if isinstance(self.labels, tuple) else self.labels
        q = list(self.q) if isinstance(self.q, tuple) else self.q
        return pd.qcut(column, q, labels=labels, precision=self.precision, duplicates=self.duplicates)


def _opened(edge: _Edge) -> _Edge:
    """The edge, an infinite one as the number that JSON has no form for."""
    return _OPEN.get(edge, edge) if isinstance(edge, str) else edge


def _above(low: _Edge, high: _Edge) -> bool:
    """Whether the first of two numbers is the larger one; text is compared as what the column holds."""
    return not isinstance(low, str) and not isinstance(high, str) and low > high


def _of_nothing(labels: Any) -> Any:
    if labels is False:
        return pd.array([], dtype="Int64")
    return pd.Categorical([], categories=pd.Index(list(labels or ()), dtype="str"), ordered=True)


def _as_text(made: pd.Series) -> Any:
    """The categories with their names as text: a range has no form outside of pandas."""
    names = pd.Index([str(one) for one in made.cat.categories], dtype="str")
    return pd.Categorical.from_codes(np.asarray(made.cat.codes), categories=names, ordered=True)
