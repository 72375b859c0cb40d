"""Columns made by expressions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import Field

from jobs.codecs.blocks import frame_of
from jobs.errors import ColumnUnknown, TransformError
from jobs.expressions import Expression
from jobs.transforms.arguments import (
    ExpressionText,
    one_column,
    pointer,
)
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.columns.expressed import follows_of
from jobs.transforms.direct import values_of, with_columns
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus


class Assign(Transform):
    """Add or replace columns by expressions, in written order: later ones see earlier ones."""

    op = "assign"
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"price": 10.0, "qty": 3}, {"price": 2.5, "qty": 4}]},
        pipeline=[{"op": "assign", "columns": {"net": "price * qty", "gross": "net * 1.5"}}],
        result=[
            {"price": 10.0, "qty": 3, "net": 30.0, "gross": 45.0},
            {"price": 2.5, "qty": 4, "net": 10.0, "gross": 15.0},
        ],
    )

    columns: Annotated[dict[str, ExpressionText], Field(min_length=1, max_length=10_000)]
    """Name of the column → expression."""

    def columns_follow(self) -> Follows:
        """Of no rows a mean or a maximum is null, and may have another dtype than of some."""
        return follows_of(self.columns.values())

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with the columns added; the data of the others is shared, not copied."""
        return assigned(frame, self.columns, lambda name: pointer("columns", name))

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """What the expressions read too; a column that is replaced is wanted for its place."""
        return plus(wanted, frozenset().union(*(expression.columns for expression in self.columns.values())))


def assigned(frame: pd.DataFrame, columns: Mapping[str, Expression], at: Callable[[str], str]) -> pd.DataFrame:
    """The frame with these columns added or replaced, in written order; `at` is the pointer of a name's expression."""
    new: dict[str, Any] = {}
    for name, expression in columns.items():
        given = _beside(frame, new, expression, at(name))
        try:
            new[name] = expression.values(given)
        except TransformError as error:
            raise error.inside(at(name)) from None
    return with_columns(frame, new)


def _beside(frame: pd.DataFrame, new: Mapping[str, Any], expression: Expression, at: str) -> pd.DataFrame:
    """The frame for an expression that may read new columns: those of them that it reads, over the frame's own."""
    names = sorted(expression.columns)
    for name in names:
        if name not in new and name not in frame.columns:
            raise ColumnUnknown(name, [*frame.columns, *new], at)
    if not any(name in new for name in names):
        return frame
    read = [new[name] if name in new else values_of(one_column(frame, name, at)) for name in names]
    return frame_of(names, read, len(frame))
