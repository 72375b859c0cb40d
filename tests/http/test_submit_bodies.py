"""POST /v1/jobs with the other two bodies: multipart, and the frame itself."""

import asyncio
import gzip
import itertools
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Settings
from service.app import create_app
from service.errors import MultipartMalformed
from service.intake.multipart import PartBegin, PartData, PartEnd, events
from tests.http.fake import FakeQueue

PIPELINE = [{"op": "head", "n": 1}]
CSV = "a,b\n1,2\n"
RAW = {"params": {"pipeline": json.dumps(PIPELINE)}, "content": CSV, "headers": {"content-type": "text/csv"}}


def multipart(*parts: tuple[str, str, str], boundary: str = "xx") -> dict[str, Any]:
    """A multipart request: (name and other parameters, headers, body) each."""
    body = "".join(
        f"--{boundary}\r\ncontent-disposition: form-data; name={name}\r\n{headers}\r\n{content}\r\n"
        for name, headers, content in parts
    )
    return {
        "content": f"{body}--{boundary}--\r\n",
        "headers": {"content-type": f"multipart/form-data; boundary={boundary}"},
    }


JOB = ("job", "content-type: application/json\r\n", json.dumps({"pipeline": PIPELINE}))


async def test_a_part_per_input_in_any_order(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    parts = [("orders", "content-type: text/csv; charset=latin-1\r\n", CSV), JOB]
    for ordered in (parts, parts[::-1]):
        answer = await api.post("/v1/jobs", **multipart(*ordered))
        assert answer.status_code == 202, answer.text
        source = queue.jobs[answer.json()["id"]].spec.inputs["orders"].payload
        assert (source.media_type, source.charset, queue.blobs[source.blob]) == ("text/csv", "latin-1", CSV.encode())


async def test_a_file_name_tells_the_format_where_the_part_does_not(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    job = json.dumps({"pipeline": PIPELINE, "inputs": {"x": {"dtypes": {"a": "str"}}}})
    files = {"job": (None, job), "x": ("DATA.CSV.gz", gzip.compress(CSV.encode()), "application/octet-stream")}
    answer = await api.post("/v1/jobs", files=files)
    assert answer.status_code == 202, answer.text
    source = queue.jobs[answer.json()["id"]].spec.inputs["x"]
    assert (source.payload.media_type, source.payload.encoding, source.dtypes) == ("text/csv", "gzip", {"a": "str"})


@pytest.mark.parametrize(
    ("parts", "status", "code", "pointer"),
    [
        ([("x", "content-type: text/csv\r\n", CSV)], 422, "spec.invalid", ""),
        ([JOB, JOB], 422, "spec.invalid", ""),
        ([JOB], 422, "input.missing", "/inputs"),
        ([JOB, ("x", "content-type: text/csv\r\n", "")], 422, "input.empty", "/inputs/x"),
        ([JOB, ("x", "content-type: image/png\r\n", CSV)], 415, "format.unsupported", "/inputs/x"),
        ([JOB, ("x", "", CSV)], 415, "format.unsupported", "/inputs/x"),
        ([("x", "content-type: text/csv\r\n", CSV)] * 2 + [JOB], 422, "spec.invalid", "/inputs/x"),
        ([(f"x{n}", "content-type: text/csv\r\n", CSV) for n in range(4)], 422, "limit.inputs", "/inputs"),
        ([("job", "", '{"pipelin": []}')], 422, "spec.field_unknown", "/pipelin"),
        ([("job", "", "{")], 400, "json.malformed", ""),
        ([("job", "", " " * 20_001)], 413, "limit.envelope_bytes", None),
        (
            [
                ("job", "", '{"pipeline": [], "inputs": {"x": {"records": []}}}'),
                ("x", "content-type: text/csv\r\n", CSV),
            ],
            422,
            "spec.invalid",
            "/inputs/x",
        ),
        (
            [("x", "content-type: text/csv\r\n", CSV), ("job", "", '{"pipeline": [{"op": "no"}]}')],
            422,
            None,
            "/pipeline/0/op",
        ),
    ],
)
async def test_what_is_wrong_with_parts(
    api: httpx.AsyncClient,
    queue: FakeQueue,
    parts: list[tuple[str, str, str]],
    status: int,
    code: str | None,
    pointer: str | None,
) -> None:
    answer = await api.post("/v1/jobs", **multipart(*parts))
    problem = answer.json()
    assert answer.status_code == status, problem
    assert code in (None, problem["code"])
    assert pointer is None or problem["errors"][0]["pointer"] == pointer
    assert (queue.blobs, queue.open_uploads) == ({}, 0)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        ("", "multipart/form-data; boundary=xx"),
        ("--xx\r\n", "multipart/form-data; boundary=xx"),
        (
            "--xx\r\ncontent-disposition: form-data; name=x\r\ncontent-type: text/csv\r\n\r\na,b\n1",
            "multipart/form-data; boundary=xx",
        ),
        ("--xx\r\nno header\r\n\r\n--xx--", "multipart/form-data; boundary=xx"),
        ("--xx\r\ncontent-type: text/csv\r\n\r\n1\r\n--xx--", "multipart/form-data; boundary=xx"),
        ("--xx--", "multipart/form-data"),
        ("--xx--", f"multipart/form-data; boundary={'x' * 71}"),
        (f"--xx\r\nx: {'y' * 20_000}\r\n\r\n1\r\n--xx--", "multipart/form-data; boundary=xx"),
    ],
)
async def test_a_broken_multipart_body_is_400(
    api: httpx.AsyncClient, queue: FakeQueue, content: str, content_type: str
) -> None:
    answer = await api.post("/v1/jobs", content=content, headers={"content-type": content_type})
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] in ("multipart.malformed", "header.malformed")
    assert (queue.blobs, queue.open_uploads) == ({}, 0)


