"""The rules of reading: what a CSV value is, what a JSON column is."""

import csv
import io
import random

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobs.codecs import delimited_fast, delimited_rows
from jobs.codecs.base import DecodeOptions
from jobs.codecs.decoding import decode
from jobs.codecs.table import by_name
from jobs.errors import InputMalformed
from tests.unit.codecs.test_roundtrip import read


@pytest.mark.parametrize(
    ("cells", "type_", "values"),
    [
        (["1", "-2", ""], pa.int64(), [1, -2, None]),
        (["9223372036854775807", ""], pa.int64(), [2**63 - 1, None]),
        (["18446744073709551615"], pa.uint64(), [2**64 - 1]),
        (["18446744073709551616"], pa.large_string(), ["18446744073709551616"]),
        (["001", "2"], pa.large_string(), ["001", "2"]),
        (["1", "-007"], pa.large_string(), ["1", "-007"]),
        (["+5"], pa.large_string(), ["+5"]),
        (["0x1F"], pa.large_string(), ["0x1F"]),
        (["0", "1.5", "1e3", ".5"], pa.float64(), [0.0, 1.5, 1000.0, 0.5]),
        (["01.5", "2"], pa.large_string(), ["01.5", "2"]),
        (["nan", "1.5"], pa.large_string(), ["nan", "1.5"]),
        (["inf", "1.5"], pa.float64(), [float("inf"), 1.5]),
        (["true", "False", ""], pa.bool_(), [True, False, None]),
        (["true", "1"], pa.large_string(), ["true", "1"]),
        (["2024-01-31"], pa.large_string(), ["2024-01-31"]),
        (["10:30"], pa.large_string(), ["10:30"]),
        (["NA", "null", '""', ""], pa.large_string(), ["NA", "null", "", None]),
        (["1", '""'], pa.large_string(), ["1", ""]),
        (["", ""], pa.large_string(), [None, None]),
    ],
)
@pytest.mark.parametrize("rows_before", [0, 200])
def test_csv_types(cells: list[str], type_: pa.DataType, values: list[object], rows_before: int) -> None:
    if rows_before and pa.types.is_boolean(type_):
        cells, values = ["true"] * rows_before + cells, [True] * rows_before + values
    elif rows_before and not any(cells):
        rows_before = 0
    elif rows_before and type_ != pa.large_string():
        cells, values = ["7"] * rows_before + cells, [7] * rows_before + values
    body = "".join(f"{cell},x\n" for cell in cells)
    table, _ = read(f"a,b\n{body}".encode(), "csv")
    assert table.schema.field("a").type == type_
    assert table["a"].to_pylist() == values


def test_csv_names_and_blank_lines() -> None:
    table, _ = read(b'\xef\xbb\xbf\r\na,,a,"x\ny"\r\n1,2,3,4\r\n\r\n', "csv")
    assert table.column_names == ["a", "", "a", "x\ny"]
    assert table.num_rows == 1
    one, _ = read(b"a\n1\n\n3\n", "csv")
    assert one["a"].to_pylist() == [1, None, 3]


ODD = [
    "1",
    "-3",
    "0",
    "007",
    "1.5",
    "0.25",
    "00.5",
    "1e5",
    "nan",
    "inf",
    "x01",
    " 01",
    "a 01",
    "true",
    "",
    '""',
    "2024-01-05",
]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(ODD), min_size=1, max_size=3),
    st.integers(0, 10**6),
    st.sampled_from(["7", "1.25", "true"]),
)
def test_the_fast_way_agrees_with_the_slow_one(odd: list[str], seed: int, usual: str) -> None:
    rng = random.Random(seed)
    cells = [usual] * 400
    for cell in odd:
        cells[rng.randrange(len(cells))] = cell
    body = pa.py_buffer("".join(f"{cell},{rng.randrange(100)}\n" for cell in cells).encode())
    worthwhile, delimited_fast._WORTHWHILE = delimited_fast._WORTHWHILE, 0
    try:
        fast = delimited_fast.read_typed(body, ["a", "b"], [0, 1], ",", DecodeOptions())
    finally:
        delimited_fast._WORTHWHILE = worthwhile
    slow, _ = read(b"a,b\n" + body.to_pybytes(), "csv")
    if fast is not None:
        assert [column.type for column in fast] == slow.schema.types
        assert [column.to_pylist() for column in fast] == [column.to_pylist() for column in slow.columns]


