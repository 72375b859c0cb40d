"""An expression: parsed and checked once, evaluated over any number of frames."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from jobs.errors import DtypeUnsuitable
from jobs.expressions.build import Builder
from jobs.expressions.lexer import USUAL, Extent, read
from jobs.expressions.logic import as_condition
from jobs.expressions.rowwise import row_wise
from jobs.expressions.scope import Scope
from jobs.expressions.tree import Column, Constant, Node, unsuitable
from jobs.expressions.values import Clash, Logical, Value, is_scalar, to_series

_LIST: Final = "a list is no value of a column; it stands beside in, == or !="


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression. `columns` are the names it reads; nothing else of a frame is looked at."""

    text: str
    tree: Node
    columns: frozenset[str]

    @property
    def row_wise(self) -> bool:
        """Whether each row's value is the same whatever other rows the frame has; false where that is not known."""
        return row_wise(self.tree)

    def evaluate(self, frame: pd.DataFrame) -> Any:
        """A Series over the frame's index, or a scalar where no operand is a row's own (a literal, a reduction).

        Raises ColumnUnknown or DtypeUnsuitable.
        """
        if isinstance(self.tree, Column):
            return Scope(frame).raw(self.tree.name)
        value = self._value(frame)
        if isinstance(value, Logical) and is_scalar(value):
            return None if value.null is not None else bool(value.truth)
        return value if is_scalar(value) else to_series(value, frame.index)

    def column(self, frame: pd.DataFrame) -> pd.Series:
        """As `evaluate`, a scalar repeated over the frame's length."""
        if isinstance(self.tree, Column):
            return Scope(frame).raw(self.tree.name)
        return self._series(self._value(frame), frame)

    def values(self, frame: pd.DataFrame) -> Any:
        """As `column`, the array alone: NumPy's where it is one of plain numbers, else pandas'."""
        value = Scope(frame).raw(self.tree.name) if isinstance(self.tree, Column) else self._value(frame)
        if isinstance(value, np.ndarray):
            return value
        column = self._series(value, frame)
        plain = isinstance(column.dtype, np.dtype) and column.dtype.kind not in "mM"
        return column.to_numpy() if plain else column.array

    def _series(self, value: Value, frame: pd.DataFrame) -> pd.Series:
        try:
            return to_series(value, frame.index)
        except Clash as clash:
            raise unsuitable(str(clash), (self.tree,), Scope(frame)) from None

    def mask(self, frame: pd.DataFrame) -> Any:
        """The rows for which the condition is true, as a NumPy array of bool: neither false nor null ones.

        Raises ColumnUnknown, or DtypeUnsuitable where the expression is no condition.
        """
        try:
            with np.errstate(all="ignore"):
                truth = self.tree.truth(Scope(frame))
        except Clash:
            truth = self._condition(frame).truth  # it raises, too, and tells what operation wanted a condition
        return np.full(len(frame), bool(truth)) if np.ndim(truth) == 0 else truth

    def _condition(self, frame: pd.DataFrame) -> Logical:
        value = self._value(frame)
        try:
            return as_condition("a filter", value)
        except Clash as clash:
            raise unsuitable(str(clash), (self.tree,), Scope(frame)) from None

    def _value(self, frame: pd.DataFrame) -> Value:
        with np.errstate(all="ignore"):
            value = self.tree.value(Scope(frame))
        if isinstance(value, np.ndarray) and not value.flags.writeable:
            return value.copy()  # a view of the frame or of an Arrow buffer: a result shares memory with neither
        if isinstance(value, tuple):
            raise DtypeUnsuitable(_LIST)
        return value


def parse(text: str, extent: Extent = USUAL) -> Expression:
    """The checked expression behind `text`, which is no larger than `extent`.

    Raises ExpressionSyntax, ExpressionForbidden or ExpressionTooLarge with the position and what to write instead.
    """
    source = read(text, extent)
    builder = Builder(source, extent.depth)
    tree = builder.build(source.tree)
    if isinstance(tree, Constant) and isinstance(tree.literal, tuple):
        builder.refuse(_LIST, source.tree)
    return Expression(text, tree, frozenset(tree.columns()))
