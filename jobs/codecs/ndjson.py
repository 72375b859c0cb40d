"""JSON lines: one record a line."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa

from jobs.codecs.base import Decoded, DecodeOptions, EncodeOptions
from jobs.codecs.json_columns import Columns
from jobs.codecs.json_parse import check_cost, malformed, too_deep
from jobs.codecs.json_rejects import read_one
from jobs.codecs.json_write import lines_text
from jobs.errors import CellTooLarge, FramequeueError, InputEmpty, InputMalformed
from jobs.repeated_keys import may_repeat, repeated_key

_BATCH_BYTES = 4 * 1024**2
_UTF8_BOM = b"\xef\xbb\xbf"
_DECODER = msgspec.json.Decoder()
_SPANS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FAULTS = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError)


class NdJson:
    """`application/x-ndjson`, read and written in batches."""

    name = "ndjson"
    media_types: tuple[str, ...] = (
        "application/x-ndjson",
        "application/jsonl",
        "application/ndjson",
        "application/x-jsonlines",
    )
    extension = "ndjson"
    reads = True
    missing = ""

    def decode(self, data: pa.Buffer, options: DecodeOptions) -> Decoded:
        """The table of JSON lines; blank lines are skipped; see `Codec.decode`."""
        if data.size == 0:
            raise InputEmpty(f"input {options.name!r} is empty; a table needs at least one line", input=options.name)
        columns = Columns(options)
        lines_before = 0
        for piece in _pieces(data):
            check_cost(piece, options)
            if len(piece) > 2 * _BATCH_BYTES:
                _check_spans(piece, options)
            records = _records(piece, options, lines_before)
            if len(piece) > 2 * _BATCH_BYTES:
                _check_long(records, options)
            columns.add_records(records)
            lines_before += piece.count(b"\n")
        return columns.decoded()

    def encode(self, batches: pa.RecordBatchReader, _options: EncodeOptions, /) -> Iterator[bytes]:
        """A line per row; see `Codec.encode`."""
        return lines_text(batches)


def _records(piece: bytes, options: DecodeOptions, lines_before: int) -> list[Any]:
    try:
        records: list[Any] = _DECODER.decode_lines(piece)
    except RecursionError:
        raise too_deep(options) from None
    except _FAULTS:
        if options.rejects is None:
            raise _at_its_line(piece, options, lines_before) from None
        return _one_by_one(piece, options)
    if may_repeat(piece, records):
        if options.rejects is not None:
            return _one_by_one(piece, options)
        _check_keys(piece, options, lines_before)
    return records


def _one_by_one(piece: bytes, options: DecodeOptions) -> list[Any]:
    return [read_one(line, options) for line in piece.split(b"\n") if line.strip()]


def _check_keys(piece: bytes, options: DecodeOptions, lines_before: int) -> None:
    for number, line in enumerate(piece.split(b"\n"), lines_before + 1):
        key = repeated_key(line, _DECODER.decode(line)) if line.strip() else None
        if key is not None:
            detail = f"input {options.name!r}, line {number}: the key {key[:100]!r} is given twice in one object"
            raise InputMalformed(detail, input=options.name, row=number)


def _pieces(data: pa.Buffer) -> Iterator[bytes]:
    """Pieces of about four MiB that end with a line."""
    view = memoryview(data)
    start = end = 3 if bytes(view[:3]) == _UTF8_BOM else 0
    while start < len(view):
        block = bytes(view[end : end + _BATCH_BYTES])
        cut = end + len(block) if end + len(block) >= len(view) else end + block.rfind(b"\n") + 1
        if cut > end:
            yield bytes(view[start:cut]) if start < end or cut < end + len(block) else block
            start = end = cut
        else:  # a line longer than a piece
            end += len(block)


def _check_spans(piece: bytes, options: DecodeOptions) -> None:
    """Refuse a text of a long line by its length, before it is made: it would be there twice."""
    try:
        spans = _SPANS.decode_lines(piece)
    except (*_FAULTS, RecursionError):  # the decoder that makes the values tells where
        return
    limit = options.limits.cell_bytes
    for record in spans:
        for name, span in record.items():
            text = memoryview(span)
            if len(text) - 2 > limit and bytes(text[:1]) == b'"' and b"\\" not in bytes(text):
                raise _too_long(name, options)


def _too_long(name: str, options: DecodeOptions) -> CellTooLarge:
    what = f"a value in column {name[:100]!r} of input {options.name!r}"
    return CellTooLarge(what, options.limits.cell_bytes, input=options.name)


def _check_long(records: list[Any], options: DecodeOptions) -> None:
    """Refuse a value of a long line before more is made of it."""
    limit = options.limits.cell_bytes
    for record in records:
        for name, value in record.items() if type(record) is dict else ():
            if type(value) is str and len(value) > limit:
                raise _too_long(name, options)


def _at_its_line(piece: bytes, options: DecodeOptions, lines_before: int) -> FramequeueError:
    for number, line in enumerate(piece.split(b"\n"), lines_before + 1):
        if not line.strip():
            continue
        try:
            _DECODER.decode(line)
        except _FAULTS as error:
            return malformed(options, error, number, "line")
        except RecursionError:
            return too_deep(options)
    return malformed(options, ValueError("a value spans lines"), None, "line")
