"""What went in comes out, per format, with the documented mapping."""

import datetime as dt
import io
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.codecs import decoding, rendering, stored
from jobs.codecs.base import DecodeOptions, EncodeOptions
from jobs.codecs.format_warnings import format_warnings
from jobs.codecs.table import CODECS, by_name
from jobs.errors import ColumnUnknown, FidelityLost
from jobs.model import Warn
from tests.unit.codecs.tables import every_type, tables

TYPED = ("parquet", "arrow", "arrow-file")


def rendered(table: pa.Table, name: str, orient: str = "records", **how: object) -> bytes:
    blob = b"".join(bytes(piece) for piece in stored.store(table))
    codec, options = by_name(name), EncodeOptions(orient=orient)
    return b"".join(rendering.render(stored.open_stored(io.BytesIO(blob)), codec, options, **how))


def read(data: bytes, name: str, **options: object) -> tuple[pa.Table, tuple[Warn, ...]]:
    return decoding.decode(pa.py_buffer(data), by_name(name).media_types[0], None, DecodeOptions(**options))[:2]


def values(table: pa.Table) -> list[list[object]]:
    return [column.to_pylist() for column in table.columns]


@pytest.mark.parametrize("name", TYPED)
def test_typed_formats_keep_every_type(name: str) -> None:
    table = every_type()
    back, warnings = read(rendered(table, name), name)
    assert back.to_pydict() == table.to_pydict()
    assert warnings == ()
    for field in table.schema:
        if field.name not in ("view",):
            assert back.schema.field(field.name).type == field.type, field.name


@pytest.mark.parametrize("orient", ["records", "columns", "split"])
def test_json_maps_as_documented(orient: str) -> None:
    back, _ = read(rendered(every_type(), "json", orient), "json", orient=orient)
    got = back.to_pydict()
    assert got["i"] == [1, None, 2**63 - 1]
    assert got["u"] == [1, 2, 2**64 - 1]
    assert got["f"] == [1.0, None, 0.1]
    assert got["b"] == [True, None, False]
    assert got["s"] == ["", 'NA\n"x",', None]
    assert got["d"] == ["1.20", None, "-0.01"]
    assert got["ts"] == ["1970-01-01T00:00:00.000000", None, "1969-12-31T23:59:59.999999"]
    assert got["zoned"] == ["1970-01-01T01:00:00.000+01:00", None, "2023-11-14T23:13:20.123+01:00"]
    assert got["utc"][2] == "1970-01-01T00:00:00.000000005+00:00"
    assert got["date"] == ["2024-02-29", None, "1969-12-31"]
    assert got["dur"] == ["PT90.500S", None, "-PT1.500S"]
    assert got["bin"] == ["AP8=", None, ""]
    assert got["list"] == [[1, None], None, []]
    assert got["struct"] == [{"a": 1, "b": 'x"'}, None, {"a": None, "b": "y"}]
    assert got["map"][0] == {"k": 1}
    assert got["deep"] == [[[1.5]], [[]], None]
    assert back.schema.field("f").type == pa.float64()


DTYPES = {
    "d": "decimal128(12, 2)",
    "ts": "datetime64[us]",
    "zoned": "datetime64[ms, Europe/Berlin]",
    "utc": "datetime64[ns, UTC]",
    "date": "date32",
    "time": "time64[us]",
    "dur": "timedelta64[ms]",
    "bin": "binary",
    "cat": "category",
    "f32": "float32",
}


@pytest.mark.parametrize("name", ["json", "ndjson", "csv", "tsv"])
def test_dtypes_bring_back_what_text_formats_cannot_say(name: str) -> None:
    table = every_type()
    back, _ = read(rendered(table, name), name, dtypes=DTYPES)
    for column in DTYPES:
        assert back[column].to_pylist() == table[column].to_pylist(), column


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from([(codec.name, "split") for codec in CODECS if codec.name in (*TYPED, "json")]))
def test_values_and_names_survive(table: pa.Table, how: tuple[str, str]) -> None:
    back, _ = read(rendered(table, *how), how[0], orient=how[1] if how[0] == "json" else None)
    assert back.column_names == table.column_names
    assert values(back) == values(table)


