"""Broken input is an error of the tree, at its place; never a crash, never another exception."""

import contextlib
import gzip

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.codecs import decoding
from jobs.codecs.base import DecodeLimits, DecodeOptions
from jobs.codecs.table import CODECS, by_media_type, by_name
from jobs.errors import (
    CastFailed,
    ColumnUnknown,
    CountExceeded,
    FormatUnsupported,
    FramequeueError,
    InputEmpty,
    InputMalformed,
    SizeExceeded,
    SpecInvalid,
)
from tests.unit.codecs.tables import every_type
from tests.unit.codecs.test_roundtrip import read, rendered


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from([codec.name for codec in CODECS]),
    st.integers(0, 5_000),
    st.binary(min_size=1, max_size=6),
    st.data(),
)
def test_truncated_and_altered_input(name: str, cut: int, noise: bytes, data: st.DataObject) -> None:
    whole = rendered(every_type(), name)
    broken = whole[: cut % len(whole)] + (noise + whole[cut % len(whole) + 6 :] if data.draw(st.booleans()) else b"")
    with contextlib.suppress(FramequeueError):
        read(broken, name)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([codec.name for codec in CODECS]), st.binary(max_size=60))
def test_arbitrary_bytes(name: str, data: bytes) -> None:
    with contextlib.suppress(FramequeueError):
        read(data, name)


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec.reads], ids=lambda codec: codec.name)
def test_an_empty_body(codec: object) -> None:
    with pytest.raises(InputEmpty):
        read(b"", codec.name)


@pytest.mark.parametrize(
    ("data", "name", "where"),
    [
        (b"a,b\n1,2\n1,2,3\n", "csv", "row 2: 3 fields"),
        (b'a,b\n1,"2\n', "csv", "row 1: a quote is opened and never closed"),
        (b"a,b\n1,2\n1,\xff\n", "csv", "row 2 is not UTF-8"),
        (b'[{"a":1},{"a":NaN}]', "json", "row 2"),
        (b'[{"a":1},2]', "json", "row 2: a number where a record"),
        (b"[[1,2]]", "json", "orient=split"),
        (b'{"a":[1],"b":[1,2]}', "json", "'b' has 2 values"),
        (b'{"a":1}', "json", "column 'a' is a number"),
        (b'{"columns":["a"],"data":[[1],[1,2]]}', "json", "row 2: 2 values"),
        (b'"x"', "json", "array of records"),
        (b'{"a":1}\n\n{"a":}\n', "ndjson", "line 3"),
        (b"PAR1 nothing PAR1", "parquet", "Parquet"),
    ],
)
def test_the_place_is_named(data: bytes, name: str, where: str) -> None:
    with pytest.raises(InputMalformed) as caught:
        read(data, name)
    assert where in caught.value.detail


def test_a_file_with_semicolons_is_told_what_csv_is() -> None:
    with pytest.raises(InputMalformed, match="never by semicolons"):
        read(b"name;amount\nN;1,50\n", "csv")


def test_limits_are_named() -> None:
    limits = DecodeLimits(rows=2, columns=2, decoded_bytes=4_000, cell_bytes=10, json_depth=4)
    for data, name, error, setting in [
        (b"a\n1\n2\n3\n", "csv", CountExceeded, "limits.rows"),
        (b"a,b,c\n1,2,3\n", "csv", CountExceeded, "limits.columns"),
        (b'[{"a":1},{"a":1},{"a":1}]', "json", CountExceeded, "limits.rows"),
        (b'[{"a":1,"b":2,"c":3}]', "json", CountExceeded, "limits.columns"),
        (b'[{"a":[[[[[1]]]]]}]', "json", CountExceeded, "limits.json_depth"),
        (b"a\n" + b"x" * 20 + b"\n", "csv", SizeExceeded, "limits.cell_bytes"),
        (b"a\n" + b"x" * 5_000 + b"\n", "csv", SizeExceeded, "limits.decoded_bytes"),
        (rendered(pa.table({"a": [1, 2, 3]}), "parquet"), "parquet", CountExceeded, "limits.rows"),
        (rendered(pa.table({"a": [1, 2, 3]}), "arrow"), "arrow", CountExceeded, "limits.rows"),
    ]:
        with pytest.raises(error, match=setting):
            read(data, name, limits=limits)


