"""Groups: `groupby` with the verb that says what becomes of them."""

from collections.abc import Mapping
from typing import Any, Final

from jobs.script.aggregations import aggregated, arguments_of, column_of, expression_of
from jobs.script.arguments import Arguments
from jobs.script.code import Chain, given, literal, named, ordered
from jobs.script.expressions import Expressions
from jobs.script.ops.common import Renderer, numbered
from jobs.script.writing import Writing

_GROUPING: Final = ("by", "sort", "dropna", "observed")
# functions of a named form that give a value for each row by themselves
_ROWWISE: Final = frozenset(
    [
        "bfill", "cumcount", "cummax", "cummin", "cumprod", "cumsum", "diff", "ffill", "ngroup", "pct_change", "rank",
        "shift",
    ]
)  # fmt: skip
_PICKING: Final = ("head", "tail", "nth", "sample")
_JOINED: Final = '["_".join(name) for name in table.columns]'


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


def table_of(aggregations: Mapping[str, Any], groups: str, w: Writing) -> Chain:
    """A column for each aggregation over the variable `groups`; their keys are the index."""
    parts = [f"{literal(name)}: {aggregated(item, '', groups)}" for name, item in aggregations.items()]
    w.lines += ["columns = {", *(f"    {part}," for part in parts), "}"]
    return Chain("pd").call("DataFrame", "columns")


def _agg(a: Arguments, w: Writing) -> None:
    frame, aggregations = with_sources(a.get("agg"), w)
    groups = groups_of(a, frame)
    if all(isinstance(item[0], str) and not arguments_of(item) and item[1] != "size" for item in aggregations.values()):
        columns = {name: f"({literal(item[0])}, {literal(item[1])})" for name, item in aggregations.items()}
        w.set(groups.call("agg", *ordered(columns)).call("reset_index"))
        return
    w.set(table_of(aggregations, w.let("groups", groups), w).call("reset_index"))


def _transform(a: Arguments, w: Writing) -> None:
    frame, transforms = with_sources(a.get("transform"), w)
    groups = w.let("groups", groups_of(a, frame))
    made = {name: _transformed(item, groups, a) for name, item in transforms.items()}
    w.set(w.chain.call("assign", *ordered(made)))


def _transformed(item: list[Any], groups: str, a: Arguments) -> str:
    source, function = item[0], item[1]
    words = named(given(arguments_of(item)))
    if source is None and function in _ROWWISE:
        return f"{groups}.{function}({', '.join(words)})"
    column = f"{groups}[{literal(a.listed('by')[0] if source is None else source)}]"
    if function in _ROWWISE:
        return f"{column}.{function}({', '.join(words)})"
    return f"{column}.transform({', '.join([literal(function), *words])})"


def _filter(a: Arguments, w: Writing) -> None:
    """A group stays where the condition, of reductions and keys, is true."""
    condition = Expressions("part").mask(a.expression("filter"))
    kept = groups_of(a, w.chain).call("filter", f"lambda part: np.all({condition})")
    w.set(numbered(kept))


def _columns(groups: Chain, words: Mapping[str, Any]) -> Chain:
    """The groups, of some columns alone where they are named."""
    columns = words.get("columns", words.get("subset"))
    return groups if columns is None else groups.item(literal([columns] if isinstance(columns, str) else columns))


def _groupby(a: Arguments, w: Writing) -> None:
    verb = next(name for name in a.written if name not in _GROUPING)
    special = _VERBS.get(verb)
    if special is not None:
        special(a, w)
        return
    words: dict[str, Any] = a.get(verb) or {}
    groups = groups_of(a, w.chain)
    if verb in ("ngroup", "cumcount"):
        w.set(groups.call(verb, **given(words)).call("to_frame", literal(verb)))
        return
    if verb in _PICKING:
        w.set(numbered(groups.call(verb, **given(words))))
        return
    called = _columns(groups, words).call(verb, **given({n: v for n, v in words.items() if n != "columns"}))
    w.set(numbered(called) if verb in _ROWWISE else called.call("reset_index"))


def _size(a: Arguments, w: Writing) -> None:
    w.set(groups_of(a, w.chain).call("size").call("reset_index", name='"size"'))


def _quantile(a: Arguments, w: Writing) -> None:
    words: dict[str, Any] = a.get("quantile") or {}
    rest = given({name: value for name, value in words.items() if name != "columns"})
    table = _columns(groups_of(a, w.chain), words).call("quantile", **rest)
    if isinstance(words.get("q"), list):
        table = table.call("rename_axis", f"index={literal([*a.listed('by'), 'index'])}")
    w.set(table.call("reset_index"))


def _value_counts(a: Arguments, w: Writing) -> None:
    words: dict[str, Any] = a.get("value_counts") or {}
    counted = groups_of(a, w.chain).call("value_counts", **given(words))
    w.set(counted.call("reset_index", name='"proportion"' if words.get("normalize") else '"count"'))


def _statistics(a: Arguments, w: Writing) -> None:
    """`describe` and `ohlc`: a column for each of a column's statistics."""
    verb = "describe" if "describe" in a else "ohlc"
    words: dict[str, Any] = a.get(verb) or {}
    rest = given({name: value for name, value in words.items() if name != "columns"})
    table = w.let("table", _columns(groups_of(a, w.chain), words).call(verb, **rest))
    joined = _JOINED.replace("table", table)
    w.set(Chain(table).call("set_axis", joined, axis="1").call("reset_index"))


def _pairs(a: Arguments, w: Writing) -> None:
    """`corr` and `cov`: a row for each group and column."""
    verb = "corr" if "corr" in a else "cov"
    words: dict[str, Any] = a.get(verb) or {}
    rest = given({name: value for name, value in words.items() if name != "columns"})
    table = _columns(groups_of(a, w.chain), words).call(verb, **rest)
    w.set(table.call("rename_axis", f"index={literal([*a.listed('by'), 'index'])}").call("reset_index"))


_VERBS: Final[dict[str, Renderer]] = {
    "agg": _agg,
    "corr": _pairs,
    "cov": _pairs,
    "describe": _statistics,
    "filter": _filter,
    "ohlc": _statistics,
    "quantile": _quantile,
    "size": _size,
    "transform": _transform,
    "value_counts": _value_counts,
}

RENDERERS: Final[Mapping[str, Renderer]] = {"groupby": _groupby}