async def parsed(pieces: list[bytes]) -> list[tuple[str, bytes]]:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    parts: list[tuple[str, bytes]] = []
    async for event in events(body(), b"xx"):
        if isinstance(event, PartBegin):
            parts.append((event.name, b""))
        elif isinstance(event, PartData):
            parts[-1] = (parts[-1][0], parts[-1][1] + event.data)
        else:
            assert isinstance(event, PartEnd)
    return parts


@given(
    contents=st.lists(st.binary(max_size=60).filter(lambda data: b"--xx" not in data), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
async def test_how_a_body_is_cut_into_pieces_changes_nothing(contents: list[bytes], cuts: list[int]) -> None:
    body = b""
    for number, content in enumerate(contents):
        head = f'--xx\r\nContent-Disposition: form-data; name="p{number}"\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    body += b"--xx--\r\n"
    edges = sorted({0, *(cut for cut in cuts if cut < len(body)), len(body)})
    pieces = [body[start:end] for start, end in itertools.pairwise(edges)]
    assert await parsed(pieces) == [(f"p{number}", content) for number, content in enumerate(contents)]


@given(st.binary(max_size=200))
async def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    try:
        await parsed([b"--xx\r\n" + body])
    except MultipartMalformed:
        return


async def test_the_frame_itself_is_the_body(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    query = {**RAW["params"], "timeout_s": "2", "label.team": "a b", "dtypes": '{"a": "str"}', "result_ttl_s": "9"}
    headers = {"content-type": "Text/CSV; charset=latin-1", "content-encoding": "GZIP"}
    answer = await api.post("/v1/jobs", params=query, content=b"xyz", headers=headers)
    assert answer.status_code == 202, answer.text
    spec = queue.jobs[answer.json()["id"]].spec
    payload = spec.inputs["df"].payload
    assert (payload.media_type, payload.charset, payload.encoding) == ("text/csv", "latin-1", "gzip")
    assert queue.blobs[payload.blob] == b"xyz", "decompressing is the worker's"
    assert (spec.timeout_s, spec.result_ttl_s, spec.labels, spec.pipeline) == (2, 9, {"team": "a b"}, PIPELINE)
    assert spec.inputs["df"].dtypes == {"a": "str"}


async def test_a_json_body_is_the_frame_where_the_query_has_the_pipeline(
    api: httpx.AsyncClient, queue: FakeQueue
) -> None:
    headers = {"content-type": "application/json; orient=columns"}
    answer = await api.post("/v1/jobs?pipeline=[]", content='{"pipeline": [1]}', headers=headers)
    payload = queue.jobs[answer.json()["id"]].spec.inputs["df"].payload
    assert (payload.media_type, payload.orient) == ("application/json", "columns")


@pytest.mark.parametrize(
    ("query", "status", "code", "pointer"),
    [
        ("pipeline=[", 400, "json.malformed", "/pipeline"),
        ("pipeline={}", 422, "spec.invalid", "/pipeline"),
        ('pipeline=[{"op":"quary"}]', 422, "pipeline.op_unknown", "/pipeline/0/op"),
        ("pipeline=[]&timeout=1", 422, "spec.field_unknown", "/timeout"),
        ("pipeline=[]&inputs={}", 422, "spec.field_unknown", "/inputs"),
        ("pipeline=[]&timeout_s=soon", 422, "spec.invalid", "/timeout_s"),
        ("pipeline=[]&timeout_s=NaN", 422, "spec.invalid", "/timeout_s"),
        ("pipeline=[]&timeout_s=1e999", 422, "spec.invalid", "/timeout_s"),
        ("pipeline=[]&timeout_s=true", 422, "spec.invalid", "/timeout_s"),
        ("pipeline=[]&max_attempts=1.5", 422, "spec.invalid", "/max_attempts"),
        ("pipeline=[]&timeout_s=1&timeout_s=2", 422, "spec.invalid", "/timeout_s"),
        ("pipeline=[]&label.a=1&label.a=2", 422, "spec.invalid", "/label.a"),
        ("pipeline=[]&dtypes=[]", 422, "spec.invalid", "/dtypes"),
        ('pipeline=[]&dtypes={"a":1}', 422, "spec.invalid", "/dtypes"),
        ("pipeline=[]&on_row_error=skip", 422, "spec.invalid", "/on_row_error"),
    ],
)
async def test_a_wrong_query_is_refused_before_the_body_is_read(
    api: httpx.AsyncClient, query: str, status: int, code: str, pointer: str
) -> None:
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    answer = await api.post(f"/v1/jobs?{query}", content=body(), headers={"content-type": "text/csv"})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["errors"][0]["pointer"]) == (status, code, pointer)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"content": b""}, 422, "input.empty"),
        ({"headers": {"content-type": "application/x-www-form-urlencoded"}}, 415, "format.unsupported"),
        ({"headers": {"content-type": "multipart/form-data; boundary=x"}}, 415, "format.unsupported"),
        ({"headers": {"content-type": "text/csv", "content-encoding": "deflate"}}, 415, "format.encoding_unsupported"),
        ({"headers": {"content-type": "application/json; orient=table"}}, 422, "spec.invalid"),
        ({"headers": {"content-type": "text/csv", "accept": "audio/*"}}, 406, "format.not_acceptable"),
        ({"content": b"x" * 200_001}, 413, "limit.body_bytes"),
    ],
)
async def test_a_frame_that_cannot_be_taken(
    api: httpx.AsyncClient, queue: FakeQueue, change: dict[str, Any], status: int, code: str
) -> None:
    answer = await api.post("/v1/jobs", **RAW | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (queue.blobs, queue.open_uploads, queue.jobs) == ({}, 0, {})


async def test_a_body_streams_through_in_its_own_pieces(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"1,2\n" * 250

    answer = await api.post("/v1/jobs", **RAW | {"content": body()})
    assert (answer.status_code, queue.largest_write) == (202, 1_000)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 50_000

    answer = await api.post("/v1/jobs", **RAW | {"content": endless()})
    assert (answer.status_code, answer.json()["code"]) == (413, "limit.body_bytes")
    assert queue.open_uploads == 0


@pytest.mark.parametrize("content_type", ["text/csv", "multipart/form-data; boundary=xx"])
async def test_a_client_that_leaves_in_the_middle_leaves_nothing(
    settings: Callable[..., Settings], queue: FakeQueue, content_type: str
) -> None:
    part = b"--xx\r\ncontent-disposition: form-data; name=x\r\ncontent-type: text/csv\r\n\r\na,b\n" + b"1,2\n" * 99
    messages = [{"type": "http.request", "body": part, "more_body": True}, {"type": "http.disconnect"}]
    app = create_app(settings(), queue)  # type: ignore[arg-type]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    async with app.router.lifespan_context(app) as state:
        scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": "/v1/jobs",
            "root_path": "",
            "scheme": "http",
            "query_string": b"pipeline=[]" if content_type == "text/csv" else b"",
            "headers": [(b"content-type", content_type.encode())],
            "state": dict(state or {}),
        }
        await app(scope, receive, send)
    assert (sent, queue.blobs, queue.open_uploads, queue.jobs) == ([], {}, 0, {})


async def test_a_body_that_stops_coming_is_408_and_keeps_nothing(
    api: httpx.AsyncClient, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.intake.uploads.BODY_IDLE_S", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b"a\n1\n"
        await asyncio.sleep(5)

    answer = await api.post("/v1/jobs", params={"pipeline": "[]"}, content=slow(), headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (408, "request.timeout")
    assert (queue.blobs, queue.jobs) == ({}, {})


@pytest.mark.parametrize("field", ["max_attempts", "result_ttl_s", "max_rejects", "timeout_s", "delay_s"])
async def test_numbers_that_no_float_can_hold_are_refused(api: httpx.AsyncClient, field: str) -> None:
    body = (
        json.dumps({"pipeline": [], "inputs": {"df": {"records": [{"a": 1}]}}})[:-1] + f', "{field}": 1{"0" * 5_000}}}'
    )
    answer = await api.post("/v1/jobs", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "spec.invalid")


@pytest.mark.parametrize("charset", ["nope", "punycode", "utf-7"])
async def test_a_charset_that_is_none_is_415_before_anything_is_stored(
    api: httpx.AsyncClient, queue: FakeQueue, charset: str
) -> None:
    headers = {"content-type": f"text/csv; charset={charset}"}
    answer = await api.post("/v1/jobs", params={"pipeline": "[]"}, content="a\n1\n", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "format.unsupported")
    assert (queue.blobs, queue.jobs) == ({}, {})
