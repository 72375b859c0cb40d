"""Arrow batches to a workbook: row by row into files, so that memory stays flat, and never a formula.

A workbook's table of contents is at its end, and its sheet is compressed in one go: it is written whole before the
first byte can leave. So what its cells cannot hold is an error in time, or a warning in the header of the answer.
"""

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.base import EncodeOptions
from jobs.codecs.cells import is_text, plain, scalar_text
from jobs.codecs.json_cells import json_text
from jobs.errors import FidelityLost
from jobs.model import Warn

MOST_ROWS: Final = 1_048_575  # and the header
MOST_COLUMNS: Final = 16_384
MOST_CHARACTERS: Final = 32_767  # UTF-16 units in a cell
_EXACT: Final = 2**53
_PIECE: Final = 1024**2
_DAY_MS: Final = 86_400_000
_EPOCH: Final = 25_569  # the serial of 1970-01-01
# before March 1900 Excel counts a day that never was; it ends with the year 9999
_FIRST_DAY, _LAST_DAY = 61 - _EPOCH, 2_958_465 - _EPOCH
# of each unit: its ticks that make one of what is counted (seconds, else milliseconds), and how many of those a day has
_TICKS: Final = {"s": (1, 86_400), "ms": (1, _DAY_MS), "us": (1000, _DAY_MS), "ns": (1_000_000, _DAY_MS)}


class _Exact(float):
    """A number that is written with all its digits: XlsxWriter asks for 16, and a double may need 17."""

    def __format__(self, _spec: str) -> str:
        return repr(float(self))


class _Sheet:
    """The sheet with its formats, and what had to be mapped on the way."""

    def __init__(self, book: Any, options: EncodeOptions) -> None:
        self.sheet = book.add_worksheet("frame")
        # a text like "<r>…</r>" would be taken for markup and written as it stands
        self.sheet._xml_rich_inline_string = self._plain_text  # noqa: SLF001  # the library has no switch for it
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        self._warn = options.warn
        self._warned: set[tuple[str, str]] = set()
        self.last_row = 0

    def warn(self, code: str, column: str, detail: str) -> None:
        """Tell a mapping once per column."""
        if (code, column) not in self._warned:
            self._warned.add((code, column))
            self._warn(Warn(code=code, detail=f"column {column!r}: {detail}", column=column))

    def text(self, row: int, place: int, value: str, name: str) -> None:
        """A cell of text; raises FidelityLost where it is too long for one."""
        if not value:
            self.warn("empty_to_null", name, "empty text reads back as null, like an empty cell")
        if len(value) > MOST_CHARACTERS // 2 and len(value.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
            where = f"column {name!r}, row {row}" if row else f"the name of column {place + 1}"
            detail = f"{where}: a cell of Excel holds {MOST_CHARACTERS:,} characters; take another format"
            raise FidelityLost(detail)
        self.sheet.write_string(row, place, value)
        self.last_row = row

    def anchor(self, row: int, place: int) -> None:
        """A cell with empty text, so that its row and column are there."""
        self.sheet.write_string(row, place, "")

    def number(self, row: int, place: int, value: float, form: Any = None) -> None:
        """A cell with a number, exactly."""
        self.sheet.write_number(row, place, _Exact(value), form)
        self.last_row = row

    def boolean(self, row: int, place: int, value: bool) -> None:
        """A cell with TRUE or FALSE."""
        self.sheet.write_boolean(row, place, value)
        self.last_row = row

    def close(self) -> None:
        """Close the file of rows, which the library leaves open where it is not asked for the whole."""
        self.sheet._opt_close()  # noqa: SLF001  # as its own workbook does

    def _plain_text(self, text: str, attributes: Any) -> None:
        self.sheet._xml_inline_string(text, text != text.strip(), attributes)  # noqa: SLF001  # see above


Put = Callable[[_Sheet, int, int, Any, str], None]


def written(library: Any, batches: pa.RecordBatchReader, options: EncodeOptions) -> Iterator[bytes]:
    """The workbook; raises FidelityLost where the frame is larger than a sheet or a text larger than a cell."""
    names = batches.schema.names
    if len(names) > MOST_COLUMNS:
        raise FidelityLost(
            f"a sheet has {MOST_COLUMNS:,} columns, and the frame {len(names):,}; pick some with columns="
        )
    with tempfile.TemporaryDirectory(prefix="framequeue-") as folder, tempfile.TemporaryFile(dir=folder) as file:
        _write(library, file, folder, batches, options)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _write(library: Any, file: IO[bytes], folder: str, batches: pa.RecordBatchReader, options: EncodeOptions) -> None:
    book = library.Workbook(file, {"constant_memory": True, "tmpdir": folder})
    # the same frame makes the same bytes
    book.set_properties({"created": dt.datetime(1980, 1, 1)})  # noqa: DTZ001  # the file's dates have no zone
    sheet = _Sheet(book, options)
    try:
        _fill(sheet, batches)
        book.close()
    finally:
        sheet.close()


