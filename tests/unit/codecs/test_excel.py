"""Excel: what a workbook cannot hold, and workbooks that somebody made to hurt."""

import datetime as dt
import io
import re
import resource
import zipfile
from collections.abc import Callable, Mapping

import pyarrow as pa
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has neither stubs nor py.typed
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.codecs import excel_write, rendering, stored
from jobs.codecs.base import Decoded, DecodeLimits, DecodeOptions, EncodeOptions
from jobs.codecs.decoding import decode
from jobs.codecs.excel import XLSX, Excel
from jobs.codecs.table import by_name
from jobs.errors import (
    CountExceeded,
    FidelityLost,
    FormatUnsupported,
    FramequeueError,
    InputEmpty,
    InputMalformed,
    SizeExceeded,
)
from jobs.model import Warn
from tests.unit.codecs.tables import tables

_SHEET, _TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def _moment(*parts: int) -> dt.datetime:
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  # Excel has no zones; the parts are no zone


def made(write: Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], object], **options: object) -> bytes:
    """A workbook as somebody else writes it."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, options)
    write(book, book.add_worksheet())
    book.close()
    return out.getvalue()


def read(data: bytes, **options: object) -> Decoded:
    return decode(pa.py_buffer(data), XLSX.media_types[0], None, DecodeOptions(**options))


def rendered(table: pa.Table) -> tuple[bytes, list[str]]:
    blob = pa.py_buffer(b"".join(bytes(piece) for piece in stored.store(table)))
    met: list[Warn] = []
    pieces = rendering.render(stored.open_stored(blob), by_name("xlsx"), EncodeOptions(warn=met.append))
    return b"".join(pieces), [warning.code for warning in met]


def changed(data: bytes, parts: Mapping[str, bytes | None], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The archive with these parts instead."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in dict.fromkeys([*old.namelist(), *parts]):
            content = parts.get(name, old.read(name) if name in old.namelist() else None)
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def _some(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "hh:mm yyyy-mm-dd"})
    for place, name in enumerate(["text", "int", "float", "bool", "date", "moment", "fault", "mixed", ""]):
        sheet.write(2, 1 + place, name)
    sheet.write_string(3, 1, "001")
    sheet.write_string(5, 1, "=1+1")
    sheet.write_number(3, 2, 2**53)
    sheet.write_number(3, 3, 1.5)
    sheet.write_number(4, 3, 2)
    sheet.write_boolean(4, 4, boolean=True)
    sheet.write_datetime(3, 5, _moment(2024, 2, 29), day)
    sheet.write_datetime(3, 6, _moment(2024, 2, 29, 12, 30), moment)
    sheet.write_datetime(4, 6, _moment(2024, 3, 1), moment)
    sheet.write_formula(3, 7, "=NA()", None, "#N/A")
    sheet.write_formula(4, 7, "=1+1", None, 2)
    sheet.write(3, 8, "x")
    sheet.write(4, 8, 1)
    sheet.write(5, 8, True)  # noqa: FBT003  # a cell's value
    sheet.write(5, 9, 7)


def test_cells_decide_the_types() -> None:
    """Contract: Excel in — the first sheet, a header row, dates, booleans, integers, errors, empty cells."""
    decoded = read(made(_some))
    table, warnings, width = decoded.table, decoded.warnings, decoded.width
    assert width == 9
    assert table.to_pydict() == {
        "text": ["001", None, "=1+1"],
        "int": [2**53, None, None],
        "float": [1.5, 2.0, None],
        "bool": [None, True, None],
        "date": [dt.date(2024, 2, 29), None, None],
        "moment": [_moment(2024, 2, 29, 12, 30), _moment(2024, 3, 1), None],
        "fault": [None, 2, None],
        "mixed": ["x", "1", "true"],
        "": [None, None, 7],
    }
    types = [str(type_) for type_ in table.schema.types]
    assert types[1:6] == ["int64", "double", "bool", "date32[day]", "timestamp[ms]"]
    assert [(one.code, one.column) for one in warnings] == [("error_to_null", "fault"), ("mixed_to_text", "mixed")]
    assert read(made(_some), columns=frozenset({"int"})).table.column_names == ["int"]


@settings(max_examples=40, deadline=None)
@given(tables(kinds=("text", "bool")))
def test_text_and_booleans_survive(table: pa.Table) -> None:
    """Contract: fidelity — text goes through Excel as it is, whatever it looks like."""
    beside = pa.array(range(table.num_rows), pa.int64())
    table = table.append_column("row", beside)
    back = read(rendered(table)[0]).table
    assert back.column_names == list(map(_escaped, table.column_names))
    for got, wanted in zip(back.columns, table.columns, strict=True):
        # an empty text is an empty cell; and two code points that XML has not are escaped, as Excel does
        values = [None if value == "" else value for value in wanted.to_pylist()]
        assert got.to_pylist() == [_escaped(value) for value in values]


def _escaped(value: object) -> object:
    return value.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_") if isinstance(value, str) else value


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_survive_to_the_last_digit(values: list[float]) -> None:
    """Contract: fidelity — a float's 17 digits go through Excel."""
    back = read(rendered(pa.table({"f": values}))[0], dtypes={"f": "float64"}).table
    assert back.column("f").to_pylist() == values


