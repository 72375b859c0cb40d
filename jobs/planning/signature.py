"""What an input looks like at a glance, in microseconds: where two look alike, a check of one mostly holds for both.

A glance may be wrong about what it does not look at, so it serves to pass on what was found good before, and never to
refuse: of a table whose other rows have other types the run tells.
"""

import json
from collections.abc import Hashable, Mapping
from typing import Any, Final

from jobs.model import Input

_GLANCE_BYTES: Final = 4 * 1024
_DECODE: Final = json.JSONDecoder().raw_decode
_LINES: Final = ("text/csv", "text/tab-separated-values")


def signature(given: Input, data: bytes | None) -> Hashable:
    """A value that is equal for inputs that look alike; None where a glance tells nothing.

    `data` are its bytes, where they came with the request and are few.
    """
    ref = given.payload
    dtypes = tuple(given.dtypes.items())
    if ref.columns is not None:
        return (ref.columns, dtypes)
    if not data or ref.encoding:
        return None
    if ref.orient == "records":
        rows = _ends(data)
        return None if rows is None else (rows, dtypes)
    if ref.media_type in _LINES:
        end = data.find(b"\n", 1, _GLANCE_BYTES)
        return None if end < 0 else (ref.media_type, ref.charset, data[:end], dtypes)
    return None


def _ends(data: bytes) -> Hashable:
    """Names and kinds of the first record and of the last."""
    first = _record(data[:_GLANCE_BYTES], data.find(b"{", 0, _GLANCE_BYTES))
    tail = data[-_GLANCE_BYTES:]
    last = _record(tail, tail.rfind(b"{"))
    return None if first is None or last is None else (first, last)


def _record(text: bytes, start: int) -> Hashable:
    if start < 0:
        return None
    try:
        record: Mapping[str, Any] = _DECODE(text[start:].decode("utf-8", "replace"))[0]
    except (ValueError, RecursionError):
        return None
    return (tuple(record), tuple(map(type, record.values())))