def _fill(sheet: _Sheet, batches: pa.RecordBatchReader) -> None:
    names, rows = batches.schema.names, 0
    for place, name in enumerate(names):
        if name:
            sheet.text(0, place, name, name)
        else:
            sheet.anchor(0, place)
    for batch in batches:
        if rows + batch.num_rows > MOST_ROWS:
            raise FidelityLost(
                f"a sheet has {MOST_ROWS:,} rows below its header; ask for pages with limit= and offset="
            )
        _rows(sheet, batch, rows + 1)
        rows += batch.num_rows
    if rows and not names:
        raise FidelityLost("rows without columns cannot be in a sheet")
    if sheet.last_row < rows:
        # a sheet ends at its last cell, and the last rows hold only null
        sheet.anchor(rows, 0)


def _rows(sheet: _Sheet, batch: pa.RecordBatch, first: int) -> None:
    puts = [(place, name, *_cells(sheet, column, name)) for place, (name, column) in enumerate(_columns(batch))]
    for at in range(batch.num_rows):
        for place, name, put, values in puts:
            value = values[at]
            if value is not None:
                put(sheet, first + at, place, value, name)


def _columns(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Array]]:
    yield from zip(batch.schema.names, batch.columns, strict=True)


def _cells(sheet: _Sheet, column: pa.Array, name: str) -> tuple[Put, list[Any]]:
    """How to write the values of a column, and the values."""
    array = plain(column)
    type_ = array.type
    if pa.types.is_boolean(type_):
        return _put_boolean, array.to_pylist()
    if pa.types.is_integer(type_):
        return _put_integer, array.to_pylist()
    if pa.types.is_floating(type_):
        return _put_float, array.to_pylist()
    if pa.types.is_date(type_) or (pa.types.is_timestamp(type_) and type_.tz is None):
        return _moments(sheet, array, name)
    if pa.types.is_nested(type_):
        return _put_text, json_text(array).to_pylist()
    return _put_text, (array if is_text(type_) else scalar_text(array)).to_pylist()


def _moments(sheet: _Sheet, array: pa.Array, name: str) -> tuple[Put, list[Any]]:
    """Dates and local times as Excel has them where that is exact and in its calendar, else their text."""
    is_date = pa.types.is_date(array.type)
    ticks_per_unit, per_day = (1, 1) if is_date else _TICKS[array.type.unit]
    ticks = array.view(pa.int32()).cast(pa.int64()) if is_date else array.view(pa.int64())
    units = pc.divide(ticks, ticks_per_unit)
    exact = pc.equal(pc.multiply(units, ticks_per_unit), ticks)
    in_calendar = pc.and_(pc.greater_equal(units, _FIRST_DAY * per_day), pc.less(units, (_LAST_DAY + 1) * per_day))
    if pc.all(pc.and_(exact, in_calendar), min_count=0).as_py() is not False:
        serials = [None if value is None else value / per_day + _EPOCH for value in units.to_pylist()]
        return _put_date if is_date else _put_moment, serials
    code = "date_to_text" if is_date else "timestamp_to_text"
    sheet.warn(code, name, "what Excel's calendar (March 1900 to 9999, milliseconds) cannot say is ISO 8601 text")
    return _put_text, scalar_text(array).to_pylist()


def _put_boolean(sheet: _Sheet, row: int, place: int, value: Any, _name: str) -> None:
    sheet.boolean(row, place, value)


def _put_integer(sheet: _Sheet, row: int, place: int, value: Any, name: str) -> None:
    if -_EXACT <= value <= _EXACT:
        sheet.number(row, place, value)
        return
    sheet.warn("integer_to_text", name, "integers beyond 2^53 are text: a cell's number would round them")
    sheet.text(row, place, str(value), name)


def _put_float(sheet: _Sheet, row: int, place: int, value: Any, name: str) -> None:
    if value != value:  # noqa: PLR0124  # NaN alone differs from itself
        sheet.warn("nan_to_null", name, "NaN is an empty cell, like null")
    elif value in (float("inf"), float("-inf")):
        sheet.warn("infinity_to_text", name, "Infinity is the text inf or -inf")
        sheet.text(row, place, str(value), name)
    else:
        sheet.number(row, place, value)


def _put_text(sheet: _Sheet, row: int, place: int, value: Any, name: str) -> None:
    sheet.text(row, place, value, name)


def _put_date(sheet: _Sheet, row: int, place: int, value: Any, _name: str) -> None:
    sheet.number(row, place, value, sheet.date)


def _put_moment(sheet: _Sheet, row: int, place: int, value: Any, _name: str) -> None:
    sheet.number(row, place, value, sheet.moment)
