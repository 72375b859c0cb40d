"""The fast way through a CSV: types guessed from samples, read as such by Arrow, and proved to be what the rules say.

Arrow parses more than the rules allow: leading zeros, 0x1F, nan, inf. Text that could hold any of these is not read
here; so the slow way, which decides on every value as text, gives the same answer wherever this one gives any.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.base import DecodeOptions
from jobs.codecs.delimited_rows import parse_rows
from jobs.codecs.delimited_types import typed_column

_WORTHWHILE = 1024**2
_SAMPLE_BYTES = 64 * 1024
# small enough for the CPU's cache: the scan of 50 MB then takes about 55 ms; whole-array passes took 370 ms
_SCAN_BYTES = 128 * 1024


def read_typed(
    body: pa.Buffer, header: list[str], delimiter: str, options: DecodeOptions
) -> list[pa.ChunkedArray] | None:
    """The columns with the types of the contract's rules, or None where only the slow way can tell."""
    if body.size < _WORTHWHILE or any(name in options.dtypes for name in header):
        return None
    try:
        guessed = [_guess(column) for column in _samples(body, len(header), delimiter).columns]
        if any(type_ is not None and not pa.types.is_boolean(type_) for type_ in guessed) and _has_doubtful_zero(body):
            return None
        table = parse_rows(body, [type_ or pa.string() for type_ in guessed], delimiter)
    except pa.ArrowInvalid:
        return None
    if any(_is_doubtful(column) for column in table.columns):
        return None
    # a column without a value in the samples was read as text, and may yet be anything
    return [
        column if type_ is not None else typed_column(column, name, [])
        for column, type_, name in zip(table.columns, guessed, header, strict=True)
    ]


def _samples(body: pa.Buffer, width: int, delimiter: str) -> pa.Table:
    """Rows from the start, the middle and the end; where a cut falls into a quoted line break the rows do not parse."""
    pieces = []
    for start in (0, body.size // 2, max(0, body.size - _SAMPLE_BYTES)):
        piece = body.slice(start, min(_SAMPLE_BYTES, body.size - start)).to_pybytes()
        first = 0 if start == 0 else piece.find(b"\n") + 1
        pieces.append(piece[first : piece.rfind(b"\n") + 1])
    return parse_rows(pa.py_buffer(b"".join(pieces)), [pa.string()] * width, delimiter)


def _guess(column: pa.ChunkedArray) -> pa.DataType | None:
    if column.null_count == len(column):
        return None
    type_ = typed_column(column, "", []).type
    return pa.string() if pa.types.is_uint64(type_) else type_


def _is_doubtful(column: pa.ChunkedArray) -> bool:
    """Whether a float column holds NaN or Infinity, whose spellings need a look."""
    return pa.types.is_floating(column.type) and pc.all(pc.is_finite(column), min_count=0).as_py() is False


def _has_doubtful_zero(body: pa.Buffer) -> bool:
    """Whether a value may start with a zero before a digit or an x, with or without a minus; text counts as well."""
    raw = np.frombuffer(body, np.uint8)
    for start in range(0, raw.size, _SCAN_BYTES):
        piece = raw[max(0, start - 3) : start + _SCAN_BYTES]
        # delimiters, quotes, blanks and line ends are all at most a comma; the minus, the point and digits are above
        before, zero = piece <= ord(","), piece == ord("0")
        after = ((piece - ord("0")) < 10) | ((piece | 0x20) == ord("x"))
        if (before[:-2] & zero[1:-1] & after[2:]).any():
            return True
        if (before[:-3] & (piece[1:-2] == ord("-")) & zero[2:-1] & after[3:]).any():
            return True
    return re.match(rb"-?0[0-9xX]", body.slice(0, min(3, body.size)).to_pybytes()) is not None