def test_the_fast_way_is_taken_for_ordinary_files() -> None:
    body = b"".join(b"%d,%d.5,2024-01-05,note %d,true\n" % (row, row, row) for row in range(40_000))
    header, rest = delimited_rows.read_header(pa.py_buffer(b"a,b,c,d,e\n" + body), ",", DecodeOptions())
    fast = delimited_fast.read_typed(rest, header, list(range(5)), ",", DecodeOptions())
    assert fast is not None
    text = pa.large_string()
    assert [column.type for column in fast] == [pa.int64(), pa.float64(), text, text, pa.bool_()]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('7,"a, b"\n', ("7", "a, b")),
        ('7,"two\nlines"\n', ("7", "two\nlines")),
        ("007,x\n", ("007", "x")),
        ("-01,x\n", ("-01", "x")),
        ("0x1F,x\n", ("0x1F", "x")),
    ],
)
def test_what_the_samples_do_not_show_is_read_by_the_same_rules(line: str, value: tuple[str, str]) -> None:
    lines = [f"{row},note {row}\n" for row in range(120_000)]
    lines.insert(30_000, line)
    table, _ = read(("a,b\n" + "".join(lines)).encode(), "csv")
    assert table.num_rows == 120_001
    found = table.slice(30_000, 1).to_pylist()[0]
    assert (str(found["a"]), found["b"]) == value


def test_an_open_quote_at_the_end_of_a_large_file_is_refused() -> None:
    body = "".join(f'"{row}",note {row}\n' for row in range(120_000)) + '1,"open\n'
    with pytest.raises(InputMalformed, match="never closed"):
        read(("a,b\n" + body).encode(), "csv")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text("a\"',\n\r x1", max_size=5), min_size=2, max_size=2), min_size=1, max_size=6))
@example([["", "\r\n"]])
def test_csv_fields_are_those_of_the_standard_reader(rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    table, _ = read(out.getvalue().encode(), "csv", dtypes={"a": "str", "b": "str"})
    assert [list(row.values()) for row in table.to_pylist()] == rows


@pytest.mark.parametrize(
    ("text", "columns", "codes"),
    [
        ('[{"a":1},{"b":2.5,"a":null}]', {"a": [1, None], "b": [None, 2.5]}, []),
        ('[{"a":9223372036854775807},{}]', {"a": [2**63 - 1, None]}, []),
        ('[{"a":18446744073709551615}]', {"a": [2**64 - 1]}, []),
        ('[{"a":18446744073709551616}]', {"a": ["18446744073709551616"]}, ["integer_to_text"]),
        ('[{"a":1},{"a":2.5}]', {"a": [1.0, 2.5]}, []),
        ('[{"a":9007199254740993},{"a":2.5}]', {"a": [9007199254740992.0, 2.5]}, ["integer_rounded"]),
        ('[{"a":1},{"a":"x"},{"a":true}]', {"a": ["1", "x", "true"]}, ["mixed_to_text"]),
        ('[{"a":1.5},{"a":true}]', {"a": ["1.5", "true"]}, ["mixed_to_text"]),
        ('[{"a":[1]},{"a":[true]}]', {"a": ["[1]", "[true]"]}, ["mixed_to_text"]),
        ('[{"a":"2024-01-31T10:00:00"}]', {"a": ["2024-01-31T10:00:00"]}, []),
        ('[{"a":{"x":1}},{"a":{"y":[2]}}]', {"a": [{"x": 1, "y": None}, {"x": None, "y": [2]}]}, []),
        ("[]", {}, []),
        ('{"a":[]}', {"a": []}, []),
        ('{"columns":["a"],"data":[]}', {"a": []}, []),
        ('{"a":[1,null]}', {"a": [1, None]}, []),
    ],
)
def test_json_columns(text: str, columns: dict[str, list[object]], codes: list[str]) -> None:
    table, warnings = read(text.encode(), "json")
    assert table.to_pydict() == columns
    assert [warning.code for warning in warnings] == codes


def test_json_batches_find_one_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.codecs.json_records._WHOLE", 0)
    monkeypatch.setattr("jobs.codecs.json_records._BATCH", 2)
    table, warnings = read(b'[{"a":1,"c":1},{"a":2,"c":1},{"a":2.5,"b":null,"c":"x"},{"b":"x"}]', "json")
    assert table.to_pydict() == {"a": [1.0, 2.0, 2.5, None], "c": ["1", "1", "x", None], "b": [None, None, None, "x"]}
    assert [warning.code for warning in warnings] == ["mixed_to_text"]


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_json_reads_what_is_asked_for(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.codecs.json_records._WHOLE", 0)
    monkeypatch.setattr("jobs.codecs.json_records._BATCH", 2)
    rows = [b'{"n":1,"mixed":1}', b'{"n":2,"mixed":"x"}', b'{"n":3,"late":"y"}']
    text = b"[" + b",".join(rows) + b"]" if form == "json" else b"\n".join(rows)
    for wanted, expected in (("late", [None, None, "y"]), ("n", [1, 2, 3])):
        options = DecodeOptions(columns=frozenset([wanted]))
        decoded = decode(pa.py_buffer(text), by_name(form).media_types[0], None, options)
        assert decoded.table.to_pydict() == {wanted: expected}
        assert (decoded.width, decoded.warnings) == (3, ())
    nobody = decode(pa.py_buffer(text), by_name(form).media_types[0], None, DecodeOptions(columns=frozenset(["?"])))
    assert nobody.table.to_pydict() == {"n": [1, 2, 3]}
