"""Rows: which of them stay."""

from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import model_validator

from jobs.errors import ArgumentInvalid, TransformError
from jobs.transforms.arguments import (
    ExpressionText,
    Names,
    name_list,
    plain,
    refusal,
    require,
    require_all,
)
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus

_FLIGHTS: list[dict[str, Any]] = [
    {"carrier": "UA", "delay": 4},
    {"carrier": "AA", "delay": None},
    {"carrier": "B6", "delay": 31},
    {"carrier": "UA", "delay": 4},
]


class Query(Transform):
    """Keep the rows where an expression is true; null is not true."""

    op = "query"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHTS},
        pipeline=[{"op": "query", "expr": "delay > 3 and carrier in ['UA', 'AA']"}],
        result=[{"carrier": "UA", "delay": 4}, {"carrier": "UA", "delay": 4}],
    )

    expr: ExpressionText
    """The condition."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The rows that meet the condition, in their order."""
        require_all(frame, sorted(self.expr.columns), "/expr")
        try:
            return plain(frame[self.expr.mask(frame)])
        except TransformError as error:
            raise error.inside("/expr") from None

    def needs(self, wanted: Columns) -> Columns:
        """Those of the condition too."""
        return plus(wanted, self.expr.columns)


class Head(Transform):
    """The first rows."""

    op = "head"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHTS}, pipeline=[{"op": "head", "n": 1}], result=[{"carrier": "UA", "delay": 4}]
    )

    n: int = 5
    """How many; a negative number means all but the last `-n`."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The first `n` rows."""
        return plain(frame.head(self.n))

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted


class Tail(Transform):
    """The last rows."""

    op = "tail"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHTS},
        pipeline=[{"op": "tail", "n": 2}],
        result=[{"carrier": "B6", "delay": 31}, {"carrier": "UA", "delay": 4}],
    )

    n: int = 5
    """How many; a negative number means all but the first `-n`."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The last `n` rows."""
        return plain(frame.tail(self.n))

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted


class Slice(Transform):
    """Rows by position: `df.iloc[start:stop]`, with Python's meaning of negative and missing ends."""

    op = "slice"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHTS},
        pipeline=[{"op": "slice", "start": 1, "stop": -1}],
        result=[{"carrier": "AA", "delay": None}, {"carrier": "B6", "delay": 31}],
    )

    start: int | None = None
    """The first row, counted from 0."""
    stop: int | None = None
    """The row before which to stop."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The rows from `start` to before `stop`."""
        return plain(frame.iloc[self.start : self.stop])

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted


class DropDuplicates(Transform):
    """Keep one of each group of equal rows."""

    op = "drop_duplicates"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHTS},
        pipeline=[{"op": "drop_duplicates", "subset": ["carrier"], "keep": "last"}],
        result=[{"carrier": "AA", "delay": None}, {"carrier": "B6", "delay": 31}, {"carrier": "UA", "delay": 4}],
    )

    subset: Names | None = None
    """The columns that make rows equal; without it, all."""
    keep: Literal["first", "last", False] = "first"
    """Which of equal rows to keep; false: none of them."""
    ignore_index: bool = True
    """As in pandas; the index is a plain range either way."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The rows that are kept, in their order."""
        subset = require(frame, "subset", self.subset) or None
        return plain(frame.drop_duplicates(subset, keep=self.keep))

    def needs(self, wanted: Columns) -> Columns:
        """Those that make rows equal too."""
        return plus(wanted, None if self.subset is None else name_list(self.subset))


class DropNa(Transform):
    """Leave out rows (or columns) with nulls."""

    op = "dropna"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHTS[:3]},
        pipeline=[{"op": "dropna", "subset": ["delay"]}],
        result=[{"carrier": "UA", "delay": 4}, {"carrier": "B6", "delay": 31}],
    )

    axis: Literal[0, 1, "index", "columns"] = 0
    """`0` or `index`: rows; `1` or `columns`: columns."""
    how: Literal["any", "all"] | None = None
    """Leave out what has any null (pandas' default), or only nulls."""
    thresh: int | None = None
    """Keep what has at least so many values; not together with `how`."""
    subset: Names | None = None
    """The columns to look at; without it, all."""
    ignore_index: bool = True
    """As in pandas; the index is a plain range either way."""

    @model_validator(mode="after")
    def _one_rule(self) -> "DropNa":
        if self.how is not None and self.thresh is not None:
            raise refusal(ArgumentInvalid("'thresh' cannot stand beside 'how'; give one of the two"), "/thresh")
        if self.subset is not None and self.axis in (1, "columns"):
            raise refusal(
                ArgumentInvalid("'subset' names columns to look at, so it goes with rows (axis 0)"), "/subset"
            )
        return self

    def columns_follow(self) -> Follows:
        """Which columns have nulls, the data alone tells."""
        return Follows.DATA if self.axis in (1, "columns") else self.follows

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """What is left, in its order."""
        subset = require(frame, "subset", self.subset) or None
        if self.thresh is not None:
            return plain(frame.dropna(axis=self.axis, thresh=self.thresh, subset=subset))
        return plain(frame.dropna(axis=self.axis, how=self.how or "any", subset=subset))

    def needs(self, wanted: Columns) -> Columns:
        """Those that are looked at too."""
        return plus(wanted, None if self.subset is None else name_list(self.subset))
