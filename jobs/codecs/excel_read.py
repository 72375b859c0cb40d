"""The first sheet of a workbook to a table: its first used row is the header, and cells decide the types."""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final
from xml.parsers import expat

import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.base import Decoded, DecodeOptions
from jobs.codecs.budget import Budget
from jobs.codecs.excel_package import broken, open_package
from jobs.codecs.excel_scan import check_sheet
from jobs.codecs.objects import text_of
from jobs.codecs.picking import picked
from jobs.errors import InputEmpty
from jobs.model import Warn

_BATCH: Final = 4096
_EXACT: Final = 2**53
_MOMENTS: Final = {dt.date, dt.datetime}
_TYPES: Final[dict[type, pa.DataType]] = {
    bool: pa.bool_(),
    float: pa.float64(),
    str: pa.string(),
    dt.date: pa.date32(),
    dt.datetime: pa.timestamp("ms"),
    dt.time: pa.time64("us"),
    dt.timedelta: pa.duration("ms"),
}


def read(library: Any, data: pa.Buffer, options: DecodeOptions) -> Decoded:
    """The table of the first sheet; raises InputMalformed, InputEmpty, CountExceeded or SizeExceeded."""
    if data.size == 0:
        raise InputEmpty(f"input {options.name!r} is empty where a workbook was expected", input=options.name)
    book = open_package(data, options)
    try:
        faulty = check_sheet(book, options)
        sheet = library.CalamineWorkbook.from_filelike(io.BytesIO(book.archive)).get_sheet_by_index(0)
        return _table(sheet, faulty, options)
    except (library.CalamineError, expat.ExpatError, zipfile.BadZipFile, ValueError, OverflowError) as error:
        raise broken(options, error) from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the library's own fault, which is no Exception
            raise broken(options, "the file is damaged") from None
        raise


def _table(sheet: Any, faulty: frozenset[int], options: DecodeOptions) -> Decoded:
    if sheet.start is None:
        raise InputEmpty(
            f"input {options.name!r}: the first sheet is empty; a header row is needed", input=options.name
        )
    top, left = sheet.start
    # rows begin at the sheet's first row, and at the first column that is used
    rows = islice(sheet.iter_rows(), top, None)
    header = [_text(value) for value in next(rows)]
    budget = Budget(options)
    budget.columns(len(header))
    positions = picked(header, options.columns)
    columns = [_Column(header[position]) for position in positions]
    while batch := list(islice(rows, _BATCH)):
        for column, position in zip(columns, positions, strict=True):
            budget.bytes(column.add([row[position] for row in batch]))
    warnings: list[Warn] = []
    for column, position in zip(columns, positions, strict=True):
        if left + position in faulty:
            detail = f"column {column.name!r}: cells with an error, such as #N/A, are null"
            warnings.append(Warn(code="error_to_null", detail=detail, column=column.name))
    arrays = [column.array(warnings) for column in columns]
    return Decoded(pa.Table.from_arrays(arrays, names=[one.name for one in columns]), tuple(warnings), len(header))


class _Column:
    """Collects the cells of one column, batch by batch, as the type that those of a batch share, else as text."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._chunks: list[pa.Array] = []
        self._kinds: set[type] = set()

    def add(self, cells: list[Any]) -> int:
        """Add a batch; gives the bytes it takes."""
        values = [None if cell == "" else cell for cell in cells]
        kinds = set(map(type, values)) - {type(None)}
        self._kinds |= kinds
        if kinds == _MOMENTS:
            values, kinds = [_moment(value) for value in values], {dt.datetime}
        if not kinds:
            chunk = pa.nulls(len(values))
        elif len(kinds) == 1:
            chunk = pa.array(values, _TYPES[kinds.pop()])
        else:
            chunk = pa.array([None if value is None else _text(value) for value in values], pa.string())
        self._chunks.append(chunk)
        return int(chunk.nbytes)

    def array(self, warnings: list[Warn]) -> pa.ChunkedArray:
        """All cells: whole numbers are int64, dates with a time among them timestamps, mixtures text with a warning."""
        kinds = self._kinds
        if not kinds or kinds == {str}:
            return self._as(pa.string())
        if kinds == {float}:
            return _numbers(self._as(pa.float64()))
        if kinds <= _MOMENTS:
            return self._as(_TYPES[dt.datetime if dt.datetime in kinds else dt.date])
        if len(kinds) == 1:
            return self._as(_TYPES[next(iter(kinds))])
        names = " and ".join(sorted(_NAMES[kind] for kind in kinds))
        detail = f"column {self.name!r} mixes {names}; all of it became text"
        warnings.append(Warn(code="mixed_to_text", detail=detail, column=self.name))
        return pa.chunked_array([_texts(chunk) for chunk in self._chunks], pa.string())

    def _as(self, type_: pa.DataType) -> pa.ChunkedArray:
        return pa.chunked_array([chunk.cast(type_) for chunk in self._chunks], type_)


_NAMES: Final[dict[type, str]] = {
    bool: "booleans",
    float: "numbers",
    str: "text",
    dt.date: "dates",
    dt.datetime: "timestamps",
    dt.time: "times",
    dt.timedelta: "durations",
}


def _numbers(values: pa.ChunkedArray) -> pa.ChunkedArray:
    # a cell knows no integers: a column of whole numbers is one of integers, as people see it
    whole = pc.and_(pc.equal(pc.floor(values), values), pc.less_equal(pc.abs(values), _EXACT))
    return values.cast(pa.int64()) if pc.all(whole, min_count=0).as_py() is not False else values


def _texts(chunk: pa.Array) -> pa.Array:
    if pa.types.is_string(chunk.type):
        return chunk
    return pa.array(list(_each_text(chunk)), pa.string())


def _each_text(chunk: pa.Array) -> Iterator[str | None]:
    for value in chunk.to_pylist():
        yield None if value is None else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    return value.isoformat() if isinstance(value, dt.date | dt.time) else text_of(value)


def _moment(value: Any) -> Any:
    plain_date = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    return dt.datetime.combine(value, dt.time()) if plain_date else value
