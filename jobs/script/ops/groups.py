"""Groups: aggregated, or each row beside what its group gives."""

from collections.abc import Mapping
from typing import Any, Final

from jobs.script.aggregations import aggregated, arguments_of, column_of, expression_of
from jobs.script.arguments import Arguments
from jobs.script.code import Chain, given, literal, ordered
from jobs.script.ops.common import Renderer
from jobs.script.writing import Writing

_GROUPING: Final = ("by", "sort", "dropna", "observed")


def groups_of(a: Arguments, frame: Chain) -> Chain:
    """The frame's groups, by the arguments that say how they are made."""
    return frame.call("groupby", literal(a.get("by")), **given(a.given("sort", "dropna", "observed")))


def with_sources(aggregations: Mapping[str, Any], w: Writing) -> tuple[Chain, dict[str, list[Any]]]:
    """The frame with a column for each source that is an expression, and the aggregations of these columns."""
    made: dict[str, str] = {}
    plain: dict[str, list[Any]] = {}
    for name, item in aggregations.items():
        expression = expression_of(item[0])
        if expression is None:
            source = column_of(item[0]) if isinstance(item[0], str) else item[0]
        else:
            source = f"_{name}"
            made[source] = w.expressions.column(expression)
        plain[name] = [source, *item[1:]]
    return (w.chain.call("assign", *ordered(made)) if made else w.chain), plain


def _agg(a: Arguments, w: Writing) -> None:
    frame, aggregations = with_sources(a.get("agg"), w)
    groups = groups_of(a, frame)
    if all(isinstance(item[0], str) and not arguments_of(item) and item[1] != "size" for item in aggregations.values()):
        columns = {name: f"({literal(item[0])}, {literal(item[1])})" for name, item in aggregations.items()}
        w.set(groups.call("agg", *ordered(columns)).call("reset_index"))
        return
    made = w.let("groups", groups)
    parts = [f"{literal(name)}: {aggregated(item, '', made)}" for name, item in aggregations.items()]
    w.lines += ["columns = {", *(f"    {part}," for part in parts), "}"]
    w.set(Chain("pd").call("DataFrame", "columns").call("reset_index"))


def _groupby(a: Arguments, w: Writing) -> None:
    verb = next(name for name in a.written if name not in _GROUPING)
    _VERBS[verb](a, w)


_VERBS: Final[dict[str, Renderer]] = {"agg": _agg}

RENDERERS: Final[Mapping[str, Renderer]] = {"groupby": _groupby}
