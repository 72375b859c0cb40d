"""Windows along the rows and along time: `rolling`, `expanding`, `ewm`, `resample`, `asfreq`."""

from collections.abc import Mapping
from typing import Any, Final

from jobs.script.aggregations import arguments_of
from jobs.script.arguments import Arguments
from jobs.script.code import given, literal, named, ordered
from jobs.script.ops.common import Renderer
from jobs.script.ops.groups import table_of, with_sources
from jobs.script.writing import Writing


def _windowed(a: Arguments, w: Writing) -> None:
    """New columns of windows over the frame, or within its groups."""
    frame, aggregations = with_sources(a.get("agg"), w)
    base = frame.text() if not frame.links else w.let("given", frame)
    words = a.others("by", "agg", "on")
    made = {name: _over(a, base, item, words) for name, item in aggregations.items()}
    w.set(w.chain.call("assign", *ordered(made)))


def _over(a: Arguments, frame: str, item: list[Any], words: Mapping[str, Any]) -> str:
    window = f"{a.op}({', '.join(named(given(words)))})"
    on, source, function = a.get("on"), item[0], item[1]
    inside = ", ".join(
        named(given({"q": 0.5} | dict(arguments_of(item)) if function == "quantile" else arguments_of(item)))
    )
    timed = frame if on is None else f"{frame}.set_index({literal(on)})"
    back = "" if on is None else ".to_numpy()"
    if isinstance(source, list):
        one, two = map(literal, source)
        pair = f"{{0}}[{one}].{window}.{function}({{0}}[{two}]{', ' + inside if inside else ''})"
        if a.get("by") is None:
            return pair.format(timed) + back
        grouped = f"{timed}.groupby({literal(a.get('by'))}, group_keys=False)[[{one}, {two}]]"
        return f"{grouped}.apply(lambda part: {pair.format('part')})" + back
    if a.get("by") is None:
        return f"{timed}[{literal(source)}].{window}.{function}({inside})" + back
    grouped = f"{timed}.groupby({literal(a.get('by'))})[{literal(source)}]"
    return f"{grouped}.transform(lambda part: part.{window}.{function}({inside}))" + back


def _resample(a: Arguments, w: Writing) -> None:
    frame, aggregations = with_sources(a.get("agg"), w)
    groups = frame if a.get("by") is None else frame.call("groupby", literal(a.get("by")))
    rest = given(a.others("by", "agg", "rule", "on"))
    bins = w.let("bins", groups.call("resample", literal(a.get("rule")), on=literal(a.get("on")), **rest))
    w.set(table_of(aggregations, bins, w).call("reset_index"))


def _asfreq(a: Arguments, w: Writing) -> None:
    by_time = w.chain.call("set_index", literal(a.get("on")))
    filled = by_time.call("asfreq", literal(a.get("freq")), **given(a.others("on", "freq")))
    w.set(filled.call("reset_index").item(f"{w.frame}.columns"))


RENDERERS: Final[Mapping[str, Renderer]] = {
    "asfreq": _asfreq,
    "ewm": _windowed,
    "expanding": _windowed,
    "resample": _resample,
    "rolling": _windowed,
}
