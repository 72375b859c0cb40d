"""The envelope of a submission: from JSON or from query parameters, with errors that point at the place."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from jobs.errors import CountExceeded, FieldUnknown, JsonMalformed, SpecInvalid
from service.pointers import escaped
from service.schemas import Envelope, InputBody

LABEL_PREFIX: Final = "label."
_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BYTE: Final = re.compile(r" \(byte (\d+)\)$")
_PATH: Final = re.compile(r" - at `(key in )?\$([^`]*)`$")
_KINDS: Final = {
    "object": "an object",
    "array": "an array",
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
}
_QUERY_JSON: Final = ("pipeline", "dtypes")
_QUERY_TEXT: Final = ("on_row_error",)
_QUERY_NUMBERS: Final = ("timeout_s", "max_attempts", "delay_s", "result_ttl_s", "max_rejects")
QUERY_FIELDS: Final = (*_QUERY_JSON, *_QUERY_NUMBERS, *_QUERY_TEXT)


def from_json(body: bytes | bytearray) -> Envelope:
    """The envelope in `body`; raises JsonMalformed, FieldUnknown, SpecInvalid or CountExceeded, with pointers."""
    if not body.strip():
        raise JsonMalformed('the body is empty; it is to be {"pipeline": [...], "inputs": {...}}')
    try:
        return _ENVELOPE.decode(body)
    except msgspec.ValidationError as error:
        _explain(body)
        raise SpecInvalid(_readable(str(error)), _pointer(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(error, bytes(body)) from None
    except RecursionError:
        raise CountExceeded("levels of nested JSON", 1_000, 1_000, "limits.json_depth") from None


def from_query(parameters: Iterable[tuple[str, str]], input_name: str) -> Envelope:
    """The envelope that query parameters spell, for one input; raises FieldUnknown, SpecInvalid, JsonMalformed."""
    fields: dict[str, Any] = {}
    labels: dict[str, str] = {}
    for name, text in parameters:
        target, key = (labels, name.removeprefix(LABEL_PREFIX)) if name.startswith(LABEL_PREFIX) else (fields, name)
        if target is fields and name not in QUERY_FIELDS:
            raise FieldUnknown(name, [*QUERY_FIELDS, f"{LABEL_PREFIX}K"], f"/{escaped(name)}", kind="query parameter")
        if key in target:
            raise SpecInvalid(f"query parameter {name!r} is given twice", f"/{escaped(name)}")
        target[key] = _query_value(name, text) if target is fields else text
    dtypes = fields.pop("dtypes", {})
    spelled = {**fields, "labels": labels, "inputs": {input_name: {"dtypes": dtypes}}}
    try:
        return msgspec.convert(spelled, Envelope)
    except msgspec.ValidationError as error:
        pointer = _pointer(str(error)).removeprefix(f"/inputs/{input_name}")
        raise SpecInvalid(_readable(str(error)), pointer if not pointer.startswith("/inputs") else "/dtypes") from None


def malformed(error: Exception, body: bytes, what: str = "the body") -> JsonMalformed:
    """Where `body` stops being JSON, by line and column."""
    if isinstance(error, UnicodeDecodeError):
        return JsonMalformed(f"{what} is not UTF-8: {error.reason}")
    text = str(error)
    found = _BYTE.search(text)
    if found is None:
        return JsonMalformed(f"{what} ends too early: {_where(body, len(body))}")
    reason = _BYTE.sub("", text).removeprefix("JSON is malformed: ")
    return JsonMalformed(f"{what} is not JSON: {reason} at {_where(body, int(found[1]))}")


def _where(body: bytes, at: int) -> str:
    line_start = body.rfind(b"\n", 0, at) + 1
    line = body.count(b"\n", 0, at) + 1
    column = len(body[line_start:at].decode("utf-8", errors="replace")) + 1
    return f"line {line}, column {column}"


def _query_value(name: str, text: str) -> Any:
    if name in _QUERY_TEXT:
        return text
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        if name in _QUERY_JSON:
            raise malformed(error, text.encode(), f"query parameter {name!r}").inside(f"/{name}") from None
        raise SpecInvalid(f"expected a number, got {text[:80]!r}", f"/{name}") from None
    return value


def _explain(body: bytes | bytearray) -> None:
    """Raise the error that a look at one field after the other finds: it knows names where msgspec knows only types."""
    try:
        fields = _OBJECT.decode(body)
    except msgspec.ValidationError as error:
        raise SpecInvalid(
            f"{_readable(str(error))}: the envelope is {{'pipeline': [...], 'inputs': {{...}}}}"
        ) from None
    known = Envelope.__struct_fields__
    for name in fields:
        if name not in known:
            raise FieldUnknown(name, known, f"/{escaped(name)}")
    if "pipeline" not in fields:
        raise SpecInvalid(
            "the field 'pipeline' is missing: a list of steps, empty where nothing is to be done", "/pipeline"
        )
    if "inputs" in fields:
        _explain_inputs(fields["inputs"])


def _explain_inputs(inputs: msgspec.Raw) -> None:
    known = InputBody.__struct_fields__
    for name, source in _decoded(_OBJECT, inputs, "/inputs").items():
        pointer = f"/inputs/{escaped(name)}"
        for key in _decoded(_OBJECT, source, pointer):
            if key not in known:
                raise FieldUnknown(key, known, f"{pointer}/{escaped(key)}", kind="key of a source")
        _decoded(msgspec.json.Decoder(InputBody), source, pointer)


def _decoded(decoder: "msgspec.json.Decoder[Any]", raw: msgspec.Raw, pointer: str) -> Any:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise SpecInvalid(_readable(str(error)), pointer + _pointer(str(error))) from None


def _pointer(message: str) -> str:
    """msgspec's path `$.pipeline[1]` as a JSON pointer; a key that it does not name (`[...]`) ends the pointer."""
    found = _PATH.search(message)
    path = found[2].partition("[...]")[0] if found else ""
    return re.sub(r"\.([^.\[]+)|\[(\d+)\]", lambda part: f"/{part[1] or part[2]}", path)


def _readable(message: str) -> str:
    """msgspec's message in plain words: ``Expected `float`, got `str` `` → expected a number, got a string."""
    plain = _PATH.sub("", message)
    words = re.sub(r"`([^`]*)`", lambda quoted: _kinds(quoted[1]), plain)
    return words[:1].lower() + words[1:]


def _kinds(name: str) -> str:
    return " or ".join(_KINDS.get(kind, repr(kind)) for kind in name.split(" | "))
