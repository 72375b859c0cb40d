"""The envelope of a submission: from JSON or from query parameters, with errors that point at the place."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from jobs.errors import FieldUnknown, JsonMalformed, NestedTooDeep, SpecError, SpecInvalid
from jobs.repeated_keys import distinct
from service.intake.wording import malformed, message_of, pointer_to, readable, split
from service.pointers import escaped
from service.schemas import Envelope, InputBody, WebhookBody

LABEL_PREFIX: Final = "label."
_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_SOURCE: Final = msgspec.json.Decoder(InputBody)
_BLANK: Final = re.compile(rb"\s*")
_NO_PIPELINE: Final = "Object missing required field `pipeline`"
_LONGEST_NAME: Final = 200
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*?)`?", re.DOTALL)
_INPUTS: Final = ".inputs[...]"
PIPELINE: Final = "pipeline"
_WEBHOOK: Final = ".webhook"
VALIDATE_ONLY: Final = "validate_only"
_QUERY_JSON: Final = (PIPELINE, "dtypes", "webhook")
_QUERY_TEXT: Final = ("on_row_error",)
_QUERY_NUMBERS: Final = ("timeout_s", "max_attempts", "delay_s", "result_ttl_s", "max_rejects")
QUERY_FIELDS: Final = (*_QUERY_JSON, *_QUERY_NUMBERS, *_QUERY_TEXT)


class _QueryWords(msgspec.Struct):
    dtypes: dict[str, str]
    labels: dict[str, str]


class _InputsAlone(msgspec.Struct):
    inputs: dict[str, msgspec.Raw]


_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_INPUTS_ALONE: Final = msgspec.json.Decoder(_InputsAlone)


def from_json(body: bytes | bytearray) -> Envelope:
    """The envelope in `body`; raises JsonMalformed, FieldUnknown, SpecInvalid or NestedTooDeep, with pointers."""
    if _BLANK.fullmatch(body):
        raise JsonMalformed('the body is empty; it is to be {"pipeline": [...], "inputs": {...}}')
    try:
        envelope = _decoded(body)
        _check_keys(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(error, body) from None
    except RecursionError:
        raise NestedTooDeep("levels of nested JSON", 1_000, 1_000) from None
    return envelope


def _check_keys(body: bytes | bytearray) -> None:
    """Raise JsonMalformed where the envelope, its inputs or a source name something twice: the last would win."""
    fields = _distinct(body, "the envelope", "")
    inputs = _distinct(memoryview(fields["inputs"]), "the inputs", "/inputs") if "inputs" in fields else {}
    for name, source in inputs.items():
        named = name[:_LONGEST_NAME]
        _distinct(memoryview(source), f"input {named!r}", f"/inputs/{escaped(named)}")
    if bytes(fields.get("webhook", b"null")) != b"null":
        _distinct(memoryview(fields["webhook"]), "the webhook", "/webhook")


def _distinct(text: bytes | bytearray | memoryview, what: str, at: str) -> dict[str, msgspec.Raw]:
    fields = _FIELDS.decode(text)
    if not distinct(text, fields):
        raise JsonMalformed(f"{what}: a key is given twice in one object", at)
    return fields


def _decoded(body: bytes | bytearray) -> Envelope:
    try:
        return _ENVELOPE.decode(body)
    except msgspec.ValidationError as error:
        raise _explained(message_of(error), body) from None


def from_query(parameters: Iterable[tuple[str, str]], input_name: str) -> Envelope:
    """The envelope that query parameters spell, for one input; raises FieldUnknown, SpecInvalid, JsonMalformed."""
    fields: dict[str, Any] = {}
    labels: dict[str, str] = {}
    for name, text in parameters:
        if name == VALIDATE_ONLY:  # about the request, and no field
            continue
        target, key = (labels, name.removeprefix(LABEL_PREFIX)) if name.startswith(LABEL_PREFIX) else (fields, name)
        if target is fields and name not in QUERY_FIELDS:
            raise FieldUnknown(name, [*QUERY_FIELDS, f"{LABEL_PREFIX}K"], f"/{escaped(name)}", kind="query parameter")
        if key in target:
            raise SpecInvalid(f"query parameter {name!r} is given twice", f"/{escaped(name)}")
        target[key] = _query_value(name, text) if target is fields else text
    dtypes, pipeline = fields.pop("dtypes", {}), fields.pop("pipeline")
    try:
        words = msgspec.convert({"dtypes": dtypes, "labels": labels}, _QueryWords)
        source = InputBody(dtypes=_raw(words.dtypes))
        envelope = msgspec.convert({**fields, "pipeline": pipeline}, Envelope)
    except msgspec.ValidationError as error:
        message = message_of(error)
        raise _in_webhook(*split(message)) or SpecInvalid(readable(message), pointer_to(split(message)[1])) from None
    return msgspec.structs.replace(envelope, inputs={input_name: source}, labels=_raw(labels))


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _query_value(name: str, text: str) -> Any:
    if name in _QUERY_TEXT:
        return text
    if name == PIPELINE:  # decoded where its size is known to be bearable
        return msgspec.Raw(text.encode())
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        if name in _QUERY_JSON:
            raise malformed(error, text.encode(), f"query parameter {name!r}").inside(f"/{name}") from None
        raise SpecInvalid(f"expected a number, got {text[:80]!r}", f"/{name}") from None


def _explained(message: str, body: bytes | bytearray) -> SpecError:
    """What is wrong, in the words of the contract: msgspec names every place but the inputs."""
    said, path = split(message)
    if said == _NO_PIPELINE and not path:
        return SpecInvalid(
            "the field 'pipeline' is missing: a list of steps, empty where nothing is to be done", "/pipeline"
        )
    if path.startswith(_INPUTS):
        return _in_inputs(body) or SpecInvalid(readable(message), "/inputs")
    if (in_webhook := _in_webhook(said, path)) is not None:
        return in_webhook
    if (unknown := _UNKNOWN.fullmatch(said)) is not None:
        return _unknown(unknown[1], Envelope, "")
    if not path:
        return SpecInvalid(f"{readable(message)}: the envelope is {{'pipeline': [...], 'inputs': {{...}}}}")
    return SpecInvalid(readable(message), pointer_to(path))


def _in_inputs(body: bytes | bytearray) -> SpecError | None:
    """The first source that cannot be one, by a look at one after the other."""
    try:
        sources = _INPUTS_ALONE.decode(body).inputs
    except msgspec.ValidationError:  # a field that is given twice: the look at the first one told more
        return None
    for name, source in sources.items():
        pointer = f"/inputs/{escaped(name[:_LONGEST_NAME])}"
        try:
            _SOURCE.decode(source)
        except msgspec.ValidationError as error:
            message = message_of(error)
            said, path = split(message)
            if not path and (unknown := _UNKNOWN.fullmatch(said)) is not None:
                return _unknown(unknown[1], InputBody, pointer, kind="key of a source")
            return SpecInvalid(readable(message), pointer + pointer_to(path))
    return None


def _in_webhook(said: str, path: str) -> FieldUnknown | None:
    unknown = _UNKNOWN.fullmatch(said) if path == _WEBHOOK else None
    return unknown and _unknown(unknown[1], WebhookBody, pointer_to(path), kind="field of a webhook")


def _unknown(name: str, kind_of: type[msgspec.Struct], pointer: str, *, kind: str = "field") -> FieldUnknown:
    name = name[:_LONGEST_NAME]
    return FieldUnknown(name, kind_of.__struct_fields__, f"{pointer}/{escaped(name)}", kind=kind)
