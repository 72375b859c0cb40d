"""Frames together: joins by keys, frames below or beside each other."""

from collections.abc import Mapping
from typing import Final

from jobs.script.arguments import Arguments
from jobs.script.code import Chain, given, literal
from jobs.script.ops.common import Renderer, numbered
from jobs.script.writing import Writing

_KEEPING_ONE_SIDE: Final = ("semi", "left_anti", "right_anti")


def _merge(a: Arguments, w: Writing) -> None:
    right = w.variable(a.get("right"))
    if a.get("how") in _KEEPING_ONE_SIDE:
        _one_side(a, w, right)
        return
    w.set(w.chain.call("merge", right, **given(a.others("right"))))


def _one_side(a: Arguments, w: Writing, right: str) -> None:
    """The rows of one side that have a partner, or none: a join with the other side's keys, each once."""
    left_keys, right_keys = (literal(a.listed(name) or a.listed("on")) for name in ("left_on", "right_on"))
    if not a.listed("left_on") and not a.listed("on"):
        shared = Chain(f"[name for name in {w.frame}.columns if name in {right}.columns]")
        left_keys = right_keys = w.let("keys", shared)
    kept, keys, other, others = w.frame, left_keys, right, right_keys
    if a.get("how") == "right_anti":
        kept, keys, other, others = right, right_keys, w.frame, left_keys
    partners = Chain(other).item(others).call("drop_duplicates")
    if keys != others:
        partners = partners.call("set_axis", keys, axis="1")
    how = '"inner"' if a.get("how") == "semi" else '"left_anti"'
    joined = Chain(kept).call("merge", partners.text(), on=keys, how=how)
    if a.get("sort"):
        joined = joined.call("sort_values", by=keys)
    w.set(joined if a.get("how") == "semi" and not a.get("sort") else numbered(joined))


def _joined(a: Arguments, w: Writing) -> None:
    """`pd.merge_asof` and `pd.merge_ordered`."""
    rest = given(a.others("right", "tolerance"))
    if a.get("tolerance") is not None:
        span = a.get("tolerance")
        rest["tolerance"] = f"pd.Timedelta({literal(span)})" if isinstance(span, str) else literal(span)
    w.set(Chain("pd").call(a.op, w.frame, w.variable(a.get("right")), **rest))


def _concat(a: Arguments, w: Writing) -> None:
    parts, keys = [w.frame, *map(w.variable, a.listed("frames"))], a.listed("keys")
    if a.get("axis") in (1, "columns"):
        if keys:
            named = zip(parts, keys, strict=True)
            parts = [Chain(part).call("add_prefix", literal(f"{key}_")).text() for part, key in named]
        w.set(Chain("pd").call("concat", f"[{', '.join(parts)}]", axis="1", **given(a.given("join"))))
        return
    words = given(a.given("join", "sort"))
    if not keys:
        w.set(Chain("pd").call("concat", f"[{', '.join(parts)}]", **words, ignore_index="True"))
        return
    words |= {"keys": literal(keys), "names": literal([*(a.listed("names") or ["key"])][:1])}
    stacked = Chain("pd").call("concat", f"[{', '.join(parts)}]", **words)
    w.set(numbered(stacked.call("reset_index", level="0")))


def _by(frame: str, a: Arguments) -> Chain:
    """A frame whose index are the columns `on`."""
    return Chain(frame).call("set_index", literal(a.listed("on"))) if a.listed("on") else Chain(frame)


def _combine_first(a: Arguments, w: Writing) -> None:
    other = _by(w.variable(a.get("other")), a).text()
    combined = _by(w.frame, a).call("combine_first", other)
    w.set(combined.call("reset_index") if a.listed("on") else combined)


def _update(a: Arguments, w: Writing) -> None:
    """pandas changes the frame itself: so a new one."""
    changed = w.let("updated", _by(w.frame, a) if a.listed("on") else w.chain.call("copy"))
    other = _by(w.variable(a.get("other")), a).text()
    w.line(Chain(changed).call("update", other, **given(a.others("other", "on"))).text())
    w.set(Chain(changed).call("reset_index").item(f"{w.frame}.columns") if a.listed("on") else Chain(changed))


def _compare(a: Arguments, w: Writing) -> None:
    more = given(a.given("keep_shape", "keep_equal"))
    if "result_names" in a:
        more["result_names"] = f"({', '.join(map(literal, a.listed('result_names')))})"
    apart = w.let("apart", _by(w.frame, a).call("compare", _by(w.variable(a.get("other")), a).text(), **more))
    w.set(Chain(apart).call("set_axis", f'["_".join(name) for name in {apart}.columns]', axis="1").call("reset_index"))


RENDERERS: Final[Mapping[str, Renderer]] = {
    "combine_first": _combine_first,
    "compare": _compare,
    "concat": _concat,
    "merge": _merge,
    "merge_asof": _joined,
    "merge_ordered": _joined,
    "update": _update,
}
