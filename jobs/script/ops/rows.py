"""Rows: which of them stay, and in what order."""

from collections.abc import Mapping
from typing import Final

from jobs.script.arguments import Arguments
from jobs.script.code import Chain, given, literal, ordered
from jobs.script.kinds import is_scalar
from jobs.script.ops.common import Renderer, column, numbered, renumbering
from jobs.script.writing import Writing


def _query(a: Arguments, w: Writing) -> None:
    condition = a.expression("expr")
    mask = w.expressions.mask(condition)
    if is_scalar(condition.tree):
        mask = f"pd.Series({mask}, index={w.frame}.index)"
    w.set(numbered(w.chain.item(mask)))


def _slice(a: Arguments, w: Writing) -> None:
    ends = ("" if end is None else str(end) for end in (a.get("start"), a.get("stop")))
    w.set(numbered(Chain(f"{w.frame}.iloc").item(":".join(ends))))


def _extreme(a: Arguments, w: Writing) -> None:
    arguments = given(a.others("n", "columns"))
    w.set(numbered(w.chain.call(a.op, literal(a.get("n")), literal(a.get("columns")), **arguments)))


def _dropna(a: Arguments, w: Writing) -> None:
    by_columns = a.get("axis") in (1, "columns")
    more = {} if by_columns else {"ignore_index": "True"}
    w.set(w.chain.call("dropna", **given(a.others("ignore_index")), **more))


def _sample(a: Arguments, w: Writing) -> None:
    w.set(w.chain.call("sample", **given(a.others("ignore_index")), ignore_index="True"))


def _duplicated(a: Arguments, w: Writing) -> None:
    w.set(w.chain.call("duplicated", **given(a.written)).call("to_frame", literal("duplicated")))


def _isin(a: Arguments, w: Writing) -> None:
    """As in pandas, and a null is one of the values that name null, in columns of any dtype."""
    values = a.get("values")
    if not isinstance(values, dict):
        found = w.chain.call("isin", literal([one for one in values if one is not None]))
        w.set(Chain(f"{found.text()} | {w.frame}.isna()") if None in values else found)
        return
    found = w.chain.call("isin", literal({name: [one for one in values[name] if one is not None] for name in values}))
    nulls = {
        name: f"{column(w, name).text()}.isna() | {column(w, name).call('isin', literal(listed)).text()}"
        for name, given_ in values.items()
        if None in given_ and (listed := [one for one in given_ if one is not None]) is not None
    }
    w.set(found.call("assign", *ordered(nulls)) if nulls else found)


def _truncate(a: Arguments, w: Writing) -> None:
    on = column(w, a.get("on")).text()
    ends = [f"({on} {sign} {literal(a.get(name))})" for name, sign in (("before", ">="), ("after", "<="))
            if a.get(name) is not None]  # fmt: skip
    w.set(numbered(w.chain.item(" & ".join(ends))) if ends else w.chain)


def _between_time(a: Arguments, w: Writing) -> None:
    inclusive = a.get("inclusive", "both")
    sides = {"include_start": ("both", "left"), "include_end": ("both", "right")}
    more = {name: "False" for name, kept in sides.items() if inclusive not in kept}
    times = Chain(f"pd.DatetimeIndex({column(w, a.get('on')).text()})")
    ends = (literal(a.get("start_time")), literal(a.get("end_time")))
    w.set(numbered(Chain(f"{w.frame}.iloc").item(times.call("indexer_between_time", *ends, **more).text())))


def _at_time(a: Arguments, w: Writing) -> None:
    times = Chain(f"pd.DatetimeIndex({column(w, a.get('on')).text()})").call("indexer_at_time", literal(a.get("time")))
    w.set(numbered(Chain(f"{w.frame}.iloc").item(times.text())))


def _head(a: Arguments, w: Writing) -> None:
    w.set(w.chain.call("head", *([literal(a.get("n"))] if "n" in a else [])))


def _tail(a: Arguments, w: Writing) -> None:
    w.set(numbered(w.chain.call("tail", *([literal(a.get("n"))] if "n" in a else []))))


RENDERERS: Final[Mapping[str, Renderer]] = {
    "at_time": _at_time,
    "between_time": _between_time,
    "drop_duplicates": renumbering,
    "dropna": _dropna,
    "duplicated": _duplicated,
    "head": _head,
    "isin": _isin,
    "nlargest": _extreme,
    "nsmallest": _extreme,
    "query": _query,
    "sample": _sample,
    "slice": _slice,
    "sort_values": renumbering,
    "tail": _tail,
    "truncate": _truncate,
}