def test_deep_json_is_no_crash() -> None:
    for data in (b"[" * 100_000, b'[{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}]"):
        with pytest.raises((CountExceeded, InputMalformed)):
            read(data, "json")


def test_compression_is_bounded_and_strict() -> None:
    def unpacked(data: bytes, encoding: str, **limits: float) -> pa.Table:
        return decoding.decode(
            pa.py_buffer(data), "text/csv", encoding, DecodeOptions(limits=DecodeLimits(**limits))
        ).table

    packed = gzip.compress(b"a\n1\n")
    assert unpacked(packed + gzip.compress(b"2\n"), "gzip")["a"].to_pylist() == [1, 2]
    bomb = gzip.compress(b"a\n" + b"0" * 3_000_000)
    for data, error, limits in [
        (packed[:-3], InputMalformed, {}),
        (packed + b"garbage", InputMalformed, {}),
        (b"a\n1\n", InputMalformed, {}),
        (bomb, SizeExceeded, {"decoded_bytes": 1_000_000}),
        (bomb, SizeExceeded, {"compression_ratio": 10.0, "ratio_free_bytes": 1_000}),
    ]:
        with pytest.raises(error):
            unpacked(data, "gzip", **limits)
    packed = b"".join(rendered(pa.table({"a": [1]}), "csv", encoding="zstd") for _ in range(1))
    for data in (packed[:-2], packed + b"garbage", b"a\n1\n"):
        with pytest.raises(InputMalformed):
            unpacked(data, "zstd")
    with pytest.raises(FormatUnsupported, match="gzip"):
        unpacked(packed, "br")


def test_casts_name_column_row_and_value() -> None:
    with pytest.raises(CastFailed) as caught:
        read(b"a,b\n1,x\n2,y\nzwei,z\n", "csv", dtypes={"a": "int64"})
    assert "column 'a', row 3: 'zwei'" in caught.value.detail
    assert caught.value.places[0].row == 3
    with pytest.raises(ColumnUnknown, match="did you mean 'amount'"):
        read(b"amount\n1\n", "csv", dtypes={"amuont": "int64"})
    with pytest.raises(SpecInvalid, match="did you mean 'int64'"):
        read(b"a\n1\n", "csv", dtypes={"a": "int46"})


def test_formats_that_are_not_there() -> None:
    with pytest.raises(FormatUnsupported, match="text/csv"):
        by_media_type("application/pdf")
    with pytest.raises(FormatUnsupported, match="did you mean 'parquet'"):
        by_name("parqet")
    assert by_media_type("Text/CSV; charset=latin-1").name == "csv"
    assert by_media_type("application/jsonl").name == "ndjson"
    with pytest.raises(FormatUnsupported, match="charset"):
        read(b"a\n1\n", "csv", charset="klingon")
    assert read("a\nä\n".encode("latin-1"), "csv", charset="latin-1")[0]["a"].to_pylist() == ["ä"]


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        ("json", b'[{"a":1},{"a":1,"b":"12:30","a":2}]', 2),
        ("json", b'{"a":[1],"a":[2]}', None),
        ("ndjson", b'{"a":1}\n\n{"a":1,"a":2}\n', 3),
    ],
)
def test_a_key_that_is_given_twice_is_no_silent_loss(name: str, text: bytes, row: int | None) -> None:
    """Contract: Fidelity: never a silent loss: a key that a record has twice."""
    with pytest.raises(InputMalformed, match="'a' is given twice") as caught:
        read(text, name)
    assert caught.value.places[0].row == row
