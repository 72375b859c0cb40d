"""The schema of a CSV or TSV text from its first bytes: names are certain, dtypes a guess by the first rows."""

import codecs
import csv
import io
import zlib
from typing import Final

import pyarrow as pa

from jobs.codecs.base import DecodeOptions
from jobs.codecs.delimited import CSV, TSV, check_charset
from jobs.codecs.delimited_rows import TEXT, read_header
from jobs.errors import FramequeueError
from jobs.planning.schema import NOT_KNOWN, Field, Schema

SAMPLE_BYTES: Final = 64 * 1024
"""How much of the beginning of a text is looked at, decompressed."""
_GUESS_BYTES: Final = 8 * 1024
_DELIMITERS: Final = {CSV.name: ",", TSV.name: "\t"}
_CODECS: Final = {CSV.name: CSV, TSV.name: TSV}
_UTF8: Final = ("utf-8", "ascii", "utf-8-sig")
_BOM: Final = b"\xef\xbb\xbf"
_GZIP: Final = 31


def text_schema(name: str, data: bytes, charset: str | None, size: int | None) -> Schema:
    """The schema of the text that begins with `data`, which is all of it where its `size` says so.

    `name` is the codec's, `size` in bytes and None where it is not known.
    """
    whole = size == len(data)
    text = _utf8(data, charset, whole=whole)
    header, rest = read_header(pa.py_buffer(text), _DELIMITERS[name], DecodeOptions())
    if rest.size == 0 and not whole:
        return Schema()  # the header may go on
    first = text[: len(text) - rest.size]
    rows = rest.to_pybytes()
    made = Schema.of((Field(one, NOT_KNOWN, True) for one in header), rows=None, rows_exact=False)  # noqa: FBT003  # its field
    return Schema(
        made.fields,
        made.known,
        rows=_rows(rows, None if size is None else size - (len(text) - len(rows)), whole=whole),
        guess=lambda: _guess(name, first, rows, len(header)),
    )


def lines_estimate(data: bytes, size: int) -> int | None:
    """About how many lines a text of `size` bytes has that begins with `data`."""
    return _rows(data, size, whole=size == len(data))


def unpacked(data: bytes, encoding: str) -> bytes:
    """The first bytes of what `data` is the beginning of, without its Content-Encoding."""
    if encoding == "gzip":
        return zlib.decompressobj(_GZIP).decompress(data, SAMPLE_BYTES)
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        found: bytes = stream.read(SAMPLE_BYTES)
        return found


def _utf8(data: bytes, charset: str | None, *, whole: bool) -> bytes:
    name = check_charset(charset)
    if name not in _UTF8:
        # a character may be cut in two at the end
        data = codecs.getincrementaldecoder(name)().decode(data, final=whole).encode("utf-8", "surrogatepass")
    return data.removeprefix(_BOM)


def _rows(rows: bytes, size: int | None, *, whole: bool) -> int | None:
    lines = rows.count(b"\n")
    if whole:
        return lines + (not rows.endswith((b"\n", b"\r")) and bool(rows))
    return None if size is None or not lines else round(size * lines / len(rows))


def _guess(name: str, header: bytes, rows: bytes, width: int) -> list[pa.DataType]:
    few = rows if len(rows) <= _GUESS_BYTES else rows[: rows.rfind(b"\n", 0, _GUESS_BYTES) + 1]
    if _blank(few):
        return [TEXT] * width
    try:
        types: list[pa.DataType] = _CODECS[name].decode(pa.py_buffer(header + few), DecodeOptions()).table.schema.types
    except (FramequeueError, pa.ArrowException, ValueError):  # the cut fell into a value
        return [TEXT] * width
    return types


def _blank(rows: bytes) -> bool:
    return next(csv.reader(io.StringIO(rows[:200].decode("utf-8", "replace"), newline="")), None) is None
