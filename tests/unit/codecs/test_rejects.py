"""Rows that are set aside while an input is read: which they are, why, and what the others become without them."""

import json
import time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.codecs.base import Decoded, DecodeOptions
from jobs.codecs.decoding import decode
from jobs.errors import CastFailed, InputMalformed, RejectsExceeded
from jobs.rejects import MAX_RAW, Reject, Rejects, positions_beside, refused, rows_beside

CSV, NDJSON, JSON, PARQUET = "text/csv", "application/x-ndjson", "application/json", "application/vnd.apache.parquet"


def read(
    body: bytes,
    media_type: str = CSV,
    most: int = 10,
    charset: str | None = None,
    orient: str | None = None,
    **dtypes: str,
) -> tuple[Decoded, list[Reject]]:
    rejects = Rejects(most)
    options = DecodeOptions(dtypes=dtypes, rejects=rejects.of_input("df"), charset=charset, orient=orient)
    return decode(pa.py_buffer(body), media_type, None, options), rejects.all()


def plainly(body: bytes, media_type: str = CSV, **dtypes: str) -> pa.Table:
    return decode(pa.py_buffer(body), media_type, None, DecodeOptions(dtypes=dtypes)).table


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def test_rows_with_too_many_and_too_few_fields() -> None:
    """Contract: on_row_error "reject" sets rows with another number of fields aside, counted from 1."""
    decoded, rejects = read(b'a,b\n1,2\n\n3\n4,5\n6,7,8\n9,"x,\ny"\n')
    assert decoded.table.equals(plainly(b'a,b\n1,2\n4,5\n9,"x,\ny"\n'))
    assert [(one.input, one.row, one.column, one.code, one.raw) for one in rejects] == [
        ("df", 2, None, "input.malformed", "3"),
        ("df", 4, None, "input.malformed", "6,7,8"),
    ]
    assert "3 fields where the header has 2" in rejects[1].detail


@pytest.mark.parametrize(
    ("body", "good", "rows"),
    [
        (b'a,b\n1,"x\n2,3\n4,5\n', b"a,b\n2,3\n4,5\n", {1: '1,"x'}),
        (b'a,b\n1,2\n3,4,"x\n5,6\n7\n8,9', b"a,b\n1,2\n5,6\n8,9\n", {2: '3,4,"x', 4: "7"}),
        (b'a,b\n1,2\n"p\nq","x\n5,6\n', b"a,b\n1,2\n5,6\n", {2: '"p\nq","x'}),
        (b'a,b\n0\n1,"x\n2\n3,4\n', b"a,b\n3,4\n", {1: "0", 2: '1,"x', 3: "2"}),
        (b'a\n1\n"x\n3\n', b"a\n1\n3\n", {2: '"x'}),
        (b'a,b\n1,"x', b"a,b\n", {1: '1,"x'}),
    ],
)
def test_an_open_quote_takes_its_own_line_alone(body: bytes, good: bytes, rows: dict[int, str]) -> None:
    """Contract: on_row_error "reject" sets a row with an open quote aside, as far as it can be told."""
    decoded, rejects = read(body)
    assert {one.row: one.raw for one in rejects} == rows
    assert decoded.table.to_pylist() == plainly(good).to_pylist()


@pytest.mark.parametrize("charset", [None, "cp1252"])
def test_rows_with_bytes_that_are_no_text(charset: str | None) -> None:
    """Contract: on_row_error "reject" sets rows aside that are not in their charset."""
    bad = b"\xff" if charset is None else b"\x81"
    decoded, rejects = read(b"a,b\n1,x\n2," + bad + b"y\n3," + bad + b"," + bad + b"\n4,z\n", charset=charset)
    assert decoded.table.to_pylist() == [{"a": 1, "b": "x"}, {"a": 4, "b": "z"}]
    assert [(one.row, one.raw) for one in rejects] == [(2, "2,\ufffdy"), (3, "3,\ufffd,\ufffd")]


def test_types_are_those_of_the_rows_that_are_left() -> None:
    """Contract: the good rows' result is what one would get without the bad rows."""
    decoded, rejects = read(
        b"a,b,c\n1,2,2026-01-01\nx,no,2026-01-02\n3,4,never\n5,6\n7,8,2026-01-03\n", a="int64", c="date32"
    )
    assert decoded.table.equals(plainly(b"a,b,c\n1,2,2026-01-01\n7,8,2026-01-03\n", a="int64", c="date32"))
    assert [(one.row, one.column, one.code, one.raw) for one in rejects] == [
        (2, "a", "input.cast_failed", "x,no,2026-01-02"),
        (3, "c", "input.cast_failed", "3,4,never"),
        (4, None, "input.malformed", "5,6"),
    ]
    assert rejects[0].detail == "'x' is no int64"


