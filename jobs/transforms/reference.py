"""The page of documentation about the ops, written from the catalogue itself."""

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from jobs.transforms.base import Example
from jobs.transforms.catalogue import Catalogue
from jobs.transforms.left_out import LEFT_OUT

_FAMILIES: Final[Mapping[str, str]] = {
    "rows": "Rows",
    "columns": "Columns",
    "values": "Values",
    "aggregate": "Aggregates",
    "groups": "Groups",
    "reshape": "Reshape",
    "combine": "Combine",
    "check": "Check",
    "own": "Your own",
}
_HEAD: Final = """# Transforms

<!-- Written by jobs/transforms/reference.py from the catalogue; a test compares the two. -->

A step is a pandas method call written as JSON: `op` is the method, the other keys are its arguments, with the names,
defaults and results of pandas. `GET /v1/transforms` and `framequeue transforms` say the same, for the ops of the
running service. Between steps a frame has a plain range index.

Every step also takes two words of its own:

- `from`: read that input or saved frame instead of the current one (with several inputs, the first step says it);
- `save`: give the step's result that name, for `from`, `right` and `frames` of later steps.
"""


def reference(catalogue: Catalogue) -> str:
    """The page as Markdown: the ops by family, each with its arguments and an example."""
    order = list(_FAMILIES)
    described = sorted(
        (catalogue.describe(op) for op in catalogue), key=lambda known: (order.index(known["family"]), known["op"])
    )
    parts = [_HEAD]
    for family, known in groupby(described, key=lambda known: str(known["family"])):
        parts.append(f"## {_FAMILIES[family]}\n")
        parts.extend(_section(one, catalogue[one["op"]].example) for one in known)
    parts.append(_left_out())
    return "\n".join(parts)


def _left_out() -> str:
    lines = [
        "## Left out\n",
        "What of pandas is no op here, and what to use instead. Whatever is missing can be a transform of your own.\n",
        "| of | names | why not |",
        "|---|---|---|",
    ]
    for whose, reasons in LEFT_OUT.items():
        lines += [f"| {whose} | {_names(names)} | {reason} |" for reason, names in reasons.items()]
    return "\n".join(lines) + "\n"


def _names(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split())


def _section(known: dict[str, Any], example: Example | None) -> str:
    lines = [f"### {known['op']}\n", f"{known['summary']}\n"]
    schema = known["parameters"]
    required, objects = schema.get("required", []), schema.get("$defs", {})
    if schema.get("properties"):
        lines += ["| argument | is | default | |", "|---|---|---|---|"]
        lines += [_row(name, field, name in required, objects) for name, field in schema["properties"].items()]
        lines.append("")
    if objects:
        lines.append(_of_objects(schema["properties"], objects))
    if example is not None:
        lines.append(_shown(example))
    return "\n".join(lines)


def _row(name: str, field: dict[str, Any], required: bool, objects: Mapping[str, Any]) -> str:
    default = "required" if required else f"`{json.dumps(field.get('default'))}`"
    cells = (f"`{name}`", _kind(field, objects), default, str(field.get("description", "")))
    return f"| {' | '.join(map(_one_line, cells))} |"


def _one_line(text: str) -> str:
    """Text as a cell of a table can hold it."""
    return " ".join(text.split()).replace("|", "\\|")


def _of_objects(fields: Mapping[str, Any], objects: Mapping[str, Any]) -> str:
    """What the objects among the arguments take: a line for each, with the defaults."""
    lines = ["What the objects take, with the defaults:\n"]
    for name, field in fields.items():
        for referred in _referred(field):
            inside = objects[referred]
            required = inside.get("required", [])
            told = [
                f"`{one}` ({'required' if one in required else json.dumps(about.get('default'))})"
                for one, about in inside.get("properties", {}).items()
            ]
            lines.append(f"- `{name}`: {', '.join(told) or 'nothing, `{}`'}")
    return "\n".join(lines) + "\n"


def _referred(field: Mapping[str, Any]) -> Iterator[str]:
    """The names of the objects that a field may hold, or hold some of."""
    inner = field.get("additionalProperties")
    for option in (field, *field.get("anyOf", ()), *([inner] if isinstance(inner, dict) else [])):
        if "$ref" in option:
            yield option["$ref"].rpartition("/")[2]


def _kind(field: dict[str, Any], objects: Mapping[str, Any]) -> str:
    """A JSON Schema in a few words; `objects` are those it refers to."""
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_kind(option, objects) for option in field["anyOf"]))
    if "const" in field or "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field.get("enum", [field.get("const")]))
    if "$ref" in field:
        names = objects.get(field["$ref"].rpartition("/")[2], {}).get("properties", {})
        return f"object of {', '.join(f'`{name}`' for name in names)}" if names else "object"
    if field.get("format") == "expression":
        return "expression"
    if field.get("type") == "array" and "items" in field:
        return f"array of {_kind(field['items'], objects)}"
    inner = field.get("additionalProperties")
    if field.get("type") == "object" and isinstance(inner, dict):
        return f"object of {'objects' if '$ref' in inner else _kind(inner, objects)}"
    return str(field.get("type", "anything"))


def _shown(example: Example) -> str:
    blocks = [f"`{name}`:\n\n{_table(records)}" for name, records in example.inputs.items()]
    steps = ",\n ".join(json.dumps(step, ensure_ascii=False) for step in example.pipeline)
    return "\n".join([*blocks, f"```json\n[{steps}]\n```\n", "gives\n", _table(example.result)])


def _table(records: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for record in records for name in record))
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    lines += [f"| {' | '.join(_cell(record.get(name)) for name in names)} |" for record in records]
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    return "null" if value is None else _one_line(str(value))
