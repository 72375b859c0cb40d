"""Columns: which there are, what they are called, what they are made of."""

from collections.abc import Mapping
from typing import Final

from jobs.script.arguments import Arguments, parsed
from jobs.script.code import Chain, given, literal, ordered
from jobs.script.kinds import is_scalar
from jobs.script.ops.common import Renderer, method, numbered
from jobs.script.writing import Writing


def _assign(a: Arguments, w: Writing) -> None:
    """One statement for the columns that do not read each other."""
    ready: dict[str, str] = {}
    for name, text in a.get("columns").items():
        expression = parsed(text)
        if expression.columns & ready.keys():
            w.set(w.chain.call("assign", *ordered(ready)))
            ready = {}
        ready[name] = w.expressions.column(expression)
    w.set(w.chain.call("assign", *ordered(ready)))


def _eval(a: Arguments, w: Writing) -> None:
    """Formulas, a line for each; one without a name is a frame of its own."""
    for formula in a.checked("expr"):
        if formula.name is not None:
            w.set(w.chain.call("assign", *ordered({formula.name: w.expressions.column(formula.expression)})))
            continue
        value = w.expressions.column(formula.expression)
        one = f"[{value}]" if is_scalar(formula.expression.tree) else value
        w.set(Chain("pd").call("DataFrame", f'{{"eval": {one}}}'))


def _select(a: Arguments, w: Writing) -> None:
    w.set(w.chain.item(literal(a.listed("columns"))))


def _drop(a: Arguments, w: Writing) -> None:
    dropped = w.chain.call("drop", **given(a.written))
    w.set(numbered(dropped) if a.get("index") is not None else dropped)


def _set_axis(a: Arguments, w: Writing) -> None:
    w.set(w.chain.call("set_axis", literal(a.get("labels")), axis="1"))


def _reindex(a: Arguments, w: Writing) -> None:
    fill = given(a.given("fill_value"))
    if a.get("columns") is not None:
        w.set(w.chain.call("reindex", columns=literal(a.get("columns")), **fill))
        return
    by_label = w.chain.call("set_index", literal(a.get("on"))).call("reindex", literal(a.get("labels")), **fill)
    w.set(by_label.call("reset_index").item(f"{w.frame}.columns"))


RENDERERS: Final[Mapping[str, Renderer]] = {
    "add_prefix": method,
    "add_suffix": method,
    "assign": _assign,
    "astype": method,
    "convert_dtypes": method,
    "drop": _drop,
    "eval": _eval,
    "filter": method,
    "infer_objects": method,
    "reindex": _reindex,
    "rename": method,
    "select": _select,
    "select_dtypes": method,
    "set_axis": _set_axis,
}