def test_a_large_csv_with_bad_rows_far_apart() -> None:
    """Contract: rows set aside are numbered as they stand in the input, however large it is."""
    lines = [f"{row},{row * 2},text {row}" for row in range(1, 200_001)]
    bad = {7: "7,14", 100_000: "100000,1,2,3", 199_999: '199999,"9,9",x,y'}
    for row, line in bad.items():
        lines[row - 1] = line
    decoded, rejects = read("\n".join(["a,b,c", *lines]).encode())
    assert {one.row: one.raw for one in rejects} == bad
    assert decoded.table.num_rows == 199_997
    assert decoded.table.schema.types == [pa.int64(), pa.int64(), pa.large_string()]
    assert decoded.table.column("a").slice(6, 1).to_pylist() == [8]


NDJSON_BODY = b'{"a":1}\n\n[2]\n{"a":3\n{"a":4}\n{"a":"\\ud800"}\n7\n{"a":1e999}\n{"a":\xff}\n'


def test_lines_that_are_no_records() -> None:
    """Contract: on_row_error "reject" sets NDJSON lines aside that are not JSON objects."""
    decoded, rejects = read(NDJSON_BODY, NDJSON)
    assert decoded.table.to_pylist() == [{"a": 1}, {"a": 4}]
    assert decoded.table.schema.types == [pa.int64()]
    assert [one.row for one in rejects] == [2, 3, 5, 6, 7, 8]
    assert [one.raw for one in rejects[:4]] == ["[2]", '{"a":3', '{"a":"\\ud800"}', "7"]
    assert {one.code for one in rejects} == {"input.malformed"}


@pytest.mark.parametrize(
    ("body", "left", "rows"),
    [
        (b'[{"a":1},2,null,{"a":3}]', [1, 3], [2, 3]),
        (b'[{"a":1},{"a":1e999},{"a":3}]', [1, 3], [2]),
        (b'[{"a":1},{"a":"\\ud800"},{"a":[3,]},{"a":{"b":"]"}}]', [1, {"b": "]"}], [2, 3]),
        (b' {"columns":["a"],"data":[[1],[2,3],4,[5]]}', [1, 5], [2, 3]),
    ],
)
def test_records_that_cannot_be_read(body: bytes, left: list[Any], rows: list[int]) -> None:
    """Contract: on_row_error "reject" sets JSON records aside that cannot be read."""
    decoded, rejects = read(body, JSON, orient="split" if body[:1] == b" " else None)
    shown = [json.loads(value) if isinstance(value, str) else value for value in decoded.table.column("a").to_pylist()]
    assert shown == left
    assert [one.row for one in rejects] == rows


@pytest.mark.parametrize(
    "body", [b'[{"a":1} {"a":2}]', b'[{"a":1},}', b'[{"a":1},{"a":', b'[{"a":1},]', b"[nan]", b'[1,"x]']
)
def test_an_array_that_falls_apart_is_no_matter_of_rows(body: bytes) -> None:
    with pytest.raises(InputMalformed):
        read(body, JSON)


@pytest.mark.parametrize("media_type", [JSON, NDJSON, PARQUET, "columns", "split"])
def test_casts_that_fail_in_every_format(media_type: str) -> None:
    """Contract: on_row_error "reject" sets rows aside whose cast fails."""
    rows = [{"a": "1", "b": "p"}, {"a": "x", "b": "q"}, {"a": None, "b": "r"}, {"a": "4", "b": "s"}]
    body = {
        JSON: json.dumps(rows).encode(),
        NDJSON: "\n".join(map(json.dumps, rows)).encode(),
        PARQUET: parquet(pa.Table.from_pylist(rows)),
        "columns": json.dumps({name: [row[name] for row in rows] for name in "ab"}).encode(),
        "split": json.dumps({"columns": ["a", "b"], "data": [list(row.values()) for row in rows]}).encode(),
    }[media_type]
    decoded, (reject,) = read(body, media_type if "/" in media_type else JSON, a="int64")
    assert decoded.table.to_pydict() == {"a": [1, None, 4], "b": ["p", "r", "s"]}
    assert (reject.row, reject.column, reject.code) == (2, "a", "input.cast_failed")
    assert json.loads(reject.raw) in ({"a": "x", "b": "q"}, ["x", "q"])


