"""Every cell of the table in docs/formats.md: a sample of each kind is written in each format, and read again."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from jobs.codecs import rendering, stored
from jobs.codecs.base import DecodeOptions, EncodeOptions
from jobs.codecs.decoding import decode
from jobs.codecs.fidelity import FAMILIES, FATES, Back
from jobs.codecs.format_warnings import format_warnings
from jobs.codecs.frames import from_pandas, to_pandas
from jobs.codecs.schema import dtype_name
from jobs.codecs.table import CODECS, by_name
from jobs.errors import FidelityLost, InputEmpty
from jobs.model import Warn

_INF = float("inf")
_NOON = dt.datetime(2024, 2, 29, 12, 0, 15)  # noqa: DTZ001  # a column without a zone
_NESTED = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))])
SAMPLES: dict[str, pa.Array] = {
    "int64": pa.array([1, None, -(2**53)]),
    "integer of another width": pa.array([1, None, 255], pa.uint8()),
    "integer beyond 2^53": pa.array([2**63 - 1, None, -(2**63)]),
    "boolean": pa.array([True, None, False]),
    "float": pa.array([0.1 + 0.2, None, 1e-300, -1.5]),
    "float, whole numbers only": pa.array([1.0, None, -2.0]),
    "Infinity": pa.array([_INF, None, -_INF, 1.5]),
    "null": pa.array([None, 1, None, 2]),
    "text": pa.array(["ü😀", None, ' a\r\n"b",\tc ', "x" * 30_000, "<r>&</r>", "_x000D_\x01"]),
    "text like `001`, `NA`, `=1+1`": pa.array(["001", "NA", "=1+1", "null", "nan", "@a", "2024-01-31", None]),
    "text like `12`, `true`": pa.array(["12", None, "13"]),
    "empty text": pa.array(["", None, "x"]),
    "decimal": pa.array([Decimal("1.20"), None, Decimal("-12345678901234567890.01")], pa.decimal128(30, 2)),
    "timestamp": pa.array([_NOON.replace(microsecond=123_000), None], pa.timestamp("us")),
    "timestamp in seconds": pa.array([_NOON, None], pa.timestamp("s")),
    "timestamp with zone": pa.array([0, None, 1_700_000_000_123], pa.timestamp("ms", "Europe/Berlin")),
    "date": pa.array([dt.date(2024, 2, 29), None, dt.date(9999, 12, 31)]),
    "time": pa.array([dt.time(12, 30, 0, 5), None], pa.time64("us")),
    "time in seconds": pa.array([dt.time(12, 30), None], pa.time32("s")),
    "duration": pa.array([90_500, None, -1_500], pa.duration("ms")),
    "binary": pa.array([b"\x00\xff", None, b"a"]),
    "list, struct": pa.array([{"a": 1, "b": ["x", None]}, None, {"a": None, "b": []}], _NESTED),
    "list, struct with NaN or Infinity": pa.array([[1.5, _INF], None, [float("nan")]], pa.list_(pa.float64())),
    "map": pa.array([[("k", 1)], None, [("l", None)]], pa.map_(pa.string(), pa.int64())),
    "category": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int32()), ["x", "y", "unused"]),
    "category without values": pa.DictionaryArray.from_arrays(pa.array([None, None], pa.int8()), pa.nulls(0)),
    "only null": pa.nulls(2),
}
_NAMES = {"repeated name": ["a", "a"], "empty name": ["", "b"], "no rows": ["a", "b"]}


def sample(kind: str) -> pa.Table:
    """A table of that kind, with a column beside it, so that a row of nulls is a row in every format."""
    if kind in _NAMES:
        rows = 0 if kind == "no rows" else 2
        return pa.Table.from_arrays([pa.array([1, 2][:rows], pa.int64()), pa.array(["x", "y"][:rows])], _NAMES[kind])
    array = SAMPLES[kind]
    return pa.table({"value": array, "row": pa.array(range(len(array)), pa.int64())})


def written(table: pa.Table, name: str, **how: str) -> tuple[bytes, tuple[Warn, ...]]:
    """The bytes as they are answered, and all warnings of them."""
    blob = b"".join(bytes(piece) for piece in stored.store(table))
    reader, met = stored.open_stored(pa.py_buffer(blob)), list[Warn]()
    data = b"".join(rendering.render(reader, by_name(name), EncodeOptions(warn=met.append, **how)))
    return data, (*format_warnings(reader.schema, by_name(name), rows=table.num_rows), *met)


def read(data: bytes, name: str, **options: object) -> pa.Table:
    return decode(pa.py_buffer(data), by_name(name).media_types[0], None, DecodeOptions(**options)).table


CELLS = [(kind, name) for kind in FATES for names in FAMILIES.values() for name in names]
_FAMILY = {name: family for family, names in FAMILIES.items() for name in names}


@pytest.mark.parametrize(("kind", "name"), CELLS)
def test_every_cell_of_the_table(kind: str, name: str) -> None:
    """Contract: fidelity — each kind survives per format or follows a documented mapping with an entry in warnings."""
    fate, table = FATES[kind][_FAMILY[name]], sample(kind)
    if fate.back is Back.REFUSED:
        with pytest.raises(FidelityLost):
            written(table, name)
        return
    data, warnings = written(table, name)
    codes = {warning.code for warning in warnings}
    late_and_exact = kind in ("timestamp", "timestamp in seconds", "date") and fate.late
    assert (fate.code in codes) is (bool(fate.code) and not late_and_exact), "a warning, and no other than that"
    if (kind, name) == ("no rows", "ndjson"):
        assert data == b""
        with pytest.raises(InputEmpty):
            read(data, name)
        return
    _compare(table, data, name, fate.back, "" if late_and_exact else fate.code)


def _compare(table: pa.Table, data: bytes, name: str, back: Back, code: str) -> None:
    wanted = table.column(0)
    if back is Back.SAME:
        got = read(data, name)
        assert got.column_names == table.column_names
        same = got.column(0).type == wanted.type
        assert same or dtype_name(got.column(0).type) == dtype_name(wanted.type)
        assert str(got.column(0).to_pylist()) == str(wanted.to_pylist()), "as text, since NaN is not even itself"
        assert not code
    elif back is Back.DTYPES:
        bare = read(data, name)
        assert not (bare.column(0).type == wanted.type and bare.column(0).equals(wanted)), "then it would be the same"
        got = read(data, name, dtypes={table.column_names[0]: dtype_name(wanted.type)})
        assert got.column(0).to_pylist() == wanted.to_pylist()
        assert dtype_name(got.column(0).type) == dtype_name(wanted.type)
    elif back is Back.VALUES:
        got = read(data, name)
        assert got.column(0).to_pylist() == wanted.to_pylist()
        assert got.column(0).type != wanted.type
    else:
        got = read(data, name)
        assert not got.num_columns or not got.column(0).equals(wanted)
        assert code, "what does not come back is said"


def test_every_cell_has_a_sample() -> None:
    """Contract: fidelity — the table misses no kind that the contract names."""
    assert set(FATES) == {*SAMPLES, *_NAMES}


@pytest.mark.parametrize("name", [name for names in FAMILIES.values() for name in names])
def test_a_category_without_categories_is_written_everywhere(name: str) -> None:
    """Contract: fidelity — a category column without categories survives a pandas pipeline in every format."""
    frame = to_pandas(pa.table({"c": pa.array([None, None], pa.string()), "n": [1, 2]}))
    table, _ = from_pandas(frame.astype({"c": "category"}))
    assert read(written(table, name)[0], name).column("c").to_pylist() == [None, None]


def test_html_is_announced_as_for_people() -> None:
    """Contract: fidelity — what HTML leaves out is one entry in the warnings."""
    assert [warning.code for warning in written(sample("decimal"), "html")[1]] == ["html_for_reading"]
    assert not by_name("html").reads
    assert {codec.name for codec in CODECS} == {*_FAMILY, "html"}


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
@pytest.mark.parametrize("encoding", [None, "gzip", "zstd"])
def test_the_same_frame_makes_the_same_bytes(codec: object, encoding: str | None) -> None:
    """Contract: results are immutable — a strong ETag names the same bytes, however often they are made."""
    tables = [sample(kind) for kind in ("text", "decimal", "category", "timestamp")]
    many = range(2_000 if codec.name == "xlsx" else 100_000)
    for table in (*tables, pa.table({"a": many, "b": map(str, many)})):
        blob = pa.py_buffer(b"".join(bytes(piece) for piece in stored.store(table)))
        first, again = (
            b"".join(rendering.render(stored.open_stored(blob), codec, EncodeOptions(), encoding=encoding))
            for _ in range(2)
        )
        assert first == again