@settings(max_examples=40, deadline=None)
@given(st.lists(st.datetimes(_moment(1900, 3, 1), _moment(9999, 12, 31)), min_size=1, max_size=20))
def test_moments_survive_in_milliseconds(values: list[dt.datetime]) -> None:
    """Contract: fidelity — local times go through Excel as dates, to the millisecond."""
    table = pa.table({"t": pa.array(values, pa.timestamp("us")).cast(pa.timestamp("ms"), safe=False)})
    data, codes = rendered(table)
    assert codes == []
    assert read(data, dtypes={"t": "datetime64[ms]"}).table.column("t").to_pylist() == table.column("t").to_pylist()


def test_what_excel_cannot_say_is_said() -> None:
    """Contract: fidelity — what a cell cannot hold is text with a warning, never rounded."""
    table = pa.table(
        {
            "t": pa.array([1, 2], pa.timestamp("ns")),
            "d": [dt.date(1899, 1, 1), dt.date(2024, 1, 1)],
            "i": [2**53, 2**53 + 1],
            "f": [float("inf"), 1.5],
            "s": ["", "x"],
        }
    )
    data, codes = rendered(table)
    names = ("date", "timestamp", "integer", "infinity")
    assert set(codes) == {*(f"{name}_to_text" for name in names), "empty_to_null"}
    back = read(data).table
    assert back.column("t").to_pylist() == ["1970-01-01T00:00:00.000000001", "1970-01-01T00:00:00.000000002"]
    assert back.column("d").to_pylist() == ["1899-01-01", "2024-01-01"]
    assert back.column("i").to_pylist() == ["9007199254740992", "9007199254740993"]


def test_rows_of_nulls_and_columns_without_a_name_stay() -> None:
    """Contract: fidelity — rows of nulls at the end and nameless empty columns at the sides come back."""
    table = pa.table([pa.nulls(3), pa.array([1, None, None], pa.int64()), pa.nulls(3)], names=["", "a", ""])
    data, codes = rendered(table)
    assert codes == []
    back = read(data).table
    assert (back.column_names, back.num_rows) == (["", "a", ""], 3)
    assert back.column(1).equals(table.column(1))


def test_formulas_never() -> None:
    """Contract: Excel out — a text that begins with = is text, and markup in a text is text."""
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "<r><f>1</f></r>", "http://x"]
    data, _ = rendered(pa.table({"s": texts}))
    sheet = zipfile.ZipFile(io.BytesIO(data)).read(_SHEET).decode()
    assert "<f" not in sheet
    assert "hyperlink" not in sheet.lower().replace("=hyperlink(", "")
    assert read(data).table.column("s").to_pylist() == texts