def test_one_more_than_allowed_fails_and_names_the_first() -> None:
    """Contract: max_rejects rows are set aside; one more is input.rejects_exceeded."""
    body = b"a\n1\nx\ny\nz\n"
    assert len(read(body, most=3, a="int64")[1]) == 3
    with pytest.raises(
        RejectsExceeded, match=r"more than 2 rows.*input 'df', row 2, column 'a': 'x' is no int64"
    ) as caught:
        read(body, most=2, a="int64")
    assert [(one.row, one.code) for one in caught.value.places] == [
        (2, "input.cast_failed"),
        (3, "input.cast_failed"),
        (4, "input.cast_failed"),
    ]
    for bad, media_type in (
        (b"a,b\n1\n", CSV),
        (b"1\n", NDJSON),
        (b"[1]", JSON),
        (b'a,b\n1,"2\n', CSV),
        (b"a,b\n1,\xff\n", CSV),
    ):
        with pytest.raises(RejectsExceeded, match="more than 0"):
            read(bad, media_type, most=0)
    with pytest.raises(RejectsExceeded):
        read(b"a,b\n" + b"1\n" * 300_000, most=5)


def test_rows_longer_than_arrows_blocks() -> None:
    """Contract: a cell has up to 64 MiB; Arrow reads a row where two of its blocks hold it."""
    long = b"x" * (9 * 1024**2)
    for body, left, rows in (
        (b"a,b\n1,2\n" + long + b",2\n3,4\n", 3, []),
        (b'a,b\n1,2\n"' + long + b'\n",2\n3,4\n', 3, []),
        (b"a,b\n1,2\n" + long + b",2,3\n3,4\n", 2, [2]),
        (b"a,b\n1,2\n" + long + b",2\n3,4,5\n", 2, [3]),
        (b'a,b\n1,2\n"' + long + b"\n3,4\n", 2, [2]),
    ):
        decoded, rejects = read(body)
        assert (decoded.table.num_rows, [one.row for one in rejects]) == (left, rows)
    assert plainly(b"a,b\n" + long + b",2\n").column("a")[0].as_py() == long.decode()
    with pytest.raises(InputMalformed, match="row 2: 3 fields"):
        plainly(b"a,b\n1,2\n" + long + b",2,3\n")


def test_many_bad_rows_take_linear_time() -> None:
    start = time.perf_counter()
    decoded, rejects = read(b"a,b\n" + b"1\n" * 50_000 + b"1,2\n", most=50_000)
    assert (decoded.table.num_rows, len(rejects)) == (1, 50_000)
    assert time.perf_counter() - start < 10


def test_what_no_single_row_is_to_blame_for_fails() -> None:
    with pytest.raises(InputMalformed, match="header"):
        read(b'"a,b\n1,2\n')
    with pytest.raises(CastFailed):
        read(b"a\n2026-01-01T00:00:00Z\n2026-01-01\n", a="datetime64[us, UTC]")


def test_raw_text_is_bounded() -> None:
    _, (reject,) = read(b"a,b\n" + b"x" * 100_000 + b"\n1,2\n")
    assert len(reject.raw) == MAX_RAW


def test_the_frame_of_rejects_has_its_columns_always() -> None:
    assert Rejects(0).table().schema.names == ["input", "row", "column", "code", "detail", "raw"]
    rejects = Rejects(1)
    rejects.of_input("df").add(Reject.of(3, "input.malformed", "no", "x\ud800"))
    assert rejects.table().to_pylist() == [
        {"input": "df", "row": 3, "column": None, "code": "input.malformed", "detail": "no", "raw": "x\\ud800"}
    ]


def test_rows_and_positions_are_each_others_way_back() -> None:
    gone = [1, 2, 5, 9]
    assert rows_beside(gone, range(6)) == [3, 4, 6, 7, 8, 10]
    assert positions_beside(gone, [3, 4, 6, 7, 8, 10]) == list(range(6))
    assert refused(10, lambda start, length: not {2, 3, 9} & set(range(start, start + length)), 2) == [2, 3]
