"""The fields of an envelope that may be long: measured as text before any value is made of them."""

from typing import Any, Final

import msgspec

from config import Settings
from jobs.errors import (
    DtypesTooLarge,
    JsonMalformed,
    LabelsTooLarge,
    NestedTooDeep,
    PipelineTooLarge,
    SizeExceeded,
    SpecInvalid,
    TooManySteps,
)
from service.intake.strict import strict
from service.intake.wording import message_of, pointer_to, readable, split
from service.schemas import UNSENT

_STEPS: Final = msgspec.json.Decoder(list[dict[str, Any]])
_WORDS: Final = msgspec.json.Decoder(dict[str, str])
_PIPELINE_HINT: Final = "; put long lists of values into a table of their own, and join it"


def steps_of(pipeline: msgspec.Raw, settings: Settings, what: str = "the pipeline") -> list[dict[str, Any]]:
    """The steps within `limits.pipeline_bytes`, `steps` and `json_depth`; raises what is wrong."""
    limits = settings.limits
    data = _bounded(pipeline, what, limits.pipeline_bytes, PipelineTooLarge, "/pipeline", _PIPELINE_HINT)
    steps: list[dict[str, Any]] = _decoded(_STEPS, data, "/pipeline", what)
    if len(steps) > limits.steps:
        raise TooManySteps("steps", len(steps), limits.steps, "/pipeline")
    _check_depth(steps, limits.json_depth)
    return steps


def labels_of(labels: msgspec.Raw, settings: Settings) -> dict[str, str]:
    """The labels as words; raises LabelsTooLarge or SpecInvalid."""
    return _words(labels, "labels", settings.limits.labels_bytes, LabelsTooLarge, "/labels")


def dtypes_of(dtypes: msgspec.Raw, pointer: str, settings: Settings) -> dict[str, str]:
    """The dtypes of the source at `pointer`; raises DtypesTooLarge or SpecInvalid."""
    return _words(dtypes, "dtypes", settings.limits.dtypes_bytes, DtypesTooLarge, f"{pointer}/dtypes")


def _words(raw: msgspec.Raw, what: str, limit: int, refusal: type[SizeExceeded], pointer: str) -> dict[str, str]:
    if raw is UNSENT:
        return {}
    words: dict[str, str] = _decoded(_WORDS, _bounded(raw, what, limit, refusal, pointer), pointer, what)
    return words


def _bounded(
    raw: msgspec.Raw, what: str, limit: int, refusal: type[SizeExceeded], pointer: str, hint: str = ""
) -> bytes:
    if len(memoryview(raw)) > limit:
        raise refusal(what, limit, hint, pointer)
    return bytes(raw)


def _decoded(decoder: "msgspec.json.Decoder[Any]", data: bytes, pointer: str, what: str) -> Any:
    try:
        return strict(decoder, data, what)
    except msgspec.ValidationError as error:
        message = message_of(error)
        said, place = readable(message), pointer_to(split(message)[1])
        if decoder is _STEPS and place.count("/") == 1:
            said = said.replace("an object", 'an object such as {"op": "head"}', 1)
        raise SpecInvalid(said, pointer + place) from None
    except (JsonMalformed, NestedTooDeep) as error:
        raise error.inside(pointer) from None


def _check_depth(pipeline: list[dict[str, Any]], limit: int) -> None:
    level: list[Any] = list(pipeline)
    for _ in range(limit):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise NestedTooDeep("levels of nested JSON at least", limit + 1, limit, "/pipeline")


def _children(value: Any) -> list[Any]:
    # leaves have none: only what may nest is looked at again
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in values if isinstance(child, dict | list)]
