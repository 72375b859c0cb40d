"""`eval`: columns by formulas, written as text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from jobs.errors import ArgumentInvalid, ExpressionError
from jobs.expressions import Expression, Extent, parse
from jobs.expressions.values import is_scalar, to_series
from jobs.transforms.arguments import computed, extent_of, refusal, require_all, shown
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.columns.assign import assigned
from jobs.transforms.columns.expressed import follows_of
from jobs.transforms.follows import Follows
from jobs.transforms.usage import Columns, plus


@dataclass(frozen=True, slots=True)
class Line:
    """One formula: an expression, and the column that it is for; without a name it is the result itself."""

    name: str | None
    expression: Expression


def _lines(text: Any, info: ValidationInfo) -> tuple[Line, ...]:
    if isinstance(text, tuple):
        return text
    if not isinstance(text, str):
        raise refusal(ArgumentInvalid(f"an expression is a string, not {shown(text)}"))
    written = [line.strip() for line in text.splitlines() if line.strip()]
    if not written:
        raise refusal(ArgumentInvalid("there is no expression; write one as in 'net = price * qty'"))
    lines = tuple(_line(one, extent_of(info)) for one in written)
    if len(lines) > 1 and any(line.name is None for line in lines):
        raise refusal(ArgumentInvalid("of several lines each names a column, as in 'net = price * qty'"))
    return lines


def _line(text: str, extent: Extent) -> Line:
    name, formula = _divided(text)
    try:
        return Line(name, parse(formula, extent))
    except ExpressionError as error:
        raise refusal(error) from None


def _divided(text: str) -> tuple[str | None, str]:
    """The name before a single `=` and what stands behind it; None and the text where it is no assignment."""
    if text.startswith("`"):
        name, _, rest = text[1:].partition("`")
    else:
        end = next((place for place in range(len(text), 0, -1) if text[:place].isidentifier()), 0)
        name, rest = text[:end], text[end:]
    rest = rest.lstrip()
    if not rest.startswith("=") or rest.startswith("=="):
        return None, text
    return name, rest[1:].lstrip()


class Eval(Transform):
    """Add or replace columns by formulas, a line for each: `net = price * qty`.

    One expression without a name gives a frame of the one column `eval`: of one row where it is a value of the whole
    frame, as `price.sum()` is.
    """

    op = "eval"
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"price": 10.0, "qty": 3}, {"price": 2.5, "qty": 4}]},
        pipeline=[{"op": "eval", "expr": "net = price * qty\ngross = net * 1.5"}],
        result=[
            {"price": 10.0, "qty": 3, "net": 30.0, "gross": 45.0},
            {"price": 2.5, "qty": 4, "net": 10.0, "gross": 15.0},
        ],
    )

    expr: Annotated[tuple[Line, ...], PlainValidator(_lines), WithJsonSchema({"type": "string"})]
    """The formulas; a name with spaces stands in backticks."""

    def columns_follow(self) -> Follows:
        """As in assign; a bare expression may be a value of the whole frame, which of no rows is null."""
        bare = self.expr[0].name is None
        return Follows.NAMES if bare else follows_of(line.expression for line in self.expr)

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with the columns added, or the value of the expression."""
        if self.expr[0].name is None:
            return self._value(frame, self.expr[0].expression)
        for columns in _batches(self.expr):
            frame = assigned(frame, columns, lambda _: "/expr")
        return frame

    def _value(self, frame: pd.DataFrame, expression: Expression) -> pd.DataFrame:
        require_all(frame, sorted(expression.columns), "/expr")
        column = computed(frame, expression, "/expr")
        value = expression.evaluate(frame)
        if is_scalar(value):
            column = column.head(1) if len(frame) else to_series(value, pd.RangeIndex(1))
        return pd.DataFrame({self.op: column.array})

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same, or the one of a value; without a name it is not known which."""
        return given if self.expr[0].name is not None else max(given, 1)

    def needs(self, wanted: Columns) -> Columns:
        """What the formulas read too; a column that is replaced is wanted for its place."""
        read = frozenset[str]().union(*(line.expression.columns for line in self.expr))
        return read if self.expr[0].name is None else plus(wanted, read)


def _batches(lines: Sequence[Line]) -> Iterator[Mapping[str, Expression]]:
    """The formulas in order, those of one name apart."""
    batch: dict[str, Expression] = {}
    for line in lines:
        if line.name in batch:
            yield batch
            batch = {}
        batch[str(line.name)] = line.expression
    yield batch
