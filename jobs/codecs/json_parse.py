"""JSON text to Python values, with the depth limited and the row of a fault found."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from jobs.codecs.base import DecodeOptions
from jobs.codecs.budget import Budget
from jobs.errors import InputMalformed, NestedTooDeep
from jobs.repeated_keys import repeated_key

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
# texts up to this size are cheap, whatever is in them
_CHEAP = 4 * 1024**2
_PIECE = 1024**2
_SPAN_COST = 72
# bytes of Python objects: a value behind each comma (a float and its place), a string by half of its quotes
_COSTS = {",": 32, "[": 56, "{": 64, '"': 28}
_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
_SPANS = msgspec.json.Decoder(list[msgspec.Raw])
_FAULTS = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError)


def complaint(value: Any) -> str:
    """What a value is, for a message."""
    return _KINDS.get(type(value), "null")


def parse(data: pa.Buffer, options: DecodeOptions) -> Any:
    """The value of a JSON text; raises InputMalformed, or NestedTooDeep where it nests too deep."""
    view = memoryview(data)
    check_cost(view, options)
    try:
        value = msgspec.json.decode(view)
    except RecursionError:
        raise too_deep(options) from None
    except _FAULTS as error:
        row = _broken_row(view) if bytes(view[:64]).lstrip()[:1] == b"[" else None
        raise malformed(options, error, row) from None
    check_keys(view, value, options)
    return value


def parse_rows(data: pa.Buffer, options: DecodeOptions, size: int) -> Iterator[list[Any]]:
    """The elements of a JSON array, `size` at a time."""
    view = memoryview(data)
    Budget(options).fits(_SPAN_COST * int(_counts(view)[ord("{")]))
    try:
        spans = _SPANS.decode(view)
    except RecursionError:
        raise too_deep(options) from None
    except _FAULTS as error:
        raise malformed(options, error, _broken_row(view)) from None
    for start in range(0, len(spans), size):
        text = b"[" + b",".join(spans[start : start + size]) + b"]"
        yield parse_batch(text, options, start)


def parse_batch(text: bytes, options: DecodeOptions, start: int) -> list[Any]:
    """The elements of an array that begins with row `start` + 1 of the input."""
    check_cost(text, options)
    try:
        batch: list[Any] = msgspec.json.decode(text)
    except RecursionError:
        raise too_deep(options) from None
    except _FAULTS as error:
        row = _broken_row(memoryview(text))
        raise malformed(options, error, None if row is None else start + row) from None
    check_keys(text, batch, options, start)
    return batch


def check_keys(text: bytes | memoryview, value: Any, options: DecodeOptions, above: int = 0) -> None:
    """Raise InputMalformed where an object of the text has a key twice; `above` rows stand before the text's."""
    key = repeated_key(text, value)
    if key is None:
        return
    row = _repeated_row(text) if type(value) is list else None
    where = f", row {above + row}" if row else ""
    detail = f"input {options.name!r}{where}: the key {key[:100]!r} is given twice in one object"
    raise InputMalformed(detail, input=options.name, row=above + row if row else None)


def _repeated_row(text: bytes | memoryview) -> int | None:
    spans = _SPANS.decode(text)
    values = (msgspec.json.decode(span) for span in spans)
    return next((row for row, value in enumerate(values, 1) if repeated_key(bytes(spans[row - 1]), value)), None)


def check_cost(text: bytes | memoryview, options: DecodeOptions) -> None:
    """Raise DecodedTooLarge where the values of a text would take too much memory as Python objects."""
    if len(text) < _CHEAP:
        return
    counts = _counts(text)
    Budget(options).fits(sum(int(counts[ord(mark)]) * cost for mark, cost in _COSTS.items()))


def _counts(text: bytes | memoryview) -> np.ndarray:
    raw = np.frombuffer(text, np.uint8)
    return sum(
        (np.bincount(raw[at : at + _PIECE], minlength=256) for at in range(0, raw.size, _PIECE)),
        np.zeros(256, np.int64),
    )


def malformed(options: DecodeOptions, error: Exception, row: int | None, unit: str = "row") -> InputMalformed:
    """The error for a fault of the parser, at its row or line where that is known."""
    where = f", {unit} {row}" if row else ""
    detail = f"input {options.name!r}{where}: malformed JSON ({reason_of(error)})"
    hint = "; NaN and Infinity are no JSON, write null" if "invalid character" in detail else ""
    return InputMalformed(detail + hint, input=options.name, row=row)


def reason_of(error: Exception) -> str:
    """What the parser has against a text, in a few words."""
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error).removeprefix("JSON is malformed: ")


def too_deep(options: DecodeOptions) -> NestedTooDeep:
    """The error for JSON that nests beyond the limit."""
    limit = options.limits.json_depth
    what = f"or more levels of nesting in input {options.name!r}"
    return NestedTooDeep(what, limit + 1, limit, f"/inputs/{options.name}")


def check_depth(values: Sequence[Any], above: int, options: DecodeOptions) -> None:
    """Raise NestedTooDeep where a value, itself `above` levels down, nests beyond the limit; a walk by level."""
    level: list[Any] = [item for item in values if type(item) in (dict, list)]
    for _ in range(options.limits.json_depth - above):
        if not level:
            return
        below: list[Any] = []
        for item in level:
            below.extend(item.values() if type(item) is dict else item)
        level = [item for item in below if type(item) in (dict, list)]
    if level:
        raise too_deep(options)


def _broken_row(view: memoryview) -> int | None:
    """The element of the top-level array that does not parse, from 1: elements are cut out by their brackets."""
    depth, number, start = 0, 0, 0
    for match in _BRACKETS.finditer(view):
        token = match[0]
        if token in (b"[", b"{"):
            depth += 1
            if depth == 2:
                number, start = number + 1, match.start()
        elif token in (b"]", b"}"):
            depth -= 1
            if depth == 1 and not _parses(view[start : match.end()]):
                return number
    return number if depth > 1 else None


def _parses(text: memoryview) -> bool:
    try:
        msgspec.json.decode(text)
    except (*_FAULTS, RecursionError):
        return False
    return True
