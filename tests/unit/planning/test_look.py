"""A look at an input: what it knows of each format, and that it never costs much nor takes anything for known."""

import gzip
import io
import json
import random
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.errors import ColumnUnknown, SpecInvalid
from jobs.model import PayloadRef
from jobs.planning import Known
from jobs.planning.binary_look import FOOTER_BYTES
from jobs.planning.schema import MOST_COLUMNS
from jobs.store.blobs import CHUNK_BYTES
from tests.unit.codecs.tables import every_type
from tests.unit.planning.looking import FORMATS, a_column, encoded, names, raw, seen

TABLE = pa.table({"n": pa.array([1, None], pa.int64()), "s": ["a", "b"], "f": [1.5, 2.0]})
PARQUET = "application/vnd.apache.parquet"


@pytest.mark.parametrize("form", FORMATS)
def test_names_are_known_in_every_format(form):
    schema = seen(*encoded(TABLE, form))
    assert names(schema) == ["n", "s", "f"]
    assert schema.known is (Known.NAMES if form == "csv" else Known.DTYPES)
    if schema.rows_exact:
        assert schema.rows == 2
    guessed = schema.guessed()
    assert [str(one.type).removeprefix("large_") for one in guessed.fields] == ["int64", "string", "double"]
    assert guessed.known is schema.known, "a guess makes nothing certain"


@pytest.mark.parametrize("form", ["parquet", "arrow", "arrow-file"])
def test_types_come_from_the_footer_or_header(form):
    table = every_type()
    table = table.drop_columns(["view"]) if form == "parquet" else table
    schema = seen(*encoded(table, form))
    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}  # as they are decoded
    assert [one.type for one in schema.fields] == [plain.get(field.type, field.type) for field in table.schema]
    assert schema.known is Known.NAMES, "what lists and categories hold is not known"


def test_json_is_typed_by_all_of_its_values():
    rows = [{"i": 1, "u": 2**63, "t": 2**70, "f": 1, "m": 1, "b": True, "n": None}, {"i": 2, "f": 1.5, "m": "x"}]
    schema = raw(json.dumps(rows).encode(), "application/json")
    found = {one.name: (str(one.type), one.nullable) for one in schema.fields}
    assert found == {
        "i": ("int64", False), "u": ("uint64", True), "t": ("string", True), "f": ("double", False),
        "m": ("string", False), "b": ("bool", True), "n": ("null", True),
    }  # fmt: skip
    assert (schema.known, schema.rows) == (Known.NAMES, 2)
    for text, orient in (('{"a": [1], "b": [null]}', None), ('{"columns": ["a", "b"], "data": [[1, 2]]}', "split")):
        assert names(raw(text.encode(), "application/json", orient=orient)) == ["a", "b"]
    assert raw(b"[]", "application/json").known is Known.DTYPES


def test_dtypes_make_a_csv_certain():
    data = b"a,b\n1,2\n"
    ref = PayloadRef(blob="", media_type="text/csv", bytes=len(data))
    assert seen(data, ref, a="int64").known is Known.NAMES
    whole = seen(data, ref, a="int64", b="decimal128(12, 2)")
    assert whole.known is Known.DTYPES
    assert seen(data, ref, a="int64", b="category").known is Known.NAMES
    with pytest.raises(ColumnUnknown, match="no column 'c'") as caught:
        seen(data, ref, c="int64")
    assert caught.value.places[0].pointer == "/inputs/df/dtypes/c"
    with pytest.raises(SpecInvalid, match="no dtype 'int46'"):
        seen(data, ref, a="int46")


def test_a_frame_is_known_by_what_a_worker_read():
    columns = (a_column("a", "int64"), a_column("b", "object", nullable=True))
    ref = PayloadRef(blob="blb_x", media_type="text/csv", bytes=9, rows=7, columns=columns)
    schema = seen(None, ref)
    assert (names(schema), schema.rows, schema.known) == (["a", "b"], 7, Known.NAMES)
    assert seen(None, ref.changed(columns=columns[:1])).known is Known.DTYPES