def test_what_a_sheet_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contract: Excel out — more rows, columns or characters than Excel has are refused, never cut."""
    with pytest.raises(FidelityLost, match="32,767"):
        rendered(pa.table({"s": ["😀" * 16_384]}))
    assert read(rendered(pa.table({"s": ["😀" * 16_383]}))[0]).table.column("s").to_pylist() == ["😀" * 16_383]
    with pytest.raises(FidelityLost, match="32,767"):
        rendered(pa.table({"x" * 32_768: [1]}))
    with pytest.raises(FidelityLost, match="16,384"):
        rendered(pa.table({str(n): [1] for n in range(16_385)}))
    monkeypatch.setattr(excel_write, "MOST_ROWS", 99_999)
    with pytest.raises(FidelityLost, match="99,999 rows"):
        rendered(pa.table({"a": pa.nulls(100_000)}))
    with pytest.raises(FidelityLost, match="without columns"):
        rendered(pa.table({"a": [1]}).select([]))


def test_without_the_extra_there_is_a_hint() -> None:
    """Contract: Excel needs the extra excel, and says so."""
    bare = Excel(None, None)
    assert bare.missing == "pip install 'framequeue[excel]'"
    with pytest.raises(FormatUnsupported, match=re.escape(bare.missing)):
        bare.decode(pa.py_buffer(b"PK"), DecodeOptions())


_SMALL = DecodeLimits(decoded_bytes=8 * 1024**2, ratio_free_bytes=1024**2, compression_ratio=200)


def _shared(cells: int, text: bytes) -> dict[str, bytes]:
    rows = "".join('<row><c t="s"><v>0</v></c></row>' for _ in range(cells))
    return {
        _SHEET: f"<worksheet {_MAIN}><sheetData>{rows}</sheetData></worksheet>".encode(),
        _TEXTS: f"<sst {_MAIN}><si><t>".encode() + text + b"</t></si></sst>",
    }


def _cells(*references: str) -> dict[str, bytes]:
    cells = "".join(f'<row><c r="{one}"><v>1</v></c></row>' for one in references)
    return {_SHEET: f"<worksheet {_MAIN}><sheetData>{cells}</sheetData></worksheet>".encode()}


_BOMBS: dict[str, tuple[dict[str, bytes], type[FramequeueError]]] = {
    "a part that grows": ({_SHEET: b"<a>" + b" " * 20_000_000}, SizeExceeded),
    "two corners": (_cells("A1", "XFD1048576"), CountExceeded),
    "two corners that few rows allow": (_cells("A1", "ZZ900"), SizeExceeded),
    "columns beyond Excel's": (_cells("A1", "ZZZ1"), CountExceeded),
    "one text in many cells": (_shared(2_000, b"x" * 20_000), SizeExceeded),
    "entities": (
        {_SHEET: b'<!DOCTYPE a [<!ENTITY b "ccc">]><worksheet><sheetData>&b;</sheetData></worksheet>'},
        InputMalformed,
    ),
    "no XML": ({_SHEET: b"\x00\x01"}, InputMalformed),
    "a sheet that is not there": ({"xl/_rels/workbook.xml.rels": b"<a/>"}, InputMalformed),
    "no book": ({"xl/workbook.xml": b"<workbook/>"}, InputMalformed),
    "an index far out": (_shared(3, b"x") | {_TEXTS: f"<sst {_MAIN}/>".encode()}, InputMalformed),
}


@pytest.mark.parametrize("name", _BOMBS)
def test_bombs_are_refused_before_they_go_off(name: str) -> None:
    """Contract: limits — a hostile workbook is refused before memory is spent."""
    parts, error = _BOMBS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(error):
        read(changed(made(_some), parts), limits=_SMALL)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 64 * 1024, f"{grown} KiB"


def test_declared_sizes_are_not_believed() -> None:
    """Contract: limits — the decompressed size is counted, whatever the archive says it is."""
    data = bytearray(changed(made(_some), {_SHEET: b" " * 20_000_000}))
    true_size, lie = (20_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert data.count(true_size) == 2
    with pytest.raises(SizeExceeded):
        read(bytes(data), limits=_SMALL)
    # with the lie, the checksum or the end does not fit; and nothing grows either
    with pytest.raises(FramequeueError):
        read(bytes(data).replace(true_size, lie), limits=_SMALL)


def test_an_archive_of_too_many_parts() -> None:
    """Contract: limits — a directory of very many entries is refused."""
    with pytest.raises(InputMalformed, match=r"parts|directory"):
        read(changed(made(_some), {f"x/{n}": b"" for n in range(10_001)}))


def test_what_is_no_workbook() -> None:
    """Contract: Excel in — an old or encrypted file is told apart, an empty sheet is empty."""
    with pytest.raises(InputMalformed, match=r"save it as a plain \.xlsx"):
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(InputMalformed, match="workbook"):
        read(b"PK\x03\x04 nothing")
    with pytest.raises(InputEmpty):
        read(made(lambda *_: None))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 5_000), st.binary(min_size=1, max_size=12))
def test_damaged_workbooks_are_errors(position: int, noise: bytes) -> None:
    """Contract: never a 500 for bad input — a damaged workbook is an error of the tree, or is read."""
    data = bytearray(made(_some))
    position %= len(data)
    data[position : position + len(noise)] = noise
    try:
        read(bytes(data))
    except FramequeueError:
        return
