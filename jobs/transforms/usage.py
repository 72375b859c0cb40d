"""Which columns a step needs of its frames, said without data: what nobody needs is never decoded."""

from collections.abc import Iterable
from typing import Final

Columns = frozenset[str] | None
"""Names of columns, None for all of them. A name that is no column does no harm."""

ALL: Final[Columns] = None
NONE: Final[frozenset[str]] = frozenset()


def plus(columns: Columns, more: Iterable[str] | None) -> Columns:
    """The columns of both; `more` too may be None for all."""
    return None if columns is None or more is None else columns | frozenset(more)
