"""Aggregates of the whole frame: a Series comes back as a frame of `column` and a column named after the op."""

from collections.abc import Mapping
from typing import Final

from jobs.script.aggregations import aggregated
from jobs.script.arguments import Arguments
from jobs.script.code import Chain, given, literal
from jobs.script.ops.common import Renderer, method
from jobs.script.writing import Writing


def _reduction(a: Arguments, w: Writing) -> None:
    reduced = w.chain.call(a.op, **given(a.written))
    if a.get("axis") in (1, "columns"):
        w.set(reduced.call("to_frame", literal(a.op)))
        return
    w.set(reduced.call("rename_axis", '"column"').call("reset_index", name=literal(a.op)))


def _table(a: Arguments, w: Writing) -> None:
    w.set(w.chain.call(a.op, **given(a.written)).call("reset_index"))


def _quantile(a: Arguments, w: Writing) -> None:
    (_table if isinstance(a.get("q"), (list, tuple)) else _reduction)(a, w)


def _value_counts(a: Arguments, w: Writing) -> None:
    w.set(w.chain.call("value_counts", **given(a.written)).call("reset_index", name='"value_counts"'))


def _agg(a: Arguments, w: Writing) -> None:
    """Named aggregation of the whole frame: one row."""
    columns = {name: aggregated(one, w.frame, w.frame) for name, one in a.get("agg", a.get("columns")).items()}
    inside = ", ".join(f"{literal(name)}: [{source}]" for name, source in columns.items())
    w.set(Chain("pd").call("DataFrame", "{" + inside + "}"))


RENDERERS: Final[Mapping[str, Renderer]] = {
    **dict.fromkeys(
        (
            "all", "any", "count", "idxmax", "idxmin", "kurt", "max", "mean", "median", "memory_usage", "min",
            "nunique", "prod", "sem", "skew", "std", "sum", "var",
        ),
        _reduction,
    ),
    "agg": _agg,
    "corr": _table,
    "cov": _table,
    "describe": _table,
    "mode": method,
    "quantile": _quantile,
    "value_counts": _value_counts,
}  # fmt: skip
