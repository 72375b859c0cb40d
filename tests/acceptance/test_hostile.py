"""Hostile inputs against a real API and a real worker: each ends in its code, and neither process grows by much."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.acceptance.group import until
from tests.acceptance.mortal import free_port

_MIB = 1024**2
_LIMIT = 64 * _MIB
_ROOM = 256 * _MIB
_API = "import sys; from config import load; from service.server import serve; serve(load(env_file=None))"
_WORKER = "import sys; from config import load; from jobs.worker.main import run; sys.exit(run(load(env_file=None)))"
_LIMITS = {
    "BODY_BYTES": 64 * _MIB,
    "ENVELOPE_BYTES": 4 * _MIB,
    "DECODED_BYTES": _LIMIT,
    "RATIO_FREE_BYTES": 16 * _MIB,
    "CELL_BYTES": 8 * _MIB,
}
CSV, NDJSON, JSON = "text/csv", "application/x-ndjson", "application/json"
PARQUET, STREAM, FILE = (f"application/vnd.apache.{name}" for name in ("parquet", "arrow.stream", "arrow.file"))
Sent = tuple[bytes, str]


class Service:
    """Both processes, and the most memory that either has used since the last look."""

    def __init__(self, url: str) -> None:
        port = free_port()
        ours = {
            "FRAMEQUEUE_REDIS__URL": url,
            "FRAMEQUEUE_API__PORT": str(port),
            "FRAMEQUEUE_WORKER__THREADS": "1",
            **{f"FRAMEQUEUE_LIMITS__{name}": str(value) for name, value in _LIMITS.items()},
        }
        self.processes = [
            subprocess.Popen([sys.executable, "-c", code], env=os.environ | ours, cwd=Path(__file__).parents[2])
            for code in (_API, _WORKER)
        ]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
        until(self._ready, within_s=60)
        assert self.code(b"a,b\n1,2\n", CSV) == "succeeded"

    def _ready(self) -> bool:
        try:
            return self.client.get("/readyz").json()["workers"] >= 1
        except (httpx.HTTPError, KeyError):
            return False

    def forget(self) -> None:
        """Count the peaks from here."""
        for process in self.processes:
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")

    @property
    def peaks(self) -> list[int]:
        """Bytes of memory at most: the API's and the worker's."""
        texts = [Path(f"/proc/{process.pid}/status").read_text() for process in self.processes]
        return [int(text.split("VmHWM:")[1].split()[0]) * 1024 for text in texts]

    def code(self, body: Any, media_type: str, **headers: str) -> str:
        """The code that sending a frame ends with: the answer's, or the failed job's."""
        asked = {"content-type": media_type, "prefer": "wait=50", **headers}
        answer = self.client.post("/v1/jobs?pipeline=[]", content=body, headers=asked)
        return self.ending(answer)

    def ending(self, answer: httpx.Response) -> str:
        told = answer.json()
        if answer.status_code >= 400:
            assert answer.status_code < 500, told
            return str(told["code"])
        while told["finished_at"] is None:
            told = self.client.get(f"/v1/jobs/{told['id']}", headers={"prefer": "wait=50"}).json()
        return str(told["error"]["code"]) if told["error"] else "succeeded"

    def stop(self) -> None:
        self.client.close()
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=30)
            finally:
                process.kill()


@pytest.fixture(scope="module")
def processes(valkey_server: str) -> Iterator[Service]:
    service = Service(valkey_server)
    yield service
    service.stop()


@pytest.fixture
def service(processes: Service) -> Iterator[Service]:
    """The service; in the test neither process has grown by more than the limit and a quarter of a GiB."""
    processes.forget()
    before = processes.peaks  # what earlier tests left is no memory of this one's: allocators keep some
    yield processes
    grown = [peak - start for peak, start in zip(processes.peaks, before, strict=True)]
    assert max(grown) < _LIMIT + _ROOM, [peak // _MIB for peak in processes.peaks]


def _parquet(table: pa.Table, **options: Any) -> Sent:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", **options)
    return sink.getvalue().to_pybytes(), PARQUET


def _arrow(table: pa.Table, media_type: str = STREAM, **options: Any) -> Sent:
    sink = pa.BufferOutputStream()
    new = pa.ipc.new_stream if media_type == STREAM else pa.ipc.new_file
    with new(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes(), media_type


def _repeated(value: Any, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([value]))


def _zigzag(number: int) -> bytes:
    number, out = number << 1, bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _promising(rows: int) -> Sent:
    """A Parquet file whose footer promises so many rows."""
    data, _ = _parquet(pa.table({"a": pa.nulls(1_234_567, pa.int8())}))
    size = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - size : -8].replace(_zigzag(1_234_567), _zigzag(rows))
    return data[: -8 - size] + footer + len(footer).to_bytes(4, "little") + b"PAR1", PARQUET


def _plain_first() -> Sent:
    """A file whose first page is plain, and whose next ones are codes of one long value."""
    values = pa.concat_arrays([pa.array(["y"] * 20_000), pa.array(["x" * 60_000] * 5_000)])
    return _parquet(pa.table({"a": values}), dictionary_pagesize_limit=2**30, write_batch_size=1_000)


def _views() -> Sent:
    """A hundred thousand views of one value."""
    _, views, data = pa.array(["x" * 100_000], pa.string_view()).buffers()
    shown = pa.py_buffer(views.to_pybytes()[:16] * 20_000)
    return _arrow(pa.table({"a": pa.Array.from_buffers(pa.string_view(), 20_000, [None, shown, data])}))


def _lying() -> Sent:
    """A stream whose buffer is said to have a terabyte."""
    data = bytearray(_arrow(pa.table({"a": np.arange(1_000)}))[0])
    at = bytes(data).rfind((8_000).to_bytes(8, "little"))
    data[at : at + 8] = (10**12).to_bytes(8, "little")
    return bytes(data), STREAM


def _lists() -> pa.Table:
    values = pa.array(np.zeros(20_000_000, np.int64))
    return pa.table({"a": pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)})


def _runs() -> pa.Table:
    return pa.table({"a": pa.RunEndEncodedArray.from_arrays(pa.array([40_000_000], pa.int32()), pa.array(["x" * 100]))})


def _list_views() -> pa.Table:
    sizes = pa.array(np.full(100_000, 100_000, np.int32))
    start = pa.array(np.zeros(100_000, np.int32))
    return pa.table({"a": pa.ListViewArray.from_arrays(start, sizes, pa.array(np.zeros(100_000, np.int64)))})


def _prefixes() -> Sent:
    values = ["x" * 30_000 + str(row) for row in range(4_000)]
    return _parquet(pa.table({"a": values}), use_dictionary=False, column_encoding={"a": "DELTA_BYTE_ARRAY"})


INPUTS: dict[str, tuple[Callable[[], Sent], str]] = {
    "parquet, 10^12 rows promised": (lambda: _promising(10**12), "limit.rows"),
    "parquet, 100,000 columns": (
        lambda: _parquet(
            pa.schema([(str(place), pa.int8()) for place in range(100_000)]).empty_table(), store_schema=False
        ),
        "limit.columns",
    ),
    "parquet, one long value by codes": (
        lambda: _parquet(pa.table({"a": _repeated("x" * 60_000, 330_000)}), store_schema=False),
        "limit.decoded_bytes",
    ),
    "parquet, the first page plain": (_plain_first, "limit.decoded_bytes"),
    "parquet, fixed size by codes": (
        lambda: _parquet(pa.table({"a": pa.array([b"x" * 60_000] * 1_500, pa.binary(60_000))})),
        "limit.decoded_bytes",
    ),
    "parquet, long values in lists": (
        lambda: _parquet(pa.table({"a": [["x" * 20_000] * 10] * 600})),
        "limit.decoded_bytes",
    ),
    "parquet, shared prefixes": (_prefixes, "limit.decoded_bytes"),
    "parquet, zstd pages": (
        lambda: _parquet(pa.table({"a": ["x" * 30_000] * 4_000}), use_dictionary=False),
        "limit.decoded_bytes",
    ),
    "parquet, nulls": (lambda: _parquet(pa.table({"a": pa.nulls(30_000_000, pa.string())})), "limit.decoded_bytes"),
    "parquet, runs of one number": (
        lambda: _parquet(pa.table({"a": np.zeros(20_000_000, np.int64)})),
        "limit.decoded_bytes",
    ),
    "parquet, one row of a long list": (lambda: _parquet(_lists()), "limit.decoded_bytes"),
    "arrow stream, compressed zeros": (
        lambda: _arrow(pa.table({"a": np.zeros(20_000_000, np.int64)}), compression="zstd"),
        "limit.decoded_bytes",
    ),
    "arrow file, compressed zeros": (
        lambda: _arrow(pa.table({"a": np.zeros(20_000_000, np.int64)}), FILE, compression="lz4"),
        "limit.decoded_bytes",
    ),
    "arrow, views of one value": (_views, "limit.decoded_bytes"),
    "arrow, list views of one list": (lambda: _arrow(_list_views()), "limit.decoded_bytes"),
    "arrow, a run": (lambda: _arrow(_runs()), "limit.decoded_bytes"),
    "arrow, nulls without a type": (lambda: _arrow(pa.table({"a": pa.nulls(40_000_000)})), "limit.decoded_bytes"),
    "arrow, a buffer that lies": (_lying, "input.malformed"),
    "csv, one cell": (lambda: (b"a,b\n" + b"x" * (40 * _MIB) + b",1\n", CSV), "limit.cell_bytes"),
    "csv, an open quote": (lambda: (b'a,b\n1,"' + b"x,1\n" * (10 * _MIB), CSV), "limit.cell_bytes"),
    "csv, NUL bytes": (lambda: (b"a,b\n" + b"\0" * (40 * _MIB), CSV), "limit.cell_bytes"),
    "csv, 10^6 columns": (
        lambda: (b",".join(b"c%d" % place for place in range(10**6)) + b"\n", CSV),
        "limit.columns",
    ),
    "csv, short rows": (lambda: (b"a\n" + b"1\n" * 20_000_000, CSV), "limit.decoded_bytes"),
    "csv, empty fields": (lambda: (b"a,b,c,d,e\n" + b",,,,\n" * 6_000_000, CSV), "limit.decoded_bytes"),
    "ndjson, one line": (lambda: (b'{"a":"' + b"x" * (40 * _MIB) + b'"}\n', NDJSON), "limit.cell_bytes"),
    "ndjson, ever new keys": (
        lambda: (b"".join(b'{"k%d":1}\n' % row for row in range(9_999)), NDJSON),
        "limit.columns",
    ),
    "json, too deep": (lambda: (b'[{"a":' + b"[" * 500 + b"]" * 500 + b"}]", JSON), "limit.json_depth"),
    "json, deeper than any stack": (lambda: (b"[" * 10**6, JSON), "limit.json_depth"),
    "json, empty records": (lambda: (b"[" + b"{}," * 10**7 + b"{}]", JSON), "limit.decoded_bytes"),
    "json, a long column": (lambda: (b'{"a":[' + b"1," * 10**7 + b"1]}", JSON), "limit.decoded_bytes"),
    "json, a long value": (lambda: (b'[{"a":[' + b"[]," * 10**7 + b"[]]}]", JSON), "limit.decoded_bytes"),
    "json, NaN": (lambda: (b'[{"a":NaN}]', JSON), "input.malformed"),
    "json, 1e999": (lambda: (b'[{"a":1e999}]', JSON), "input.malformed"),
    "json, a lone surrogate": (lambda: (b'[{"a":"\\ud800x"}]', JSON), "input.malformed"),
    "json, a very long integer": (lambda: (b'[{"a":' + b"9" * 5_000 + b"}]", JSON), "input.malformed"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_a_hostile_frame(service: Service, name: str) -> None:
    """Contract: Limits: each hostile input ends in its code while memory stays under the limit plus 256 MB."""
    made, code = INPUTS[name]
    assert service.code(*made()) == code


@pytest.mark.parametrize(
    ("encoding", "body", "code"),
    [
        ("gzip", lambda: gzip.compress(b"a\n" + bytes(100 * _MIB)), "limit.compression_ratio"),
        ("zstd", lambda: pa.compress(b"a\n" + bytes(100 * _MIB), "zstd", asbytes=True), "limit.compression_ratio"),
        ("gzip", lambda: gzip.compress(os.urandom(_MIB) * 80, 0), "limit.body_bytes"),
        ("gzip", lambda: gzip.compress(os.urandom(32) * (3 * _MIB)), "limit.compression_ratio"),
        ("gzip", lambda: gzip.compress(b"a\n") * 500_000, "input.malformed"),
        ("gzip", lambda: gzip.compress(b"a\n1\n")[:-4], "input.malformed"),
    ],
)
def test_what_expands(service: Service, encoding: str, body: Callable[[], bytes], code: str) -> None:
    """Contract: Limits: ratio 200x above the free bytes, and the decoded size."""
    assert service.code(body(), CSV, **{"content-encoding": encoding}) == code


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_does_not_end(service: Service, announced: bool) -> None:
    """Contract: 413 too large, before it is read whole, with and without Content-Length."""
    pieces = (b"1\n" * 32_768 for _ in range(2_000))
    headers = {"content-length": str(2_000 * 65_536)} if announced else {}
    try:
        assert service.code(pieces, CSV, **headers) == "limit.body_bytes"
    except httpx.WriteError:  # it may hang up before all is sent
        assert announced


def _parts(count: int) -> bytes:
    part = b'--x\r\ncontent-disposition: form-data; name="%d"\r\ncontent-type: text/csv\r\n\r\na\n1\r\n'
    return b"".join(part % number for number in range(count)) + b"--x--\r\n"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (lambda: _parts(100_000), "limit.inputs"),
        (lambda: b"--x\r\nx-long: " + b"y" * (30 * _MIB), "multipart.malformed"),
        (lambda: b"--x\r\n" + b"x-many: y\r\n" * 10**6, "multipart.malformed"),
        (lambda: _parts(1)[:-9], "multipart.malformed"),
        (
            lambda: b'--x\r\ncontent-disposition: form-data; name="job"\r\n\r\n' + b" " * (8 * _MIB),
            "limit.envelope_bytes",
        ),
    ],
)
def test_a_hostile_multipart_body(service: Service, body: Callable[[], bytes], code: str) -> None:
    """Contract: Limits: inputs, envelope and headers of a multipart body are bounded while it streams."""
    answer = service.client.post(
        "/v1/jobs", content=body(), headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert service.ending(answer) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"labels": {f"k{number}": "" for number in range(3_000)}}, "limit.labels"),
        ({"labels": {f"k{number}": "x" * 200 for number in range(3_000)}}, "limit.labels_bytes"),
        ({"pipeline": [{"op": "head"}] * 201}, "limit.steps"),
        ({"pipeline": [{"op": "query", "expr": "x" * 300_000}]}, "limit.pipeline_bytes"),
        ({"pipeline": [{"op": "query", "expr": "x" * 5_000}]}, "expression.too_large"),
        ({"pipeline": [{"op": "query", "expr": "(" * 90 + "a" + ")" * 90 + "+" * 70 + "a"}]}, "expression.too_large"),
        ({"inputs": {"df": {"records": [], "dtypes": {f"c{n}": "int64" for n in range(10**5)}}}}, "limit.dtypes_bytes"),
        ({"inputs": {f"i{number}": {"records": []} for number in range(17)}}, "limit.inputs"),
        ({"inputs": {"df": {"records": [{"a": "x" * (5 * _MIB)}]}}}, "limit.envelope_bytes"),
    ],
)
def test_a_hostile_envelope(service: Service, change: dict[str, Any], code: str) -> None:
    """Contract: Limits: steps, expressions, labels, inputs and the envelope have codes of their own."""
    body = {"pipeline": [], "inputs": {"df": {"records": [{"a": 1}]}}} | change
    answer = service.client.post("/v1/jobs", content=json.dumps(body), headers={"content-type": JSON})
    assert service.ending(answer) == code


def test_and_then_it_still_works(service: Service) -> None:
    """Contract: Limits: after every hostile input the service works as before."""
    assert service.code(b"a,b\n1,2\n", CSV) == "succeeded"
