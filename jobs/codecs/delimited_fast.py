"""The fast way through a CSV: types guessed from samples, read as such by Arrow, and proved to be what the rules say.

Arrow parses more than the rules allow: leading zeros, 0x1F, nan, inf. Text that could hold any of these is not read
here; so the slow way, which decides on every value as text, gives the same answer wherever this one gives any.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from jobs.codecs.base import DecodeOptions
from jobs.codecs.delimited_rows import TEXT, count_quotes, parse_rows
from jobs.codecs.delimited_types import typed_column
from jobs.codecs.floats import all_finite

_WORTHWHILE = 1024**2
_SAMPLE_BYTES = 64 * 1024
# small enough for the CPU's cache: the scan of 50 MB then takes about 25 ms; whole-array passes took 370 ms
_SCAN_BYTES = 256 * 1024


def read_typed(
    body: pa.Buffer, header: list[str], positions: list[int], delimiter: str, options: DecodeOptions
) -> list[pa.ChunkedArray] | None:
    """The columns at these positions, typed by the contract's rules, or None where only the slow way can tell."""
    if body.size < _WORTHWHILE or any(name in options.dtypes for name in header):
        return None
    sample = pa.py_buffer(b"".join(_pieces(body)))
    try:
        quoted = count_quotes(np.frombuffer(sample, np.uint8)) > 0
        texts = parse_rows(sample, len(header), dict.fromkeys(positions, TEXT), delimiter, quoted=True)
        guessed = list(map(_guess, texts.columns))
        types = {position: type_ or TEXT for position, type_ in zip(positions, guessed, strict=True)}
        table = _proved(body, sample, len(header), types, delimiter, quoted=quoted)
    except pa.ArrowInvalid:
        return None
    # NaN and Infinity have spellings that need a look
    if table is None or not all(map(all_finite, table.columns)):
        return None
    # a column without a value in the samples was read as text, and may yet be anything
    return [
        column if type_ is not None else typed_column(column, header[position], [])
        for column, type_, position in zip(table.columns, guessed, positions, strict=True)
    ]


def _proved(
    body: pa.Buffer, sample: pa.Buffer, width: int, types: dict[int, pa.DataType], delimiter: str, *, quoted: bool
) -> pa.Table | None:
    """The rows read as these types while the same bytes are looked through beside; None where the look finds doubt."""
    numbers = any(pa.types.is_integer(type_) or pa.types.is_floating(type_) for type_ in types.values())
    if numbers and _has_doubtful_zero(sample):
        return None
    with ThreadPoolExecutor(1) as beside:
        quotes = beside.submit(count_quotes, np.frombuffer(body, np.uint8))
        doubtful = beside.submit(_has_doubtful_zero, body) if numbers else None
        table = parse_rows(body, width, types, delimiter, quoted=quoted)
    # an odd number of quotes may be one that is never closed
    if quotes.result() % 2 or (doubtful is not None and doubtful.result()):
        return None
    return table if quoted or not quotes.result() else parse_rows(body, width, types, delimiter, quoted=True)


def _pieces(body: pa.Buffer) -> Iterator[bytes]:
    """Rows from the start, the middle and the end; where a cut falls into a quoted line break the rows do not parse."""
    for start in (0, body.size // 2, max(0, body.size - _SAMPLE_BYTES)):
        piece = body.slice(start, min(_SAMPLE_BYTES, body.size - start)).to_pybytes()
        first = 0 if start == 0 else piece.find(b"\n") + 1
        yield piece[first : piece.rfind(b"\n") + 1]


def _guess(column: pa.ChunkedArray) -> pa.DataType | None:
    if column.null_count == len(column):
        return None
    type_ = typed_column(column, "", []).type
    return TEXT if pa.types.is_uint64(type_) else type_


def _has_doubtful_zero(body: pa.Buffer) -> bool:
    """Whether a value may start with a zero before a digit or an x, with or without a minus; text counts as well."""
    raw = np.frombuffer(body, np.uint8)
    for start in range(0, raw.size, _SCAN_BYTES):
        piece = raw[max(0, start - 3) : start + _SCAN_BYTES]
        # delimiters, quotes, blanks and line ends are all at most a comma; the minus, the point and digits are above
        after_end = (piece <= ord(","))[:-1]
        zeros, minuses = piece[1:] == ord("0"), piece[1:] == ord("-")
        zeros &= after_end
        minuses &= after_end
        # few blocks hold a value that starts so; only there the bytes behind are looked at, one by one
        if zeros.any() and _goes_on(piece, np.flatnonzero(zeros) + 2):
            return True
        if minuses.any():
            behind = np.flatnonzero(minuses) + 2
            behind = behind[behind < piece.size]
            if _goes_on(piece, behind[piece[behind] == ord("0")] + 1):
                return True
    return re.match(rb"-?0[0-9xX]", body.slice(0, min(3, body.size)).to_pybytes()) is not None


def _goes_on(piece: np.ndarray, places: np.ndarray) -> bool:
    """Whether a digit or an x stands at one of these places; those behind the piece belong to the next one."""
    found = piece[places[places < piece.size]]
    return bool((((found - ord("0")) < 10) | ((found | 0x20) == ord("x"))).any())
