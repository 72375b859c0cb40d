"""JSON that is passed on as it came: never built into values here."""

from typing import Annotated, Final

from msgspec import Meta, Raw

UNSENT: Final = Raw(b"")
Records = Annotated[Raw, Meta(extra_json_schema={"type": "array", "items": {"type": "object"}})]
Words = Annotated[Raw, Meta(extra_json_schema={"type": "object", "additionalProperties": {"type": "string"}})]
Columns = Annotated[Raw, Meta(extra_json_schema={"type": "object", "additionalProperties": {"type": "array"}})]


def unsent() -> Raw:
    """What a field holds that was not sent."""
    return UNSENT  # by a factory: a default of this type has no JSON Schema
