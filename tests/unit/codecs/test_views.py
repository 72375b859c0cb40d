"""Views and runs, which Arrow can neither filter nor take rows of, are plain columns before any step sees them."""

from typing import Any

import pyarrow as pa
import pytest

from jobs.codecs.base import DecodeLimits, EncodeOptions
from jobs.codecs.frames import from_pandas
from jobs.codecs.soundness import sound
from jobs.codecs.table import by_name
from jobs.model import Input, PayloadRef
from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue
from jobs.worker.inputs import read

KINDS: dict[str, pa.Array] = {
    "text": pa.array(["a", None, "a text longer than a view"], pa.string_view()),
    "bytes": pa.array([b"a", None, b"\xff"], pa.binary_view()),
    "list": pa.array([["a", None], None, []], pa.list_(pa.string_view())),
    "large list": pa.array([["a"], None, []], pa.large_list(pa.binary_view())),
    "pair": pa.array([["a", "b"], None, ["c", None]], pa.list_(pa.string_view(), 2)),
    "view of a list": pa.array([[1], None, []], pa.list_view(pa.int64())),
    "struct": pa.array([{"a": "x"}, None, {"a": None}], pa.struct([("a", pa.string_view())])),
    "map": pa.array([[("k", b"v")], None, []], pa.map_(pa.string_view(), pa.binary_view())),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 2, 3], ["a", None, "b"]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_of_views_is_the_same_without_them(kind: str) -> None:
    table = pa.table({"x": KINDS[kind]})
    plain = sound(table)
    assert not any(word in str(plain.schema) for word in ("string_view", "binary_view", "run_end"))
    assert plain["x"].to_pylist() == table["x"].to_pylist()
    assert plain.take([2, 0])["x"].to_pylist() == [table["x"][2].as_py(), table["x"][0].as_py()]
    assert sound(table.schema.empty_table()).schema == plain.schema


@pytest.mark.parametrize("form", ["parquet", "arrow", "arrow-file"])
@pytest.mark.parametrize("expr", ["n != 2", "n > 3"], ids=["some rows", "no rows"])
@pytest.mark.parametrize("steps", [[], [{"op": "sort_values", "by": "n", "ascending": False}]], ids=["read", "sorted"])
def test_rows_of_views_can_be_picked_while_they_are_read_and_later(
    form: str, steps: list[dict[str, Any]], expr: str
) -> None:
    kinds = {name: array for name, array in KINDS.items() if form != "parquet" or name in ("text", "bytes", "list")}
    table = pa.table({"n": [1, 2, 3], **kinds})
    data = pa.py_buffer(b"".join(by_name(form).encode(table.to_reader(), EncodeOptions())))
    pipeline = Pipeline.parse([{"op": "query", "expr": expr}, *steps], ["df"], Catalogue())
    given = Input(payload=PayloadRef(blob="", media_type=by_name(form).media_types[0], bytes=data.size))
    inputs = read({"df": given}, {"df": data}, pipeline.readings, DecodeLimits(), lambda: None)
    result, _ = from_pandas(pipeline.run(inputs.frames, done=inputs.done))
    rows = table.to_pylist()
    left = [row for row in rows if row["n"] != 2] if expr == "n != 2" else []
    assert result.to_pylist() == (left[::-1] if steps else left)


def test_a_column_of_few_texts_is_not_counted_as_if_each_were_as_long_as_all() -> None:
    words = [f"word {place:03}" for place in range(200)]
    batch = pa.record_batch({"x": pa.array(words * 25, pa.string_view())})
    groups = pa.RecordBatchReader.from_batches(batch.schema, [batch] * 20)
    data = pa.py_buffer(b"".join(by_name("parquet").encode(groups, EncodeOptions())))
    # in 20 row groups 100,000 words of eight bytes, by codes of a dictionary of 2,400 bytes
    limits = DecodeLimits(decoded_bytes=16_000_000)
    given = Input(payload=PayloadRef(blob="", media_type=by_name("parquet").media_types[0], bytes=data.size))
    inputs = read({"df": given}, {"df": data}, {}, limits, lambda: None)
    assert inputs.frames["df"]["x"].tolist() == words * 500