def test_a_blob_is_known_by_its_ends():
    text = b"a,b\n" + b"1,2\n" * CHUNK_BYTES
    ref = PayloadRef(blob="blb_x", media_type="text/csv", bytes=len(text))
    schema = seen(None, ref, chunks=(text[:CHUNK_BYTES],))
    assert names(schema) == ["a", "b"]
    assert schema.rows is not None
    assert abs(schema.rows - CHUNK_BYTES) < 1_000
    source = random.Random(1)
    noise = pa.array([source.randbytes(8) for _ in range(200_000)])
    data, ref = encoded(pa.table({"x": noise, "y": noise}), "parquet")
    chunks = tuple(data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES))
    assert len(chunks) > 1
    schema = seen(None, ref.changed(blob="blb_x"), chunks=chunks)
    assert (names(schema), schema.rows) == (["x", "y"], 200_000)


def test_a_packed_csv_is_known_by_its_header():
    data = b"a,b\n1,2\n" * 50_000
    packed = gzip.compress(data)
    for encoding, body in (("gzip", packed), ("gzip", packed[:200]), ("zstd", pa.compress(data, "zstd", asbytes=True))):
        assert names(raw(body, "text/csv", encoding=encoding)) == ["a", "b"], encoding


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("application/json", b'[{"a": 1}, 5]'),
        ("application/json", b'{"a": [1], "b": [1, 2]}'),
        ("application/json", b"[" * 5_000),
        ("application/json", b'[{"a": '),
        ("application/json", b"\xff\xfe"),
        ("application/json", b'[{"a": 1}]' + b" " * 70_000),
        ("application/x-ndjson", b'{"a": 1}\n' * 10_000),
        ("text/csv", b"\n\n"),
        ("text/csv", b"\xff\xfe,b\n1,2\n"),
        ("text/csv", b"a," * 100_000 + b"\n"),
        ("text/csv", b'"a,b\n1,2\n'),
        (PARQUET, b"PAR1PAR1"),
        (PARQUET, b"PAR1" + b"\x00" * 60 + b"\x3c\x00\x00\x00PAR1"),
        (PARQUET, b"PAR1" + b"\xff\xff\xff\xffPAR1"),
        ("application/vnd.apache.arrow.stream", b"\xff\xff\xff\xff\x10\x00\x00\x00nothing"),
        ("application/vnd.apache.arrow.file", b"ARROW1\x00\x00"),
        ("text/plain", b"a,b\n1,2\n"),
    ],
)  # fmt: skip
def test_nothing_is_known_of_what_cannot_be_read(media_type, data):
    schema = raw(data, media_type)
    assert (schema.known, schema.fields) == (Known.NOTHING, ())


@pytest.mark.parametrize("form", FORMATS)
def test_a_damaged_input_raises_nothing(form):
    data, ref = encoded(TABLE, form)
    for place in range(0, len(data), max(1, len(data) // 150)):
        for damaged in (data[:place], data[:place] + b"\xff" + data[place + 1 :], data[:place] + data[place + 3 :]):
            seen(damaged, ref.changed(bytes=len(damaged)))


def test_a_wide_table_is_not_looked_into():
    wide = pa.table({f"c{n}": [1] for n in range(MOST_COLUMNS + 1)})
    for form in FORMATS:
        data, ref = encoded(wide, form)
        assert seen(data, ref).known is Known.NOTHING, form


def test_a_hostile_footer_costs_little():
    file = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), file)
    data = file.getvalue()
    size = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - size : -8]
    longer = footer + b"\x00" * (FOOTER_BYTES - len(footer))
    for made in (
        longer + len(longer).to_bytes(4, "little") + b"PAR1",
        # a list that says it holds two thousand million elements
        footer[:4] + b"\x29\xfc\xff\xff\xff\xff\x07" + footer[4:] + (size + 7).to_bytes(4, "little") + b"PAR1",
    ):
        tracemalloc.start()
        before = pa.total_allocated_bytes()
        raw(b"PAR1" + made, PARQUET)
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024**2
        assert pa.total_allocated_bytes() - before < 8 * 1024**2
        tracemalloc.stop()
