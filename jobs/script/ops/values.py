"""Values: what stands in the cells."""

import json
from collections.abc import Mapping
from typing import Any, Final

from jobs.script.arguments import Arguments
from jobs.script.code import Chain, given, literal, ordered
from jobs.script.ops.common import Renderer, column, function, method
from jobs.script.writing import Writing


def _replacing(w: Writing, columns: Mapping[str, str]) -> None:
    w.set(w.chain.call("assign", *ordered(columns)))


def _where(a: Arguments, w: Writing) -> None:
    other = [] if a.get("other") is None else [literal(a.get("other"))]
    w.set(w.chain.call(a.op, w.expressions.certain(a.expression("cond")), *other))


def _map(a: Arguments, w: Writing) -> None:
    tables = {name: column(w, name).call("map", _table(table)).text() for name, table in a.get("columns").items()}
    _replacing(w, tables)


def _table(table: Mapping[str, Any]) -> str:
    """JSON's keys are text: one that reads like a number stands for that, too."""
    return "{" + ", ".join(f"{key}: {literal(value)}" for text, value in table.items() for key in _keys(text)) + "}"


def _keys(text: str) -> list[str]:
    try:
        number = json.loads(text)
    except ValueError:
        return [literal(text)]
    return [literal(text), literal(number)] if isinstance(number, (int, float)) else [literal(text)]


def _convert(a: Arguments, w: Writing) -> None:
    more = given(a.others("columns"))
    made = {name: Chain("pd").call(a.op, column(w, name).text(), **more).text() for name in a.listed("columns")}
    _replacing(w, made)


def _zone(a: Arguments, w: Writing) -> None:
    on = a.get("on")
    times = Chain(f"{column(w, on).text()}.dt").call(a.op, literal(a.get("tz")), **given(a.others("on", "tz")))
    _replacing(w, {on: times.text()})


def _clip(a: Arguments, w: Writing) -> None:
    none = {"lower": (None, "-inf"), "upper": (None, "inf")}
    bounds = {name: a.get(name) for name in none if a.get(name) not in none[name]}
    if not any(isinstance(bound, dict) for bound in bounds.values()):
        w.set(w.chain.call(a.op, **given(bounds)))
        return
    names = dict.fromkeys(name for bound in bounds.values() if isinstance(bound, dict) for name in bound)
    clipped = {}
    for name in names:
        own = {side: bound.get(name) if isinstance(bound, dict) else bound for side, bound in bounds.items()}
        own = {side: bound for side, bound in own.items() if bound not in none[side]}
        clipped[name] = column(w, name).call("clip", **given(own)).text()
    _replacing(w, clipped)


def _cut(a: Arguments, w: Writing) -> None:
    more = given(a.others("column", "into"))
    if isinstance(a.get("bins"), list):
        more["bins"] = f"[{', '.join(map(_edge, a.get('bins')))}]"
    made = Chain("pd").call(a.op, column(w, a.get("column")).text(), **more)
    labeled = Chain(f"{made.text()}.cat").call("rename_categories", "str").call("astype", '"str"')
    labeled = made if a.get("labels") is not None else labeled
    _replacing(w, {a.get("into") or a.get("column"): labeled.text()})


def _edge(edge: Any) -> str:
    """An edge of a bin: infinite ones are text in JSON."""
    return f'float("{edge}")' if edge in ("inf", "-inf") else literal(edge)


def _replace(a: Arguments, w: Writing) -> None:
    """A null to put in place is said, since pandas takes its absence for something else."""
    value = {} if "value" in a or isinstance(a.get("to_replace"), dict) else {"value": "None"}
    w.set(w.chain.call("replace", **given(a.written), **value))


RENDERERS: Final[Mapping[str, Renderer]] = {
    **dict.fromkeys(
        (
            "abs", "bfill", "cummax", "cummin", "cumprod", "cumsum", "diff", "ffill", "fillna", "interpolate", "isna",
            "notna", "pct_change", "rank", "round", "shift",
        ),
        method,
    ),
    "clip": _clip,
    "cut": _cut,
    "from_dummies": function,
    "get_dummies": function,
    "map": _map,
    "mask": _where,
    "qcut": _cut,
    "to_datetime": _convert,
    "to_numeric": _convert,
    "to_timedelta": _convert,
    "replace": _replace,
    "tz_convert": _zone,
    "tz_localize": _zone,
    "where": _where,
}  # fmt: skip
