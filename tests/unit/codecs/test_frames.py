"""The bridge to pandas, both ways."""

import json
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from jobs.codecs import blocks, decoding, frames, offsets, preview, schema, stored
from jobs.codecs.base import DecodeOptions
from jobs.codecs.json_write import records_text
from jobs.errors import InputMalformed
from tests.unit.codecs.tables import every_type, tables
from tests.unit.codecs.test_roundtrip import rendered


def test_every_type_goes_there_and_back() -> None:
    table = every_type()
    frame = frames.to_pandas(table)
    back, warnings = frames.from_pandas(frame)
    assert warnings == ()
    assert back.to_pydict() == table.to_pydict()
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "i": "Int64", "u": "uint64", "f": "float64", "f32": "float32", "b": "boolean", "s": "str", "view": "str",
        "d": "decimal128(12, 2)[pyarrow]", "ts": "datetime64[us]", "zoned": "datetime64[ms, Europe/Berlin]",
        "utc": "datetime64[ns, UTC]", "date": "date32[day][pyarrow]", "time": "time64[us][pyarrow]",
        "dur": "timedelta64[ms]", "bin": "binary[pyarrow]", "list": "list<item: int64>[pyarrow]",
        "struct": "struct<a: int64, b: string>[pyarrow]", "map": "map<string, int64>[pyarrow]", "cat": "category",
        "null": "object", "deep": "large_list<item: list<item: double>>[pyarrow]",
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(tables(min_rows=0))
def test_any_table_goes_there_and_back(table: pa.Table) -> None:
    frame = frames.to_pandas(table)
    back, warnings = frames.from_pandas(frame)
    assert list(frame.columns) == back.column_names == table.column_names
    assert [column.to_pylist() for column in back.columns] == [column.to_pylist() for column in table.columns]
    assert warnings == ()
    assert all(
        field.nullable == (column.null_count > 0) for field, column in zip(back.schema, back.columns, strict=True)
    )


def test_chunks_dictionaries_and_slices() -> None:
    one, two = pa.array(["x", "y"]).dictionary_encode(), pa.array(["z", None]).dictionary_encode()
    table = pa.table({"c": pa.chunked_array([one, two]), "i": pa.chunked_array([[1, None], [3, 4]])}).slice(1)
    frame = frames.to_pandas(table)
    assert frame["c"].tolist()[:2] == ["y", "z"]
    assert frames.from_pandas(frame)[0].to_pydict() == table.to_pydict()
    assert frames.to_pandas(pa.table({"c": pa.chunked_array([], one.type)})).shape == (0, 1)


def test_what_transforms_produce() -> None:
    frame = pd.DataFrame(
        {
            "period": pd.period_range("2024-01", periods=3, freq="M"),
            "interval": pd.cut([1, 2, 3], [0, 1, 3]),
            "mixed": [1, "x", None],
            "ints": pd.Series([1, None, 3], dtype=object),
            "sparse": pd.arrays.SparseArray([0.0, 1.0, np.nan]),
            "cat_int": pd.Categorical([1, 2, None]),
            "nan": [1.0, np.nan, np.inf],
            "complex": [1j, 2j, 3j],
            "arrow": pd.array([1, None, 3], dtype="int32[pyarrow]"),
            0: [True, False, True],
        }
    )
    table, warnings = frames.from_pandas(frame)
    got = table.to_pydict()
    assert got["period"] == ["2024-01", "2024-02", "2024-03"]
    assert got["interval"] == ["(0, 1]", "(1, 3]", "(1, 3]"]
    assert got["mixed"] == ["1", "x", None]
    assert got["ints"] == [1, None, 3]
    assert got["sparse"] == [0.0, 1.0, None]
    assert got["cat_int"] == [1, 2, None]
    assert got["nan"] == [1.0, None, float("inf")]
    assert got["0"] == [True, False, True]
    assert {warning.code for warning in warnings} == {
        "period_to_text",
        "interval_to_text",
        "mixed_to_text",
        "name_to_text",
    }
    assert table.schema.metadata is None


def test_frames_without_rows_or_columns() -> None:
    empty = frames.to_pandas(every_type().slice(0, 0))
    assert empty.shape == (0, every_type().num_columns)
    back, _ = frames.from_pandas(empty)
    assert back.num_rows == 0
    assert frames.from_pandas(pd.DataFrame(index=range(3)))[0].num_columns == 0
    assert frames.to_pandas(pa.table({})).shape == (0, 0)


def test_nan_is_null_and_said_so() -> None:
    data = rendered(pa.table({"f": [1.0, float("nan"), None]}), "arrow")
    decoded = decoding.decode(pa.py_buffer(data), "application/vnd.apache.arrow.stream", None, DecodeOptions())
    assert [(warning.code, warning.column) for warning in decoded.warnings] == [("nan_to_null", "f")]
    assert frames.to_pandas(decoded.table)["f"].isna().tolist() == [False, True, True]


def test_dtype_names_are_read_as_they_are_written() -> None:
    table = every_type().drop_columns(["struct", "map", "null", "deep"])
    for column in schema.columns_of(table.schema):
        assert schema.dtype_name(schema.parse_dtype(column.dtype)) == column.dtype
    exact = schema.exact_nullability(every_type())
    assert {column.name for column in schema.columns_of(exact.schema) if not column.nullable} == {"u"}
    assert schema.parse_dtype("Int64") == pa.int64()


