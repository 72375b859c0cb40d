"""Named aggregation as pandas source: `["amount", "sum"]` over a frame, or over its groups."""

from collections.abc import Mapping, Sequence
from typing import Any

from jobs.errors import ExpressionError
from jobs.expressions import Expression, parse
from jobs.expressions.tree import Column
from jobs.script.code import given, literal, named
from jobs.script.expressions import Expressions
from jobs.script.kinds import is_scalar

Item = Sequence[Any]
"""An aggregation as JSON says it: source, function, and perhaps arguments."""


def expression_of(text: Any) -> Expression | None:
    """The expression that a source is; None where it is a column's name, or nothing."""
    if not isinstance(text, str):
        return None
    try:
        found = parse(text)
    except ExpressionError:
        return None
    return None if isinstance(found.tree, Column) else found


def column_of(text: str) -> str:
    """The name of the column that a source without operators names, in backticks or not."""
    try:
        tree = parse(text).tree
    except ExpressionError:
        return text
    return tree.name if isinstance(tree, Column) else text


def arguments_of(item: Item) -> Mapping[str, Any]:
    """What the third item holds."""
    return item[2] if len(item) > 2 and item[2] else {}


def aggregated(item: Item, frame: str, groups: str) -> str:
    """One aggregation as a call on `groups` (the frame itself, or its groups), with expressions over `frame`."""
    source, function = item[0], item[1]
    inside = ", ".join(named(given(arguments_of(item))))
    if isinstance(source, (list, tuple)):
        one, two = map(literal, source)
        if groups == frame:
            return f"{frame}[{one}].{function}({frame}[{two}])"
        return f"{groups}[[{one}, {two}]].apply(lambda part: part[{one}].{function}(part[{two}]))"
    if function == "size":
        return f"len({frame})" if groups == frame else f"{groups}.size()"
    expression = expression_of(source)
    if expression is None:
        values = f"{groups}[{literal(column_of(source))}]"
    elif groups == frame:
        value = Expressions(frame).column(expression)
        values = f"pd.Series({value}, index={frame}.index)" if is_scalar(expression.tree) else f"({value})"
    else:
        raise AssertionError(source)  # the caller has made a column of it
    return _first(values, function, groups == frame) or f"{values}.{function}({inside})"


def _first(values: str, function: str, whole: bool) -> str | None:
    """A Series has no `first` and `last` of its own."""
    if not whole or function not in ("first", "last"):
        return None
    return f"{values}.dropna().iloc[{0 if function == 'first' else -1}]"
