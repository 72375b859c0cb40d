"""The fields of an envelope that may be long: measured as text before any value is made of them."""

from typing import Any, Final

import msgspec

from config import Settings
from jobs.errors import CountExceeded, SizeExceeded, SpecInvalid
from service.intake.wording import malformed, message_of, pointer_to, readable, split
from service.schemas import UNSENT

LABELS_BYTES: Final = 64 * 1024
"""More than the largest labels take that keep their own bounds, every character escaped."""
DTYPES_BYTES: Final = 1024**2
"""A hundred bytes for each of 10,000 columns."""
_STEPS: Final = msgspec.json.Decoder(list[dict[str, Any]])
_WORDS: Final = msgspec.json.Decoder(dict[str, str])
_PIPELINE_HINT: Final = "; put long lists of values into a table of their own, and join it"


def steps_of(pipeline: msgspec.Raw, settings: Settings, what: str = "the pipeline") -> list[dict[str, Any]]:
    """The steps within `limits.pipeline_bytes`, `steps` and `json_depth`; raises what is wrong."""
    limits = settings.limits
    data = _bounded(pipeline, what, limits.pipeline_bytes, "limits.pipeline_bytes", "/pipeline", _PIPELINE_HINT)
    steps: list[dict[str, Any]] = _decoded(_STEPS, data, "/pipeline", what)
    if len(steps) > limits.steps:
        raise CountExceeded("steps", len(steps), limits.steps, "limits.steps", "/pipeline")
    _check_depth(steps, limits.json_depth)
    return steps


def labels_of(labels: msgspec.Raw) -> dict[str, str]:
    """The labels as words; raises SizeExceeded or SpecInvalid."""
    return _words(labels, "labels", LABELS_BYTES, "/labels")


def dtypes_of(dtypes: msgspec.Raw, pointer: str) -> dict[str, str]:
    """The dtypes of the source at `pointer`; raises SizeExceeded or SpecInvalid."""
    return _words(dtypes, "dtypes", DTYPES_BYTES, f"{pointer}/dtypes")


def _words(raw: msgspec.Raw, what: str, limit: int, pointer: str) -> dict[str, str]:
    if raw is UNSENT:
        return {}
    words: dict[str, str] = _decoded(_WORDS, _bounded(raw, what, limit, "none: it is fixed", pointer), pointer, what)
    return words


def _bounded(raw: msgspec.Raw, what: str, limit: int, setting: str, pointer: str, hint: str = "") -> bytes:
    if len(memoryview(raw)) > limit:
        raise SizeExceeded(what, limit, setting, hint).inside(pointer)
    return bytes(raw)


def _decoded(decoder: "msgspec.json.Decoder[Any]", data: bytes, pointer: str, what: str) -> Any:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        message = message_of(error)
        said, place = readable(message), pointer_to(split(message)[1])
        if decoder is _STEPS and place.count("/") == 1:
            said = said.replace("an object", 'an object such as {"op": "head"}', 1)
        raise SpecInvalid(said, pointer + place) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(error, data, what).inside(pointer) from None
    except RecursionError:
        raise CountExceeded("levels of nested JSON", 1_000, 1_000, "limits.json_depth", pointer) from None


def _check_depth(pipeline: list[dict[str, Any]], limit: int) -> None:
    level: list[Any] = list(pipeline)
    for _ in range(limit):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise CountExceeded("levels of nested JSON at least", limit + 1, limit, "limits.json_depth", "/pipeline")


def _children(value: Any) -> list[Any]:
    # leaves have none: only what may nest is looked at again
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in values if isinstance(child, dict | list)]
