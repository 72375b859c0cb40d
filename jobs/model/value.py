"""What every stored value is, and the smallest of them."""

from typing import Any, Self

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of every stored value."""

    def changed(self, **changes: Any) -> Self:
        """A copy with these fields changed."""
        return msgspec.structs.replace(self, **changes)


class Place(Value, frozen=True, kw_only=True, omit_defaults=False):
    """Where an error is: a JSON pointer into the submission, and an input and its row (from 1) where there is one."""

    pointer: str
    code: str
    detail: str
    input: str | None = None
    row: int | None = None

    def below(self, pointer: str) -> Self:
        """The same place seen from further out."""
        return self.changed(pointer=pointer + self.pointer)


class Warn(Value, frozen=True, kw_only=True, omit_defaults=False):
    """Something that was mapped, not lost in silence."""

    code: str
    detail: str
    column: str | None = None


class Column(Value, frozen=True, kw_only=True, omit_defaults=False):
    """A column of a schema; `dtype` is pandas' name, or Arrow's where pandas has none."""

    name: str
    dtype: str
    nullable: bool


class Problem(Value, frozen=True, kw_only=True, omit_defaults=False):
    """A failure as the outside sees it (RFC 9457 without what only HTTP knows)."""

    code: str
    title: str
    detail: str
    retryable: bool
    errors: tuple[Place, ...] = ()
