"""How large a text kernel's result would be, asked before it runs: a short expression can make a lot of text."""

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import OutputTooLarge

MAX_BYTES: Final = 1024**3
MAX_CELL: Final = 64 * 1024**2


def size(text: Any) -> int:
    """The bytes of all texts together (of one text where it is a scalar)."""
    return int(pc.sum(pc.binary_length(text)).as_py() or 0) if _is_column(text) else len(text.as_buffer() or b"")


def longest(text: Any) -> int:
    """The bytes of the longest text."""
    return int(pc.max(pc.binary_length(text)).as_py() or 0) if _is_column(text) else size(text)


def check(total: int, cell: int) -> None:
    """Raise OutputTooLarge where a column of `total` bytes, or its longest text of `cell` bytes, is too large."""
    if total > MAX_BYTES:
        raise OutputTooLarge("bytes in one column of text", total, MAX_BYTES, "limits.decoded_bytes")
    if cell > MAX_CELL:
        raise OutputTooLarge("bytes in one text", cell, MAX_CELL, "limits.cell_bytes")


def check_repeat(text: Any, repeats: int) -> None:
    """Raise OutputTooLarge where the texts, repeated, are too large."""
    check(size(text) * repeats, longest(text) * repeats)


def check_fill(text: Any, width: int, fill: str) -> None:
    """Raise OutputTooLarge where the texts, filled to `width`, may be too large."""
    check(size(text) + len(text) * width * len(fill.encode()), 0)


def check_replace(text: Any, count: Any, replacement: str, *, literal: bool) -> None:
    """Raise OutputTooLarge where the texts may be too large after a replacement; `count()` finds how often it is made.

    Matches lie side by side, so each mention of a group adds at most the text once more.
    """
    given, each = size(text), len(replacement.encode())
    mentions = 0 if literal else replacement.count("\\")
    if (given + len(text)) * (each + mentions + 1) <= MAX_CELL:
        return
    counts = count()
    kept = longest(text) * (1 + mentions)
    check(given * (1 + mentions) + int(pc.sum(counts).as_py() or 0) * each, 0)
    check(0, kept + int(pc.max(counts).as_py() or 0) * each)


def check_join(left: Any, right: Any) -> None:
    """Raise OutputTooLarge where two columns of text (or a column and a text), joined, are too large."""
    rows = max(len(part) for part in (left, right) if _is_column(part))
    total = sum(size(part) * (1 if _is_column(part) else rows) for part in (left, right))
    check(total, longest(left) + longest(right) if total > MAX_CELL else 0)


def _is_column(text: Any) -> bool:
    return isinstance(text, (pa.Array, pa.ChunkedArray))
