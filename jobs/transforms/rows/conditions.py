"""Rows by a condition: where an expression is true, where nulls are."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from jobs.codecs.blocks import column_array
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
from jobs.transforms.direct import nulls_of, places_of, rows_where
from jobs.transforms.examples import FLIGHTS
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus


class Query(Transform):
    """Keep the rows where an expression is true; null is not true."""

    op = "query"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS},
        pipeline=[{"op": "query", "expr": "delay > 3 and carrier in ['UA', 'AA']"}],
        result=[{"carrier": "UA", "delay": 4}, {"carrier": "UA", "delay": 4}],
    )

    expr: ExpressionText
    """The condition."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The rows that meet the condition, in their order."""
        require_all(frame, sorted(self.expr.columns), "/expr")
        try:
            return rows_where(frame, self.expr.mask(frame))
        except TransformError as error:
            raise error.inside("/expr") from None

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """All, at most."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those of the condition too."""
        return plus(wanted, self.expr.columns)


class DropNa(Transform):
    """Leave out rows (or columns) with nulls."""

    op = "dropna"
    family = "rows"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": FLIGHTS[:3]},
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
        subset = require(frame, "subset", self.subset)
        if self.axis in (0, "index") and frame.shape[1]:
            return rows_where(frame, self._left(frame, places_of(frame, subset) or range(frame.shape[1])))
        if self.thresh is not None:
            return plain(frame.dropna(axis=self.axis, thresh=self.thresh))
        return plain(frame.dropna(axis=self.axis, how=self.how or "any"))

    def _left(self, frame: pd.DataFrame, places: Sequence[int]) -> Any:
        """The rows that stay."""
        found = [null for place in places if (null := nulls_of(column_array(frame, place))) is not None]
        if self.thresh is None and self.how != "all":
            return ~np.logical_or.reduce(found) if found else np.full(len(frame), fill_value=True)
        count = np.zeros(len(frame), dtype=np.intp)
        for null in found:
            count += null
        return count <= len(places) - (1 if self.thresh is None else self.thresh)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """All, at most."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those that are looked at too."""
        return plus(wanted, None if self.subset is None else name_list(self.subset))
