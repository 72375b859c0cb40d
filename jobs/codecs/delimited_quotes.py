"""Quotes in CSV that are opened and never closed: Arrow takes all that follows, to the end, for one value."""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa


class Span(NamedTuple):
    """Where a row with an open quote begins, and where the line of that quote ends, in bytes."""

    start: int
    end: int


def open_in_last(body: pa.Buffer, rows: pa.Table, delimiter: str) -> int | None:
    """Where the last value's quote opens that no quote closes, in bytes; None where the text ends outside quotes."""
    last = rows.column(rows.num_columns - 1)[-1].as_py() if rows.num_rows else None
    if last is None:
        return None
    value = last.encode().replace(b'"', b'""')
    start = body.size - len(value)
    opened = body.slice(max(0, start - 2), min(start, 2)).to_pybytes() if start >= 0 else b""
    before = (f"{delimiter}\n\r").encode()
    is_open = opened[-1:] == b'"' and (len(opened) == 1 or opened[0] in before)
    return start - 1 if is_open and body.slice(start).to_pybytes() == value else None


def open_in_text(text: str, delimiter: str) -> int | None:
    """Where a quote opens in the text of one row that no quote closes; None where there is none."""
    at = 0
    while at <= len(text):
        if text[at : at + 1] == '"':
            closed = _closing(text, at + 1)
            if closed is None:
                return at
            at = closed
        after = text.find(delimiter, at)
        if after < 0:
            return None
        at = after + 1
    return None


def _closing(text: str, at: int) -> int | None:
    """Behind the quote that closes a value which began before `at`; a doubled one is part of the value."""
    while True:
        found = text.find('"', at)
        if found < 0:
            return None
        if text[found + 1 : found + 2] != '"':
            return found + 1
        at = found + 2


def span_of_last(data: bytes, opened: int, before: Sequence[str]) -> Span:
    """The span of a last row whose quote opens at `opened`; `before` are the values before it, which may hold lines."""
    start = data.rfind(b"\n", 0, opened) + 1
    for _ in range(sum(value.count("\n") for value in before)):
        start = data.rfind(b"\n", 0, max(0, start - 1)) + 1
    return Span(start, _line_end(data, opened))


def span_of_text(data: bytes, size: int, opened: int) -> Span | None:
    """The span of a last row whose text has `size` bytes, with a quote that opens so many bytes into it."""
    for tail in range(3):  # a line break behind the row is part of its text or not
        start = len(data) - size - tail
        if start == 0 or (start > 0 and data[start - 1] in b"\r\n"):
            return Span(start, _line_end(data, start + opened))
    return None


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end + 1
