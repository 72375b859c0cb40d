"""Other shapes: long and wide. New columns are named after values, the levels of several joined with `_`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jobs.script.arguments import Arguments
from jobs.script.code import Chain, given, literal
from jobs.script.ops.common import Renderer, column
from jobs.script.writing import Writing

_NAME_OF: Final = '''def name_of(value):
    """A value as the name of a column."""
    if pd.isna(value):
        return "null"
    if isinstance(value, pd.Timestamp):
        midnight = value.tz is None and value == value.normalize()
        return str(value.date()) if midnight else value.isoformat()
    return str(value)'''


def _flat(table: Chain, w: Writing, *, levels: bool, text: Sequence[str] = ()) -> None:
    """The table with plain names, and its index as columns; those in `text` hold text."""
    w.helper(_NAME_OF)
    if levels:
        wide = w.let("table", table)
        flat = Chain(wide).call("set_axis", _joined(wide), axis="1")
    else:
        flat = table.call("rename", columns="name_of").call("rename_axis", columns="None")
    flat = flat.call("reset_index")
    w.set(flat.call("astype", literal(dict.fromkeys(text, "str"))) if text else flat)


def _joined(table: str) -> str:
    return f'["_".join(map(name_of, name)) for name in {table}.columns]'


def _long(a: Arguments, w: Writing) -> None:
    w.set(w.chain.call(a.op, **given(a.others("ignore_index"))))


def _explode(a: Arguments, w: Writing) -> None:
    w.set(w.chain.call("explode", **given(a.others("ignore_index")), ignore_index="True"))


def _several(value: Any) -> bool:
    return isinstance(value, list)


def _pivot(a: Arguments, w: Writing) -> None:
    table = w.chain.call("pivot", **given(a.written))
    levels = not isinstance(a.get("values"), str) or _several(a.get("columns"))
    if a.get("index") is None:
        wide = w.let("table", table)
        w.helper(_NAME_OF)
        names = _joined(wide) if levels else f"list(map(name_of, {wide}.columns))"
        w.set(Chain(wide).call("set_axis", names, axis="1").call("reset_index", drop="True"))
        return
    _flat(table, w, levels=levels)


def _pivot_table(a: Arguments, w: Writing) -> None:
    values, aggfunc = a.get("values"), a.get("aggfunc")
    levels = not isinstance(values, str) or isinstance(aggfunc, (list, dict)) or _several(a.get("columns"))
    table = w.chain.call("pivot_table", **given(a.written))
    if a.get("columns") is None and not isinstance(aggfunc, (list, dict)):
        w.set(table.call("reset_index"))
        return
    if a.get("index") is None:
        table = table.call("rename_axis", index='"column"')
    _flat(table, w, levels=levels, text=a.listed("index") if a.get("margins") else ())


def _crosstab(a: Arguments, w: Writing) -> None:
    sides = [_columns(a.get(name), w) for name in ("index", "columns")]
    values = {} if a.get("values") is None else {"values": column(w, a.get("values")).text()}
    table = Chain("pd").call("crosstab", *sides, **values, **given(a.others("index", "columns", "values")))
    text = (a.listed("rownames") or a.listed("index")) if a.get("margins") else ()
    _flat(table, w, levels=len(a.listed("columns")) > 1, text=text)


def _columns(names: Any, w: Writing) -> str:
    if isinstance(names, str):
        return column(w, names).text()
    listed = [column(w, name).text() for name in names]
    return listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"


def _indexed(a: Arguments, w: Writing) -> Chain:
    return (
        w.chain.call("set_index", literal(a.listed("on"))) if a.listed("on") else w.chain.call("rename_axis", '"index"')
    )


def _stack(a: Arguments, w: Writing) -> None:
    rows = _indexed(a, w).call("rename_axis", columns='"column"').call("stack")
    w.set(rows.call("reset_index", name='"stack"'))


def _unstack(a: Arguments, w: Writing) -> None:
    levels, on = a.get("level", -1), a.listed("on")
    if len(levels if _several(levels) else [levels]) == len(on):
        long = w.chain.call("melt", id_vars=literal(on), var_name='"column"', value_name='"unstack"')
        w.set(long.item(literal(["column", *on, "unstack"])))
        return
    _flat(w.chain.call("set_index", literal(on)).call("unstack", **given(a.others("on"))), w, levels=True)


def _transpose(a: Arguments, w: Writing) -> None:
    rows = w.chain.call("set_index", literal(a.get("on"))) if a.get("on") is not None else w.chain
    turned = rows.call("transpose").call("rename", columns="name_of")
    w.helper(_NAME_OF)
    w.set(turned.call("rename_axis", index='"column"', columns="None").call("reset_index"))


def _wide_to_long(a: Arguments, w: Writing) -> None:
    w.set(Chain("pd").call("wide_to_long", w.frame, **given(a.written)).call("reset_index"))


def _json_normalize(a: Arguments, w: Writing) -> None:
    for name in a.listed("parse"):
        w.imports.add("import json")
        w.set(w.chain.call("assign", f"**{{{literal(name)}: {column(w, name).call('map', 'json.loads').text()}}}"))
    records = (
        w.chain.call("to_dict", '"records"') if a.get("column") is None else column(w, a.get("column")).call("tolist")
    )
    w.set(Chain("pd").call("json_normalize", records.text(), **given(a.others("column", "parse"))))


RENDERERS: Final[Mapping[str, Renderer]] = {
    "crosstab": _crosstab,
    "explode": _explode,
    "json_normalize": _json_normalize,
    "melt": _long,
    "pivot": _pivot,
    "pivot_table": _pivot_table,
    "stack": _stack,
    "transpose": _transpose,
    "unstack": _unstack,
    "wide_to_long": _wide_to_long,
}
