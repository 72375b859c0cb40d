"""The ops there are."""

from typing import Any

from msgspec import Struct


class TransformBody(Struct, frozen=True):
    """An op: its parameters as JSON Schema and one example that runs."""

    op: str
    family: str
    summary: str
    parameters: dict[str, Any]
    example: dict[str, Any]


class CatalogueBody(Struct, frozen=True):
    """All ops there are."""

    transforms: tuple[TransformBody, ...]
