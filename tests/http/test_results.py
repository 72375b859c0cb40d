"""Jobs and results on their way out: negotiation, caching, streaming, failures."""

import gzip
import io
import json
from collections.abc import Callable

import httpx
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from starlette.datastructures import Headers

from config import Settings
from jobs.codecs.table import CODECS
from jobs.errors import FidelityLost
from jobs.model import LogRecord, Warn
from jobs.state import JobState
from service.answers import warning_header
from service.negotiation import choose, encoding, ranges
from tests.http.conftest import serving
from tests.http.fake import FakeQueue, a_spec, running

TABLE = pa.table({"a": [1, 2, 3], "b": ["x", None, "ü"]})
RECORDS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}, {"a": 3, "b": "ü"}]
URL = "/v1/jobs/{}/result"


async def test_a_job_that_lives(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    job = running(queue.add(a_spec()))
    queue.jobs[job.id] = job
    answer = await api.get(f"/v1/jobs/{job.id}", headers={"prefer": "wait=3"})
    assert (answer.status_code, queue.waits) == (200, [3])
    assert answer.json()["progress"] == {"step": 1, "steps": 2, "fraction": 0.5}
    assert answer.headers["retry-after"]
    again = await api.get(f"/v1/jobs/{job.id}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    result = await api.get(URL.format(job.id))
    assert (result.status_code, result.json()["code"]) == (409, "job.not_ready")
    assert result.headers["retry-after"]


async def test_a_job_that_succeeded(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    job = queue.succeeded(TABLE)
    body = (await api.get(f"/v1/jobs/{job.id}")).json()
    assert (body["state"], body["progress"]["fraction"], body["error"]) == ("succeeded", 1.0, None)
    assert body["result"]["preview"] == {"records": [{"a": 1}], "complete": True}
    assert body["result"]["columns"][0] == {"name": "a", "dtype": "int64", "nullable": True}
    assert body["result"]["available"] is True
    assert body["created_at"].endswith("Z")
    queue.jobs[job.id] = job.changed(expires_ms=1)
    expired = (await api.get(f"/v1/jobs/{job.id}")).json()["result"]
    assert (expired["available"], expired["expires_at"]) == (False, "1970-01-01T00:00:00.001Z")
    assert expired["preview"] == {"records": [], "complete": False}
    del queue.results[job.id]
    gone = await api.get(URL.format(job.id))
    assert (gone.status_code, gone.json()["code"]) == (410, "result.expired")


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELED])
async def test_a_job_that_has_no_result_is_424(api: httpx.AsyncClient, queue: FakeQueue, state: JobState) -> None:
    job = queue.failed()
    if state is JobState.CANCELED:
        job = queue.jobs[job.id] = job.changed(state=state, outcome=None)
    answer = await api.get(URL.format(job.id), headers={"accept": "text/csv"})
    shown = (await api.get(f"/v1/jobs/{job.id}")).json()["error"]
    assert answer.status_code == 424
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == shown
    assert shown["code"] == ("transform.failed" if state is JobState.FAILED else "job.canceled")
    assert (shown["trace_id"], shown["instance"]) == ("1" * 32, f"/v1/jobs/{job.id}")


async def test_tracebacks_need_the_scope(
    settings: Callable[..., Settings], api: httpx.AsyncClient, queue: FakeQueue
) -> None:
    job = queue.failed()
    (attempt,) = (await api.get(f"/v1/jobs/{job.id}/report")).json()["attempts"]
    assert (attempt["traceback"], attempt["shape"], attempt["error"]["status"]) == ("Trace...", [2, 1], 424)


@pytest.mark.parametrize(
    ("state", "status", "then"),
    [
        (JobState.WAITING, 200, "canceled"),
        (JobState.QUEUED, 200, "canceled"),
        (JobState.RUNNING, 202, "running"),
        (JobState.CANCELED, 200, "canceled"),
    ],
)
async def test_a_cancel_ends_a_job_or_is_noted(
    api: httpx.AsyncClient, queue: FakeQueue, state: JobState, status: int, then: str
) -> None:
    job = queue.add(a_spec(), state=state)
    answer = await api.post(f"/v1/jobs/{job.id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (status, then)
    assert ("retry-after" in answer.headers) == (status == 202)
    if state is not JobState.CANCELED:
        assert answer.json()["cancel_requested_at"] is not None
    assert (await api.post(f"/v1/jobs/{job.id}/cancel")).status_code == status


async def test_a_job_that_ended_is_not_canceled(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    job = queue.failed()
    answer = await api.post(f"/v1/jobs/{job.id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "failed")
    assert answer.json()["cancel_requested_at"] is None
    assert (await api.post("/v1/jobs/job_unknown/cancel")).status_code == 404


async def test_what_a_job_said_comes_as_json_lines(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    job = queue.add(a_spec())
    assert (await api.get(f"/v1/jobs/{job.id}/logs")).content == b""
    said = {"attempt": 1, "step": 2, "level": "info", "source": "print"}
    queue.said[job.id] = tuple(LogRecord(at_ms=1_000 * n, message=f"line {n}\n", **said) for n in range(2))
    answer = await api.get(f"/v1/jobs/{job.id}/logs")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == [
        {"at": f"1970-01-01T00:00:0{n}.000Z", "message": f"line {n}\n", **said} for n in range(2)
    ]


@pytest.mark.parametrize("path", ["", "/result", "/report", "/logs"])
@pytest.mark.parametrize(
    "job_id", ["job_unknown", "job_", "x", "%0d%0aset-cookie:a", "job_" + "x" * 5_000, "job_%F0%9F%98%80"]
)
async def test_an_unknown_job_is_404(api: httpx.AsyncClient, path: str, job_id: str) -> None:
    answer = await api.get(f"/v1/jobs/{job_id}{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json;q=0.5, text/csv", "text/csv; charset=utf-8"),
        ("text/html, */*;q=0.1", "text/html; charset=utf-8"),
        ("text/*", "text/csv; charset=utf-8"),
        ("text/*, text/csv;q=0", "text/tab-separated-values; charset=utf-8"),
        ("application/jsonl", "application/jsonl"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("APPLICATION/VND.APACHE.ARROW.STREAM;q=0.001", "application/vnd.apache.arrow.stream"),
    ],
)
async def test_accept_decides(api: httpx.AsyncClient, queue: FakeQueue, accept: str | None, content_type: str) -> None:
    job = queue.succeeded(TABLE)
    answer = await api.get(URL.format(job.id), headers={"accept": accept} if accept else {})
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert f'; filename="{job.id}.' in answer.headers["content-disposition"]


async def test_the_formats_hold_the_table(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    url = URL.format(queue.succeeded(TABLE).id)
    assert (await api.get(url)).json() == RECORDS
    assert (await api.get(f"{url}?orient=columns")).json() == {"a": [1, 2, 3], "b": ["x", None, "ü"]}
    assert (await api.get(url, headers={"accept": "application/json; orient=split"})).json()["columns"] == ["a", "b"]
    parquet = await api.get(f"{url}?format=parquet", headers={"accept": "text/csv"})
    assert pyarrow.parquet.read_table(io.BytesIO(parquet.content)).to_pylist() == RECORDS
    lines = (await api.get(f"{url}?format=ndjson")).text.splitlines()
    assert [json.loads(line) for line in lines] == RECORDS
    assert pa.ipc.open_file((await api.get(f"{url}?format=arrow-file")).content).read_all().to_pylist() == RECORDS


async def test_pages_and_columns(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    url = URL.format(queue.succeeded(TABLE).id)
    assert (await api.get(f"{url}?columns=b,a&offset=1&limit=1")).json() == [{"b": None, "a": 2}]
    assert (await api.get(f"{url}?columns=b&columns=a&limit=0")).json() == []
    unknown = await api.get(f"{url}?columns=c")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "transform.column_unknown")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("format=docx", 406, "format.not_acceptable"),
        ("orient=table", 422, "spec.invalid"),
        ("offset=-1", 422, "spec.invalid"),
        ("limit=1.5", 422, "spec.invalid"),
        ("limit=%D9%A1", 422, "spec.invalid"),
        ("limit=1&limit=2", 422, "spec.invalid"),
        ("page=1", 422, "spec.field_unknown"),
    ],
)
async def test_a_query_that_cannot_be_met(
    api: httpx.AsyncClient, queue: FakeQueue, query: str, status: int, code: str
) -> None:
    answer = await api.get(f"{URL.format(queue.succeeded(TABLE).id)}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_etags_name_the_bytes(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    url = URL.format(queue.succeeded(TABLE).id)
    tag = (await api.get(url)).headers["etag"]
    assert tag.startswith('"')
    assert (await api.get(f"{url}?format=csv")).headers["etag"] != tag
    for sent in (tag, f'"other", W/{tag}', "*"):
        answer = await api.get(url, headers={"if-none-match": sent})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert (await api.get(url, headers={"if-none-match": '"other"'})).status_code == 200


async def test_head_has_the_headers_alone(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    url = URL.format(queue.succeeded(TABLE).id)
    got, head = await api.get(f"{url}?format=csv"), await api.head(f"{url}?format=csv")
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers[name] for name in ("etag", "content-type", "vary")} == {
        name: got.headers[name] for name in ("etag", "content-type", "vary")
    }


async def test_head_tells_the_length_where_it_is_known_and_nothing_where_not(
    api: httpx.AsyncClient, queue: FakeQueue
) -> None:
    url = f"{URL.format(queue.succeeded(TABLE).id)}?format=csv"
    plain = {"accept-encoding": "identity"}
    got, head = await api.get(url, headers=plain), await api.head(url, headers=plain)
    assert int(got.headers["content-length"]) == len(got.content) > 0
    assert head.headers["content-length"] == got.headers["content-length"]
    large = f"{URL.format(queue.succeeded(pa.table({'a': range(400_000)})).id)}?format=csv"
    head = await api.head(large, headers=plain)
    assert (head.status_code, head.content, "content-length" in head.headers) == (200, b"", False)


async def test_a_wait_with_a_known_version_waits_for_another_one(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    job = queue.add(a_spec())
    url, sent = f"/v1/jobs/{job.id}", {"prefer": "wait=3", "if-none-match": '"1"'}
    same = await api.get(url, headers=sent)
    assert (same.status_code, same.headers["etag"], same.headers["preference-applied"]) == (304, '"1"', "wait=3")
    assert (queue.waits, queue.known_versions) == ([3], [1])
    queue.meanwhile = lambda job: running(job).changed(version=2)
    changed = await api.get(url, headers=sent)
    assert (changed.status_code, changed.json()["state"], changed.headers["etag"]) == (200, "running", '"2"')
    queue.waits.clear()
    assert (await api.get(url, headers=sent)).status_code == 200, "it has changed already"
    assert queue.waits == []


async def test_a_wait_for_a_job_that_has_ended_is_over_at_once(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    job = queue.failed()
    headers = {"prefer": "wait=3", "if-none-match": f'"{job.version}"'}
    assert (await api.get(f"/v1/jobs/{job.id}", headers=headers)).status_code == 304
    assert queue.waits == []


async def test_encodings(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    url = URL.format(queue.succeeded(TABLE).id)
    plain = await api.get(url, headers={"accept-encoding": "identity"})
    packed = await api.get(url, headers={"accept-encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert packed.headers["etag"] != plain.headers["etag"]
    refused = await api.get(url, headers={"accept-encoding": "identity;q=0, br"})
    assert (refused.status_code, refused.json()["code"]) == (406, "format.not_acceptable")


@pytest.mark.parametrize(
    ("header", "worthwhile", "found"),
    [
        ("gzip", True, "gzip"),
        ("gzip, zstd", True, "zstd"),
        ("gzip, zstd;q=0.5", True, "gzip"),
        ("*", True, "zstd"),
        ("gzip;q=0.2, identity;q=0.9", True, None),
        ("gzip;q=0", True, None),
        ("", True, None),
        ("gzip", False, None),
        ("gzip, identity;q=0", False, "gzip"),
        ("gzip, *;q=0", False, "gzip"),
    ],
)
def test_the_encoding_that_the_caller_likes_best(header: str, worthwhile: bool, found: str | None) -> None:
    assert encoding(Headers({"accept-encoding": header}), worthwhile=worthwhile) == found


def test_a_quoted_comma_does_not_part_an_entry() -> None:
    assert choose(ranges('application/json;x="a,text/csv", text/csv;q=0.1'), CODECS).codec.name == "json"
    assert len(ranges(',"' * 30_000)) > 0, "and hostile headers take no time"


async def test_a_large_result_streams_whole(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    table = pa.table({"a": [n * n for n in range(1_000_000)]})
    url = URL.format(queue.succeeded(table).id)
    async with api.stream("GET", f"{url}?format=csv", headers={"accept-encoding": "gzip"}) as answer:
        assert "content-length" not in answer.headers
        body = b"".join([piece async for piece in answer.aiter_raw()])
    assert pyarrow.csv.read_csv(io.BytesIO(gzip.decompress(body))).equals(table)


async def test_a_frame_is_the_answer_to_a_submit_that_waits_for_one(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    queue.ends_with = queue.succeeded(TABLE)
    body = {"pipeline": [], "inputs": {"x": {"records": []}}}
    headers = {"accept": "text/csv, application/json;q=0.9", "prefer": "wait=5"}
    answer = await api.post("/v1/jobs", json=body, headers=headers)
    location = answer.headers["location"]
    assert (answer.status_code, answer.headers["content-location"]) == (200, f"{location}/result")
    assert answer.text == (await api.get(f"{location}/result?format=csv")).text
    assert answer.headers["preference-applied"] == "wait=5"
    as_job = await api.post("/v1/jobs", json=body, headers={"prefer": "wait=5", "accept": "*/*"})
    assert (as_job.status_code, as_job.json()["state"]) == (200, "succeeded")


async def test_a_frame_that_was_waited_for_and_failed_is_424(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    queue.ends_with = queue.failed()
    body = {"pipeline": [], "inputs": {"x": {"records": []}}}
    answer = await api.post("/v1/jobs", json=body, headers={"accept": "text/csv", "prefer": "wait=5"})
    assert (answer.status_code, answer.json()["code"]) == (424, "transform.failed")
    assert answer.headers["location"].startswith("/v1/jobs/job_")


async def test_a_frame_that_the_format_cannot_hold_still_tells_the_job(
    api: httpx.AsyncClient, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise FidelityLost("column 'a' cannot be in CSV")

    monkeypatch.setattr("jobs.results.Results.of_job", refuse)
    queue.ends_with = queue.succeeded(TABLE)
    body = {"pipeline": [], "inputs": {"x": {"records": []}}}
    answer = await api.post("/v1/jobs", json=body, headers={"accept": "text/csv", "prefer": "wait=5"})
    assert (answer.status_code, answer.json()["code"]) == (406, "result.not_representable")
    assert answer.headers["location"].startswith("/v1/jobs/job_")


def test_warnings_are_escaped_and_few() -> None:
    warns = tuple(Warn(code="csv.null", detail='new\r\nline "ü" \x7f', column="ü") for _ in range(25))
    value = warning_header(warns)
    assert value.isascii()
    assert value.isprintable()
    assert value.startswith('csv.null;column="\\u00fc";detail="new\\r\\nline \\"\\u00fc\\" \\u007f", ')
    assert value.endswith(", more;count=5")
    assert warning_header(()) == ""


async def test_links_have_the_public_url(settings: Callable[..., Settings], queue: FakeQueue) -> None:
    job = queue.failed()
    async with serving(settings(api={"public_url": "https://x.example/fq/"}), queue) as api:
        body = (await api.get(f"/v1/jobs/{job.id}")).json()
    assert body["links"]["result"] == f"https://x.example/fq/v1/jobs/{job.id}/result"
    assert body["error"]["type"] == "https://x.example/fq/errors#transform.failed"


async def test_an_empty_orient_is_none(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    answer = await api.get(f"/v1/jobs/{queue.succeeded(TABLE).id}/result?orient=")
    assert (answer.status_code, answer.json()["code"]) == (422, "spec.invalid")
