"""What pydantic finds wrong with a step's arguments, said in the project's own errors and with JSON pointers."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from jobs.errors import ArgumentInvalid, ArgumentUnknown, FramequeueError
from jobs.expressions import Extent
from jobs.hints import did_you_mean
from jobs.transforms.arguments import pointer, shown
from jobs.transforms.base import Transform

# a suggestion is looked for in each: the first hundred tell enough
_MAX_PROBLEMS: Final = 100
_MAX_DETAILS: Final = 20 * _MAX_PROBLEMS

# pydantic's type of error → what would have been right
_EXPECTED: Final[Mapping[str, str]] = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "float_type": "a number",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "list_type": "an array",
    "model_type": "an object",
    "none_required": "null",
    "set_type": "an array",
    "string_type": "a string",
    "tuple_type": "an array",
}


def validated(
    transform: type[Transform], arguments: dict[str, Any], extent: Extent
) -> Transform | list[FramequeueError]:
    """The transform with these arguments, or everything that is wrong with them; pointers are relative to the step."""
    try:
        # as JSON text, because only there a strict model takes an array for a tuple
        return transform.model_validate_json(json.dumps(_without_most_unknown(transform, arguments)), context=extent)
    except ValidationError as error:
        return _problems(transform, arguments, error)
    except (TypeError, ValueError, RecursionError) as error:
        return [ArgumentInvalid(f"the arguments are not JSON ({type(error).__name__})")]


def _without_most_unknown(transform: type[Transform], arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, with no more unknown ones than are told of."""
    known = set(_names(transform))
    unknown = [name for name in arguments if name not in known]
    dropped = set(unknown[_MAX_PROBLEMS:])
    return {name: value for name, value in arguments.items() if name not in dropped} if dropped else arguments


def _problems(transform: type[Transform], arguments: dict[str, Any], error: ValidationError) -> list[FramequeueError]:
    by_place: dict[str, list[Any]] = {}
    for detail in error.errors(include_url=False)[:_MAX_DETAILS]:
        by_place.setdefault(_place(arguments, detail), []).append(detail)
    above = {ancestor for place in by_place for ancestor in _ancestors(place)}
    # of a union each branch complains: the one that went deepest understood the value best
    deepest = _misspelt_first({place: details[0]["type"] for place, details in by_place.items() if place not in above})
    return [_problem(transform, place, by_place[place]) for place in deepest[:_MAX_PROBLEMS]]


def _misspelt_first(kinds: Mapping[str, str]) -> list[str]:
    """The places in their order, but an unknown name before all others where it is close to one that is missing."""
    missing = [place.rpartition("/") for place, kind in kinds.items() if kind == "missing"]
    misspelt = set()
    for place, kind in kinds.items():
        parent, _, name = place.rpartition("/")
        if kind == "extra_forbidden" and did_you_mean(
            name, [other for beside, _, other in missing if beside == parent]
        ):
            misspelt.add(place)
    return sorted(kinds, key=lambda place: place not in misspelt)


def _ancestors(place: str) -> Iterator[str]:
    """The places that a place lies in, the whole step (``) among them."""
    while place:
        place = place.rpartition("/")[0]
        yield place


def _place(arguments: dict[str, Any], detail: Any) -> str:
    """The pointer of an error: its location without the names of union branches, which are no part of the JSON."""
    if detail["type"] == "json_invalid":
        return ""
    parts: list[object] = []
    value: Any = arguments
    location = detail["loc"]
    for step, part in enumerate(location):
        missing = step == len(location) - 1 and detail["type"] == "missing"
        if isinstance(value, dict) and (part in value or missing):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and (part < len(value) or missing):
            value = value[part] if part < len(value) else None
        else:
            continue
        parts.append(part)
    return pointer(*parts) + str(detail.get("ctx", {}).get("pointer", ""))


def _problem(transform: type[Transform], place: str, details: list[Any]) -> FramequeueError:
    for detail in details:
        error = detail.get("ctx", {}).get("error")
        if isinstance(error, FramequeueError):
            return error.inside(place) if place else error
    first = details[0]
    kind, name = first["type"], str(first["loc"][-1]) if first["loc"] else ""
    if kind == "json_invalid":
        return ArgumentInvalid(f"the arguments are not valid JSON text ({first['msg'].removeprefix('Invalid JSON: ')})")
    if kind == "extra_forbidden":
        return ArgumentUnknown(
            transform.op, name, _names(transform), place, why=transform.hint_for(place, first["input"])
        )
    if kind == "missing":
        return ArgumentInvalid(f"{transform.op} needs {_subject(place)!r}", place)
    hint = transform.hint_for(place, first["input"]) if kind in ("model_type", "dict_type") else None
    return ArgumentInvalid(f"{_subject(place)!r} {hint or _expected(details)}, not {shown(first['input'])}", place)


def _subject(place: str) -> str:
    """A place in words: `/agg/total/1` is `agg.total[1]`."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]]
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).removeprefix(".")


def _expected(details: list[Any]) -> str:
    wanted = [_EXPECTED.get(detail["type"]) or _from_literal(detail) for detail in details]
    known = list(dict.fromkeys(one for one in wanted if one))
    if known:
        return f"should be {known[0] if len(known) == 1 else ', '.join(known[:-1]) + ' or ' + known[-1]}"
    first = details[0]
    if first["type"] in ("too_short", "too_long"):
        bound = (
            f"at least {first['ctx'].get('min_length')}"
            if first["type"] == "too_short"
            else f"at most {first['ctx'].get('max_length')}"
        )
        return f"should have {bound} of them"
    return str(first["msg"]).removeprefix("Input ").removeprefix("Value error, ")


def _from_literal(detail: Any) -> str | None:
    if detail["type"] != "literal_error":
        return None
    expected = str(detail["ctx"]["expected"]).replace(" False", " false").replace(" True", " true")
    return f"one of {expected}" if " or " in expected else expected


def _names(transform: type[Transform]) -> list[str]:
    return [field.alias or name for name, field in transform.model_fields.items()]