@settings(max_examples=60, deadline=None)
@given(tables(kinds=("int", "float", "bool")), st.sampled_from(["csv", "tsv"]))
def test_numbers_survive_delimited_text(table: pa.Table, name: str) -> None:
    back, _ = read(rendered(table, name), name)
    assert back.column_names == table.column_names
    assert values(back) == values(table)


@settings(max_examples=100, deadline=None)
@given(tables(kinds=("text",)), st.sampled_from(["csv", "tsv"]))
def test_text_survives_delimited_text(table: pa.Table, name: str) -> None:
    back, _ = read(rendered(table, name), name, dtypes=dict.fromkeys(table.column_names, "str"))
    assert back.column_names == table.column_names
    assert values(back) == values(table)


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec.reads], ids=lambda codec: codec.name)
@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_content_encodings(codec: object, encoding: str) -> None:
    packed = rendered(every_type(), codec.name, encoding=encoding)
    plain = rendered(every_type(), codec.name)
    media_type = codec.media_types[0]
    back = decoding.decode(pa.py_buffer(packed), media_type, encoding, DecodeOptions()).table
    assert back.equals(decoding.decode(pa.py_buffer(plain), media_type, None, DecodeOptions()).table)


@pytest.mark.parametrize("name", ["csv", "tsv", *TYPED])
def test_frames_without_rows_keep_their_columns(name: str) -> None:
    back, _ = read(rendered(every_type().slice(0, 0), name), name)
    assert back.num_rows == 0
    assert back.column_names == every_type().column_names


def test_pages_and_projection() -> None:
    table = pa.table({"a": list(range(200_000)), "b": ["x"] * 200_000})
    page, _ = read(rendered(table, "csv", columns=["b", "a"], offset=65_530, limit=10), "csv")
    assert page.column_names == ["b", "a"]
    assert page["a"].to_pylist() == list(range(65_530, 65_540))
    assert rendered(table, "json", limit=0) == b"[]"
    assert rendered(table, "json", offset=1_000_000) == b"[]"
    with pytest.raises(ColumnUnknown, match="did you mean 'a'"):
        rendered(table, "csv", columns=["A"])


def test_repeated_names_have_no_records_but_split() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(FidelityLost, match="orient=split"):
        rendered(table, "json")
    assert rendered(table, "json", "split") == b'{"columns":["a","a"],"data":[[1,2]]}'


def test_infinity_is_announced_and_written_as_null() -> None:
    table = pa.table({"f": [1.0, float("inf")], "d": pa.array([Decimal(1), None], pa.decimal128(3, 0))})
    blob = b"".join(bytes(piece) for piece in stored.store(table))
    schema = stored.open_stored(pa.py_buffer(blob)).schema
    found = format_warnings(schema, by_name("json"))
    assert [(warning.code, warning.column) for warning in found] == [
        ("infinity_to_null", "f"),
        ("decimal_to_text", "d"),
    ]
    assert format_warnings(schema, by_name("parquet")) == ()
    assert rendered(table, "json", columns=["f"]) == b'[{"f":1.0},{"f":null}]'
    assert rendered(table, "csv", columns=["f"]) == b"f\n1.0\ninf\n"
    assert read(b"f\n1.0\ninf\n", "csv")[0]["f"].to_pylist() == [1.0, float("inf")]


def test_csv_quotes_only_what_needs_it() -> None:
    table = pa.table({"a": ["x", "", None, "1,5", 'say "hi"', " pad"], "b": [dt.date(2024, 1, 1)] + [None] * 5})
    assert rendered(table, "csv") == b'a,b\nx,2024-01-01\n"",\n,\n"1,5",\n"say ""hi""",\n" pad",\n'