class Pipe:
    """A source that only reads, and remembers how much was asked for at once."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position, self.largest = data, 0, 0

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size)
        piece = self.data[self.position : self.position + size]
        self.position += len(piece)
        return piece


def test_stored_results_are_read_piece_by_piece() -> None:
    table = pa.table({"i": np.arange(500_000), "s": pa.array([f"text {row}" for row in range(500_000)])})
    pieces = [bytes(piece) for piece in stored.store(table)]
    assert max(map(len, pieces)) < 8 * 1024**2
    pipe = Pipe(b"".join(pieces))
    reader = stored.open_stored(pipe)
    first = reader.read_next_batch()
    assert first.num_rows <= 65_536
    assert pipe.position < len(pipe.data) / 3
    assert pa.Table.from_batches([first, *reader]).equals(table)


def test_broken_stored_results() -> None:
    whole = b"".join(bytes(piece) for piece in stored.store(pa.table({"i": [1]})))
    with pytest.raises(Exception, match="cannot be read"):
        stored.open_stored(pa.py_buffer(b"nothing"))
    assert stored.open_stored(pa.py_buffer(whole)).read_all().to_pydict() == {"i": [1]}


def test_preview_is_bounded() -> None:
    assert preview.preview(pa.table({"a": [1, None]})) == (b'[{"a":1},{"a":null}]', True)
    assert preview.preview(pa.table({"a": pa.array([], pa.int64())})) == (b"[]", True)
    body, complete = preview.preview(pa.table({"a": list(range(500))}))
    assert (body.count(b"{"), complete) == (100, False)
    body, complete = preview.preview(pa.table({"a": ["x" * 2_000] * 60}))
    assert len(body) <= preview.MAX_BYTES
    assert not complete


def test_the_preview_says_what_the_json_of_the_result_says() -> None:
    table = pa.table(
        {
            "int": [1, None, -(2**63)],
            "unsigned": pa.array([2**64 - 1, 0, None], pa.uint64()),
            "float": [1.0, 1e16, float("nan")],
            "infinite": [float("inf"), -0.0, 1.5e300],
            "short": pa.array([0.1, None, 1e10], pa.float32()),
            "text": ['a"b\\', "é\u2028\x01", None],
            "bool": [True, None, False],
            "null": pa.nulls(3),
            "date": [date(2020, 1, 1), None, date(1, 1, 1)],
            "instant": pa.array([1, None, 3], pa.timestamp("us", "Europe/Berlin")),
            "decimal": [Decimal("1.50"), None, Decimal("2.00")],
            "list": [[1, None], None, []],
            "struct": [{"a": 1}, None, {"a": None}],
            "category": pa.array(["x", "y", None]).dictionary_encode(),
            "binary": [b"x", None, b""],
        }
    )
    shown, complete = preview.preview(table)
    whole = b"".join(records_text(table.to_reader()))
    assert complete
    assert json.loads(shown) == json.loads(whole)
    assert preview.preview(pa.table({"a": pa.nulls(3)}).select([])) == (b"[{},{},{}]", True)


def test_text_in_parquet_that_is_not_utf8_is_refused() -> None:
    offsets = pa.array([0, 1, 3], pa.int32()).buffers()[1]
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xff\xfe")])
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"x": broken}), sink)
    with pytest.raises(InputMalformed, match="UTF8"):
        decoding.decode(sink.getvalue(), "application/vnd.apache.parquet", None, DecodeOptions())


def test_a_frame_is_made_of_arrays_as_they_are() -> None:
    words, numbers = np.array(["a", "b"], dtype=object), np.array([1, 2])
    given = [words, numbers, pd.array([1, None]), np.array([1, 2], "M8[ms]"), pd.Categorical(["x", "y"])]
    names = ["o", "n", "n", "t", "c"]
    frame = blocks.frame_of(names, given, 2)
    assert list(frame.columns) == blocks.labels_of(frame) == names
    assert [str(dtype) for dtype in frame.dtypes] == ["object", "int64", "Int64", "datetime64[ms]", "category"]
    expected = pd.concat([pd.Series(array, dtype=array.dtype) for array in given], axis=1)
    pd.testing.assert_frame_equal(frame.set_axis(expected.columns, axis=1), expected)
    assert np.shares_memory(blocks.column_array(frame, 1), numbers)
    assert blocks.frame_of([], [], 3).shape == (3, 0)


def test_frames_of_the_same_names_do_not_share_what_may_change() -> None:
    one, other = (blocks.frame_of(["a"], [np.arange(2)], 2) for _ in range(2))
    one.columns.name = "named"
    one["b"] = 1
    one.iloc[0, 0] = 9
    assert other.columns.name is None
    pd.testing.assert_frame_equal(other, pd.DataFrame({"a": [0, 1]}))


@pytest.mark.parametrize("values", [[], ["a"], ["", "ä", "long"], ["a", None, "c"], [None]])
def test_text_changes_its_offsets_and_not_itself(values: list[str | None]) -> None:
    around = pa.array(["before", *values, "after"], pa.string())
    for text in (
        pa.array(values, pa.string()),
        around.slice(1, len(values)),
        around.cast(pa.string_view()).slice(1, 1),
    ):
        wide = offsets.widened(pa.chunked_array([text]))
        wide.validate(full=True)
        assert (wide.type, wide.to_pylist()) == (pa.large_string(), text.to_pylist())
        narrow = offsets.narrowed(wide)
        narrow.validate(full=True)
        assert (narrow.type, narrow.to_pylist()) == (pa.string(), text.to_pylist())
        cut = wide.slice(1)
        assert offsets.narrowed(cut).to_pylist() == text.to_pylist()[1:]
