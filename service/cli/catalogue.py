"""`framequeue transforms`: the ops that the service knows, and how one is written."""

import difflib
import json
from typing import Any

from rich import box
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from config.sections import ClientSettings
from service.cli import render
from service.cli.connect import as_json, connected
from service.cli.tables import Records
from service.cli.words import plain
from service.client import NotFound
from service.ended import Ended


def show_all(to: ClientSettings) -> None:
    """One line per op, in the order of the catalogue."""
    with connected(to) as client:
        ops = as_json(client.transforms())
    console = render.output_console()
    if not console.is_terminal:
        for op in ops:
            render.line("\t".join(_row(op)))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("op", "family", "what it does"):
        table.add_column(heading, style="bold" if heading == "op" else "")
    for op in ops:
        table.add_row(*map(Text, _row(op)))
    console.print(table)


def show_one(op: str, to: ClientSettings) -> None:
    """An op with its arguments and its example."""
    with connected(to) as client:
        try:
            entry = as_json(client.transform(op))
        except NotFound:
            known = [known.op for known in client.transforms()]
            raise Ended(f"no op {op!r}{_nearest(op, known)}") from None
    console = render.output_console()
    console.print(Text(entry["op"], style="bold"), Text(f"({entry.get('family', '')})", style="dim"))
    for paragraph in str(entry.get("summary", "")).split("\n\n"):
        console.print(Text(plain(" ".join(paragraph.split()))))
    _arguments(console, entry.get("parameters") or {})
    if example := entry.get("example"):
        console.print(Text("\nexample pipeline", style="dim"))
        console.print(_as_json(console, example["pipeline"]))
        for name, records in example["inputs"].items():
            console.print(Records(_names(records), records, f"input {name}"))
        console.print(Records(_names(example["result"]), example["result"], "result"))


def _row(op: dict[str, Any]) -> tuple[str, str, str]:
    first = str(op.get("summary", "")).partition("\n\n")[0]
    return plain(op["op"]), plain(op.get("family", "")), plain(" ".join(first.split()))


def _nearest(op: str, known: list[str]) -> str:
    near = difflib.get_close_matches(op.lower(), known, n=1)
    return (f"; did you mean {near[0]!r}?" if near else ";") + " `framequeue transforms` lists them"


def _arguments(console: Console, schema: dict[str, Any]) -> None:
    required = set(schema.get("required", []))
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("argument", "type", "default", "meaning"):
        table.add_column(heading)
    for name, field in schema.get("properties", {}).items():
        default = "required" if name in required else plain(field.get("default"), 40)
        table.add_row(
            *map(Text, (name, type_of(field, schema.get("$defs", {})), default, plain(field.get("description", ""))))
        )
    console.print(table)


def type_of(field: dict[str, Any], objects: dict[str, Any]) -> str:
    """A JSON Schema in a few words; `objects` are those it refers to, whose names are no words for people."""
    if "anyOf" in field:
        return " | ".join(dict.fromkeys(type_of(option, objects) for option in field["anyOf"]))
    if "enum" in field:
        return " | ".join(json.dumps(value) for value in field["enum"])
    if "$ref" in field:
        names = objects.get(field["$ref"].rpartition("/")[2], {}).get("properties", {})
        return plain(f"object of {', '.join(names)}") if names else "object"
    return str(field.get("type", "any"))


def _as_json(console: Console, value: Any) -> Syntax | Text:
    text = json.dumps(value, indent=1, ensure_ascii=True)
    return Syntax(text, "json", background_color="default") if console.is_terminal else Text(text)


def _names(records: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name in record))
