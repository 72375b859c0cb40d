"""What a text column of a CSV is: int64, float64, bool or text, by the contract's rules and nothing else.

Arrow's own inference would read "001" as 1, "2024-01-31" as a date and "nan" as a number; its casts are used, its
guesses not.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.model import Warn

TRUE, FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_INTEGER = r"^[ ]*-?(0|[1-9][0-9]*)[ ]*$"
_NUMBER = r"^[ ]*-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?[ ]*$|^-?(inf|Infinity)$"
# compiled here for the samples: RE2 compiles anew in each call, which small tables would feel
_INTEGER_RE, _NUMBER_RE = re.compile(_INTEGER), re.compile(_NUMBER)
_BOOLEAN = frozenset((*TRUE, *FALSE))
_SAMPLE = 64


def typed_column(text: pa.ChunkedArray, name: str, warnings: list[Warn]) -> pa.ChunkedArray:
    """The column as the type that every non-null value has; text where they share none or where there is none."""
    sample = text.slice(0, _SAMPLE).drop_null()
    if not len(sample):
        text_without_nulls = text.drop_null()
        if not len(text_without_nulls):
            return text
        sample = text_without_nulls.slice(0, _SAMPLE)
    # a look at a few values spares most columns two casts that would fail
    values = sample.to_pylist()
    if all(map(_INTEGER_RE.match, values)):
        integers = _integers(text, name, warnings)
        if integers is not None:
            return integers
    if all(map(_NUMBER_RE.match, values)):
        numbers = _numbers(text)
        return text if numbers is None else numbers
    if _BOOLEAN.issuperset(values):
        return _booleans(text)
    return text


def _all_match(text: pa.ChunkedArray, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(text, pattern), min_count=0).as_py() is True


def _all_bool(text: pa.ChunkedArray) -> bool:
    return pc.all(pc.is_in(text, value_set=pa.array([*TRUE, *FALSE], text.type)), min_count=0).as_py() is True


def _booleans(text: pa.ChunkedArray) -> pa.ChunkedArray:
    unique = text.unique().drop_null()
    if not _all_bool(unique):
        return text
    true = pc.is_in(text, value_set=pa.array(TRUE, text.type))
    return pc.if_else(pc.is_valid(text), true, pa.scalar(None, pa.bool_()))


def _integers(text: pa.ChunkedArray, name: str, warnings: list[Warn]) -> pa.ChunkedArray | None:
    if _plain_numbers(text, integers=True) and (values := _cast(text, pa.int64())) is not None:
        return values
    if not _all_match(text, _INTEGER):
        return None
    trimmed = pc.utf8_trim(text, " ")
    for type_ in (pa.int64(), pa.uint64()):
        if (values := _cast(trimmed, type_)) is not None:
            return values
    detail = f"column {name!r} holds integers beyond 64 bits; it stayed text"
    warnings.append(Warn(code="integer_to_text", detail=detail, column=name))
    return text


def _numbers(text: pa.ChunkedArray) -> pa.ChunkedArray | None:
    if _plain_numbers(text, integers=False) and (values := _cast(text, pa.float64())) is not None:
        return values
    if not _all_match(text, _NUMBER):
        return None
    return _cast(pc.utf8_trim(text, " "), pa.float64())


def _cast(text: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray | None:
    try:
        return text.cast(type_)
    except pa.ArrowInvalid:
        return None


def _plain_numbers(text: pa.ChunkedArray, *, integers: bool) -> bool:
    """Whether the bytes of every value are digits, a minus, and for floats a point or exponent, without leading zeros.

    With Arrow's own parse of the same text this proves the rule; false only means that the slow way must decide.
    """
    return all(_plain_chunk(chunk, integers=integers) for chunk in text.chunks)


def _plain_chunk(chunk: pa.Array, *, integers: bool) -> bool:
    if len(chunk) == 0:
        return True
    data, starts, lengths = _layout(chunk)
    if data.size == 0:
        return True
    table = _INTEGER_BYTES if integers else _NUMBER_BYTES
    if not table[data].all():
        return False
    # an empty quoted value has length 0 and fails the cast; its index is only kept inside the data here
    first = data[np.minimum(starts, data.size - 1)]
    minus = first == ord("-")
    lead = np.where(minus, data[np.minimum(starts + 1, data.size - 1)], first)
    room = lengths > minus + 1
    after = data[np.minimum(starts + minus + 1, data.size - 1)]
    leading_zero = room & (lead == ord("0")) & (after >= ord("0")) & (after <= ord("9"))
    return not leading_zero.any()


def _layout(chunk: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bytes of large text, and where each value starts in them and how long it is; nulls have length 0."""
    _, offsets_buffer, data_buffer = chunk.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
    data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]] if data_buffer else np.empty(0, np.uint8)
    return data, offsets[:-1] - offsets[0], np.diff(offsets)


def _allowed(characters: bytes) -> np.ndarray:
    table = np.zeros(256, dtype=bool)
    table[np.frombuffer(characters, np.uint8)] = True
    return table


_INTEGER_BYTES = _allowed(b"-0123456789")
_NUMBER_BYTES = _allowed(b"-0123456789.eE")
