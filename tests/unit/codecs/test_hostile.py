"""Bodies made to be slow: an answer or a refusal, in bounded time."""

import gzip
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.codecs.base import DecodeLimits, DecodeOptions, EncodeOptions
from jobs.codecs.compression import decompress
from jobs.codecs.delimited import CSV, check_charset
from jobs.codecs.ndjson import NdJson
from jobs.codecs.parquet import Parquet
from jobs.errors import CountExceeded, FidelityLost, FormatUnsupported, InputMalformed, SizeExceeded


def test_many_gzip_members_take_linear_time() -> None:
    start = time.perf_counter()
    with pytest.raises(InputMalformed, match="members"):
        decompress(pa.py_buffer(gzip.compress(b"") * 300_000), "gzip", DecodeLimits())
    body = gzip.compress(b"1\n") * 50_000
    assert decompress(pa.py_buffer(body), "gzip", DecodeLimits()).size == 100_000
    assert time.perf_counter() - start < 6


def test_zstd_may_begin_with_a_skippable_frame() -> None:
    frame = pa.compress(b"a\n1\n", "zstd", asbytes=True)
    body = b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + frame
    assert decompress(pa.py_buffer(body), "zstd", DecodeLimits()).to_pybytes() == b"a\n1\n"


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf-7", "unicode_escape", "base64", "rot13", "\0", "x" * 999])
def test_what_is_no_charset_of_text_is_refused(charset: str) -> None:
    with pytest.raises(FormatUnsupported, match="latin-1"):
        check_charset(charset)
    with pytest.raises(FormatUnsupported):
        CSV.decode(pa.py_buffer(b"a\n1\n"), DecodeOptions(charset=charset))


@pytest.mark.parametrize(
    "charset", ["latin-1", "ISO-8859-15", "windows-1252", "utf-16", "utf-8", "mac-roman", "koi8-r", "cp437"]
)
def test_charsets_in_use_are_read(charset: str) -> None:
    table = CSV.decode(pa.py_buffer("a\nx1\n".encode(charset)), DecodeOptions(charset=charset)).table
    assert table.to_pydict() == {"a": ["x1"]}


@pytest.mark.parametrize("charset", ["shift_jis", "euc-jp", "gb18030", "gbk", "big5", "euc-kr"])
def test_charsets_of_the_east_are_read(charset: str) -> None:
    table = CSV.decode(pa.py_buffer("a\n中\n".encode(charset)), DecodeOptions(charset=charset)).table
    assert table.to_pydict() == {"a": ["中"]}


def _of_codes(values: list[str], repeats: int) -> pa.Buffer:
    codes = pa.array([number % len(values) for number in range(repeats)], pa.int32())
    table = pa.table({"a": pa.DictionaryArray.from_arrays(codes, pa.array(values)), "n": range(repeats)})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, store_schema=False)
    return sink.getvalue()


def test_a_value_repeated_by_codes_counts_each_time() -> None:
    start = time.perf_counter()
    with pytest.raises(SizeExceeded):
        Parquet().decode(_of_codes(["x" * 60_000], 60_000), DecodeOptions())
    assert time.perf_counter() - start < 3
    table = Parquet().decode(_of_codes(["x" * 600, "é"], 60_000), DecodeOptions(limits=DecodeLimits())).table
    assert table.schema.field("a").type == pa.string()
    assert table.column("a").slice(0, 3).to_pylist() == ["x" * 600, "é", "x" * 600]


def test_lines_of_ever_new_keys_are_refused() -> None:
    body = "\n".join(f'{{"k{number}":1}}' for number in range(9_999)).encode()
    start = time.perf_counter()
    with pytest.raises(CountExceeded, match="cells"):
        NdJson().decode(pa.py_buffer(body), DecodeOptions())
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize("type_", [pa.struct([]), pa.list_(pa.struct([])), pa.struct([("b", pa.struct([]))])])
def test_objects_without_fields_are_no_parquet(type_: pa.DataType) -> None:
    table = pa.table({"a": pa.nulls(2, type_)})
    with pytest.raises(FidelityLost, match="'a'"):
        list(Parquet().encode(table.to_reader(), EncodeOptions()))
