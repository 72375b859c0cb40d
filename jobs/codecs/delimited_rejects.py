"""CSV's rows where bad ones are set aside: read again with a look at each, which only an input with bad rows pays."""

import csv
import io
import re
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from jobs.codecs.base import DecodeOptions
from jobs.codecs.delimited_quotes import Span, open_in_last, open_in_text, span_of_last, span_of_text
from jobs.codecs.delimited_rows import read_rows, rows_of
from jobs.codecs.setting_aside import without
from jobs.errors import InputMalformed
from jobs.rejects import MAX_RAW, InputRejects, Reject, positions_beside, rows_beside

# how often a quote that is never closed is cut out with its line, and the rest read anew
_CUTS: Final = 16
_PIECE: Final = 1024**2
_BROKEN_BYTES: Final = re.compile("[\udc80-\udcff]+")
# stands for bytes that are no text while rows are told apart: no character, and in nobody's text
_MARK: Final = "\U0010fffe"


@dataclass(frozen=True, slots=True)
class _Misfit:
    """A row with another number of fields. Of one with an open quote, its size and where that opens, in bytes."""

    row: int
    fields: int
    raw: str
    opened: tuple[int, int] | None


def read_others(body: pa.Buffer, width: int, delimiter: str, options: DecodeOptions) -> pa.Table:
    """The rows as `read_rows` gives them, without those in `options.rejects`, to which the bad ones are added first."""
    rejects = options.rejects
    if rejects is None:
        return read_rows(body, width, delimiter, options)
    try:
        rows, gone = read_rows(body, width, delimiter, options), list[int]()
    except InputMalformed as error:
        rows, gone = _Careful(width, delimiter, rejects, error, options.limits.cell_bytes).read(_marked(body))
    known = sorted(set(rejects.rows()) - set(gone))
    if not known:
        return rows
    positions = positions_beside(gone, known)
    for row, position in zip(known, positions, strict=True):
        rejects.fill(row, _line(rows, position, delimiter))
    return without(rows, positions)


@dataclass(frozen=True, slots=True)
class _Careful:
    width: int
    delimiter: str
    rejects: InputRejects
    error: InputMalformed
    """What reading without a look at each row met."""
    longest: int
    """Bytes of the longest row that is read."""

    def read(self, body: pa.Buffer) -> tuple[pa.Table, list[int]]:
        """The rows of the right shape, and the numbers of those that are none."""
        cut: list[int] = []
        for _ in range(_CUTS):
            rows, misfits = self._parsed(body, cut)
            span = self._open(body, rows, misfits)
            if span is None:
                gone = sorted({*cut, *self._add_misfits(misfits, cut)})
                self._add_broken(rows, gone)
                return rows, gone
            (row,) = rows_beside(cut, [rows.num_rows + len(misfits) - 1])
            raw = _shown(
                body.slice(span.start, min(span.end - span.start, 4 * MAX_RAW)).to_pybytes().decode(errors="replace")
            )
            self.rejects.add(Reject.of(row, self.error.code, "a quote is opened and never closed", raw.rstrip("\r\n")))
            cut = sorted({*cut, row})
            body = pa.py_buffer(b"".join([memoryview(body)[: span.start], memoryview(body)[span.end :]]))
        raise self.error

    def _parsed(self, body: pa.Buffer, cut: list[int]) -> tuple[pa.Table, list[_Misfit]]:
        misfits: list[_Misfit] = []
        most = self.rejects.room + self.rejects.count + 1

        def set_aside(row: pacsv.InvalidRow) -> str:
            misfits.append(_misfit(row, self.delimiter))
            return "skip" if len(misfits) <= most else "error"

        try:
            return rows_of(body, self.width, self.delimiter, self.longest, set_aside), misfits
        except pa.ArrowInvalid:
            self._add_misfits(misfits, cut)  # raises where it was told to stop
            raise self.error from None

    def _open(self, body: pa.Buffer, rows: pa.Table, misfits: list[_Misfit]) -> Span | None:
        """The last row where its quote is never closed: only there a text can end inside of one."""
        if misfits and misfits[-1].row == rows.num_rows + len(misfits):
            opened = misfits[-1].opened
            return None if opened is None else span_of_text(body.to_pybytes(), *opened)
        opening = open_in_last(body, rows, self.delimiter)
        if opening is None:
            return None
        before = [column[-1].as_py() or "" for column in rows.columns[:-1]]
        return span_of_last(body.to_pybytes(), opening, before)

    def _add_misfits(self, misfits: list[_Misfit], cut: list[int]) -> list[int]:
        numbers = rows_beside(cut, [one.row - 1 for one in misfits])
        for one, row in zip(misfits, numbers, strict=True):
            detail = f"{one.fields} fields where the header has {self.width}"
            self.rejects.add(Reject.of(row, self.error.code, detail, _shown(one.raw)))
        return numbers

    def _add_broken(self, rows: pa.Table, gone: list[int]) -> None:
        found: set[int] = set()
        for column in rows.columns:
            clean = pc.equal(pc.find_substring(column, _MARK), -1)
            found.update(pc.indices_nonzero(pc.invert(clean)).to_pylist())
        positions = sorted(found)
        for position, row in zip(positions, rows_beside(gone, positions), strict=True):
            raw = _line(rows, position, self.delimiter)
            self.rejects.add(Reject.of(row, self.error.code, "bytes that are not text in this charset", raw))


def _misfit(row: pacsv.InvalidRow, delimiter: str) -> _Misfit:
    text = row.text
    opened = open_in_text(text, delimiter) if '"' in text else None
    sizes = None if opened is None else (len(text.encode()), len(text[:opened].encode()))
    return _Misfit(row.number, row.actual_columns, text[: MAX_RAW + 1], sizes)


def _marked(body: pa.Buffer) -> pa.Buffer:
    """The body with a mark where bytes are not UTF-8; the same where there are none."""
    data = memoryview(body)
    pieces: list[bytes] = []
    start = 0
    while start < len(data):
        end = start + _PIECE
        rest = bytes(data[start:end])
        if end < len(data):  # a line break stands in no character
            rest = rest[: rest.rfind(b"\n") + 1] or rest
        start += len(rest)
        pieces.append(_mended(rest))
    return pa.py_buffer(b"".join(pieces))


def _mended(text: bytes) -> bytes:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return _BROKEN_BYTES.sub(_MARK, text.decode("utf-8", "surrogateescape")).encode()
    return text


def _line(rows: pa.Table, position: int, delimiter: str) -> str:
    """A row of the table as its line."""
    values = [column[position].as_py() for column in rows.columns]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(["" if v is None else v[:MAX_RAW] for v in values])
    return _shown(out.getvalue())


def _shown(text: str) -> str:
    return text[: MAX_RAW + 1].replace(_MARK, "\ufffd")
