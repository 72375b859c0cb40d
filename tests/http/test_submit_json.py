"""POST /v1/jobs with the envelope: what is accepted, what is refused, and where the problem points."""

import gzip
import json
from collections.abc import Callable

import httpx
import pytest

from config import Settings
from jobs.errors import InputGone, QueueFull, StoreFull, StoreUnavailable
from jobs.state import JobState
from tests.http.conftest import serving
from tests.http.fake import FakeQueue

RECORDS = [{"region": "N", "amount": 120.5}]
STEP = {"op": "query", "expr": "amount > 100"}
GOOD = {"pipeline": [STEP], "inputs": {"orders": {"records": RECORDS}}}


async def test_a_submission_is_accepted(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    answer = await api.post("/v1/jobs", json=GOOD)
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}" == job["links"]["self"]
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["retry-after"] == "1"
    assert job["state"] == "queued"
    assert job["progress"] == {"step": 0, "steps": 1, "fraction": 0.0}
    assert job["inputs"]["orders"]["column_count"] is None
    assert set(job) == {
        *(
            "id",
            "state",
            "version",
            "attempt",
            "rerun_of",
            "group",
            "pipeline",
            "inputs",
            "progress",
            "result",
            "error",
        ),
        *("warnings", "labels", "timing", "created_at", "started_at", "finished_at", "cancel_requested_at"),
        *("trace_id", "links"),
    }


async def test_inline_tables_are_kept_as_they_were_sent(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    raw = '[ {"a": 12345678901234567890.10, "a": 1} ]'
    body = f'{{"pipeline": [], "inputs": {{"x": {{"records": {raw}, "dtypes": {{"a": "str"}}}}}}}}'
    answer = await api.post("/v1/jobs", content=body, headers={"content-type": "application/json; charset=UTF-8"})
    (source,) = queue.jobs[answer.json()["id"]].spec.inputs.values()
    assert queue.blobs[source.payload.blob] == raw.encode()
    assert (source.payload.media_type, source.payload.orient) == ("application/json", "records")
    assert source.dtypes == {"a": "str"}


async def test_columns_and_frames_are_sources(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    made = await api.post("/v1/frames", content="a\n1\n", headers={"content-type": "text/csv"})
    inputs = {"x": {"columns": {"a": [1]}}, "y": {"frame": made.json()["id"]}}
    pipeline = [{"op": "concat", "from": "x", "frames": ["y"]}]
    answer = await api.post("/v1/jobs", json={"pipeline": pipeline, "inputs": inputs})
    assert answer.status_code == 202, answer.text
    spec = queue.jobs[answer.json()["id"]].spec
    assert spec.inputs["x"].payload.orient == "columns"
    assert spec.inputs["y"].frame == made.json()["id"]


async def test_fields_have_the_settings_defaults(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    plain = queue.jobs[(await api.post("/v1/jobs", json=GOOD)).json()["id"]].spec
    assert (plain.timeout_s, plain.max_attempts, plain.delay_s, plain.result_ttl_s) == (300, 3, 0, 86_400)
    asked = {"timeout_s": 1.5, "max_attempts": 1, "delay_s": 2, "result_ttl_s": 1, "labels": {"team": "x"}}
    spec = queue.jobs[(await api.post("/v1/jobs", json=GOOD | asked)).json()["id"]].spec
    assert {name: getattr(spec, name) for name in asked} == asked


@pytest.mark.parametrize(
    ("change", "code", "pointer", "words"),
    [
        ({"pipelin": []}, "spec.field_unknown", "/pipelin", "did you mean 'pipeline'"),
        ({"webhook": {"url": "https://x"}}, "webhook.refused", "/webhook", "no secret"),
        ({"a/b~c": 1}, "spec.field_unknown", "/a~1b~0c", "unknown field"),
        ({"timeout_s": "5"}, "spec.invalid", "/timeout_s", "expected a number or null, got a string"),
        ({"timeout_s": 0}, "spec.invalid", "/timeout_s", "jobs.max_timeout_s"),
        ({"timeout_s": 1e9}, "spec.invalid", "/timeout_s", "86,400"),
        ({"max_attempts": 0}, "spec.invalid", "/max_attempts", "from 1"),
        ({"max_attempts": 1.5}, "spec.invalid", "/max_attempts", "integer"),
        ({"result_ttl_s": 0}, "spec.invalid", "/result_ttl_s", "from 1"),
        ({"delay_s": -1}, "spec.invalid", "/delay_s", "from 0"),
        ({"max_rejects": -1}, "spec.invalid", "/max_rejects", "from 0"),
        ({"on_row_error": "skip"}, "spec.invalid", "/on_row_error", "'fail', 'reject'"),
        ({"labels": {"team": 1}}, "spec.invalid", "/labels", "a string"),
        ({"labels": {"k": "v" * 300}}, "spec.invalid", "/labels/k", "256"),
        ({"labels": {f"k{n}": "" for n in range(33)}}, "limit.labels", "/labels", "33"),
        ({"pipeline": {}}, "spec.invalid", "/pipeline", "expected an array, got an object"),
        ({"pipeline": [1]}, "spec.invalid", "/pipeline/0", "expected an object"),
        ({"pipeline": [STEP] * 6}, "limit.steps", "/pipeline", "limits.steps"),
        ({"pipeline": [{"op": "quary"}]}, "pipeline.op_unknown", "/pipeline/0/op", "did you mean 'query'"),
        ({"inputs": []}, "spec.invalid", "/inputs", "expected an object"),
        ({"inputs": {}}, "input.missing", "/inputs", "no input"),
        ({"inputs": {"x": 1}}, "spec.invalid", "/inputs/x", "expected an object"),
        ({"inputs": {"x": {}}}, "spec.invalid", "/inputs/x", "none of them"),
        ({"inputs": {"x": {"records": [], "frame": "frm_1"}}}, "spec.invalid", "/inputs/x", "records and frame"),
        ({"inputs": {"x": {"records": {}}}}, "spec.invalid", "/inputs/x/records", "an array of objects"),
        ({"inputs": {"x": {"columns": []}}}, "spec.invalid", "/inputs/x/columns", "an object of arrays"),
        ({"inputs": {"x": {"record": []}}}, "spec.field_unknown", "/inputs/x/record", "did you mean 'records'"),
        ({"inputs": {"x": {"job": "job_1"}}}, "input.unknown", "/inputs/x/job", "job_1"),
        ({"inputs": {"x": {"job": 3}}}, "spec.invalid", "/inputs/x/job", "a string"),
        ({"inputs": {"x": {"records": [], "dtypes": {"a": 1}}}}, "spec.invalid", "/inputs/x/dtypes", "a string"),
        ({"inputs": {"x": {"frame": "frm_no"}}}, "input.unknown", "/inputs/x/frame", "frm_no"),
        ({"inputs": {"x": {"frame": 3}}}, "spec.invalid", "/inputs/x/frame", "a string"),
        ({"inputs": {f"i{n}": {"records": []} for n in range(4)}}, "limit.inputs", "/inputs", "limits.inputs"),
        ({"inputs": {"": {"records": []}}}, "spec.invalid", "/inputs/", "1 to 128"),
    ],
)
async def test_what_is_wrong_is_pointed_at(
    api: httpx.AsyncClient, queue: FakeQueue, change: dict[str, object], code: str, pointer: str, words: str
) -> None:
    answer = await api.post("/v1/jobs", json=GOOD | change)
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["errors"][0]["pointer"]) == (code, pointer)
    assert words in problem["detail"]
    assert not queue.jobs
    assert not queue.blobs


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b'{"pipeline": [\n  }', "line 2, column 3"),
        (b'{"pipeline": []', "ends too early: line 1, column 16"),
        (b"\xef\xbb\xbf{}", "line 1, column 1"),
        (b'{"pipeline": [{"op": "\xff"}]}', "not UTF-8"),
        (b'{"pipeline": [{"n": NaN}]}', "line 1, column"),
        (b'{"pipeline": []} x', "trailing characters at line 1"),
        (b'{"pipeline": [], "inputs": {"a": {"records": [01]}}}', "line 1"),
        (b'{"pipeline": [], "inputs": {"a": 1}, x', "line 1, column 38"),
        (b'{"pipeline": [], "inputs": {"a": 1, "a": {"frame": "\xff"}}}', "not UTF-8"),
    ],
)
async def test_malformed_json_is_400_with_its_place(api: httpx.AsyncClient, body: bytes, words: str) -> None:
    answer = await api.post("/v1/jobs", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "json.malformed")
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"12", b"{}", b'{"inputs": {"a": 1}, "inputs": 5}'])
async def test_json_that_is_no_envelope_is_422(api: httpx.AsyncClient, body: bytes) -> None:
    answer = await api.post("/v1/jobs", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "spec.invalid")


@pytest.mark.parametrize("where", ["pipeline", "records"])
async def test_deep_nesting_is_refused(api: httpx.AsyncClient, where: str) -> None:
    deep = "[" * 9_000 + "]" * 9_000
    body = f'{{"pipeline": [{{"op": "head", "n": {deep}}}], "inputs": {{"x": {{"records": []}}}}}}'
    if where == "records":
        body = f'{{"pipeline": [], "inputs": {{"x": {{"records": {deep}}}}}}}'
    answer = await api.post("/v1/jobs", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "limit.json_depth")
    shallow = json.dumps(GOOD | {"pipeline": [{"op": "head", "n": json.loads("[" * 70 + "]" * 70)}]})
    answer = await api.post("/v1/jobs", content=shallow, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "limit.json_depth")


@pytest.mark.parametrize(
    ("headers", "status", "code", "answered"),
    [
        ({"content-type": "text/plain"}, 415, "format.unsupported", "accept-post"),
        ({"content-type": ""}, 415, "format.unsupported", "accept-post"),
        ({"content-type": "application/json; charset=latin-1"}, 415, "format.unsupported", "accept-post"),
        (
            {"content-type": "application/json", "content-encoding": "br"},
            415,
            "format.encoding_unsupported",
            "accept-encoding",
        ),
        ({"content-type": "application/json", "accept": "image/png"}, 406, "format.not_acceptable", ""),
        ({"content-type": "application/json", "accept": "text/csv;q=2"}, 400, "header.malformed", ""),
    ],
)
async def test_headers_that_cannot_be_met(
    api: httpx.AsyncClient, queue: FakeQueue, headers: dict[str, str], status: int, code: str, answered: str
) -> None:
    answer = await api.post("/v1/jobs", content=json.dumps(GOOD), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not answered or answer.headers[answered]
    assert not queue.blobs


async def test_unknown_query_parameters_are_refused(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/jobs?validate=true", json=GOOD)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/validate")


async def test_a_compressed_envelope_is_bounded_once_unpacked(api: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = await api.post("/v1/jobs", content=gzip.compress(json.dumps(GOOD).encode()), headers=headers)
    assert answer.status_code == 202
    bomb = gzip.compress(b" " * 50_000_000)[:]
    answer = await api.post("/v1/jobs", content=bomb[:19_000] if len(bomb) > 20_000 else bomb, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "limit.envelope_bytes")
    answer = await api.post("/v1/jobs", content=b"no gzip", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "input.malformed")


async def test_a_large_envelope_is_refused_by_its_length_before_it_is_read(api: httpx.AsyncClient) -> None:
    async def body() -> object:
        raise AssertionError("the body was read")
        yield b""

    headers = {"content-type": "application/json", "content-length": "20001"}
    answer = await api.post("/v1/jobs", content=body(), headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (413, "limit.envelope_bytes")
    assert "limits.envelope_bytes" in answer.json()["detail"]


async def test_a_large_envelope_without_length_is_refused_while_it_streams(api: httpx.AsyncClient) -> None:
    async def body() -> object:
        for _ in range(100):
            yield b" " * 1_000

    answer = await api.post("/v1/jobs", content=body(), headers={"content-type": "application/json"})  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (413, "limit.envelope_bytes")


@pytest.mark.parametrize("error", [StoreUnavailable("connection refused"), StoreFull(), QueueFull(7)])
async def test_a_store_that_refuses_is_503(api: httpx.AsyncClient, queue: FakeQueue, error: Exception) -> None:
    queue.fails = error
    answer = await api.post("/v1/jobs", json=GOOD)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["retryable"] is True
    if not isinstance(error, StoreUnavailable):  # of that one nobody knows whether the submit was done
        assert not queue.blobs


async def test_inputs_that_are_gone_take_the_others_with_them(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    queue.fails = InputGone("the stored bytes are gone")
    answer = await api.post("/v1/jobs", json=GOOD)
    assert (answer.status_code, answer.json()["code"], queue.blobs) == (410, "input.gone", {})


async def test_prefer_wait_answers_with_the_end(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    queue.ends_with = queue.failed()
    answer = await api.post("/v1/jobs", json=GOOD, headers={"prefer": "respond-async, wait=9"})
    job = answer.json()
    assert (answer.status_code, queue.waits, answer.headers["preference-applied"]) == (200, [9], "wait=9")
    assert "retry-after" not in answer.headers
    assert (job["state"], job["error"]["status"], job["error"]["instance"]) == ("failed", 424, f"/v1/jobs/{job['id']}")


@pytest.mark.parametrize(
    ("prefer", "applied", "waited"),
    [
        ("wait=9999", "wait=50", 50),
        ("wait=abc", None, 0),
        ("wait=-1", None, 0),
        ("wait=0", "wait=0", 0),
        ('wait="3"', "wait=3", 3),
    ],
)
async def test_prefer_wait_is_capped_and_nonsense_ignored(
    api: httpx.AsyncClient, queue: FakeQueue, prefer: str, applied: str | None, waited: float
) -> None:
    answer = await api.post("/v1/jobs", json=GOOD, headers={"prefer": prefer})
    assert (answer.status_code, answer.headers.get("preference-applied"), queue.waits) == (202, applied, [waited])


async def test_a_wait_that_runs_out_is_202_with_the_job_whatever_was_accepted(
    api: httpx.AsyncClient, queue: FakeQueue
) -> None:
    answer = await api.post("/v1/jobs", json=GOOD, headers={"prefer": "wait=1", "accept": "text/csv"})
    assert (answer.status_code, answer.json()["state"]) == (202, JobState.QUEUED)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"pipeline": [], "pipeline": [{"op": "head"}], "inputs": {"df": {"records": []}}}', ""),
        ('{"pipeline": [], "inputs": {"df": {"records": []}, "df": {"records": [{"a": 1}]}}}', "/inputs"),
        ('{"pipeline": [], "inputs": {"df": {"records": [], "records": [{"a": 1}]}}}', "/inputs/df"),
        ('{"pipeline": [{"op": "head", "n": 1, "n": 2}], "inputs": {"df": {"records": []}}}', "/pipeline"),
        ('{"pipeline": [], "inputs": {"df": {"records": []}}, "labels": {"a": "1", "a": "2"}}', "/labels"),
    ],
)
async def test_a_key_that_is_given_twice_is_refused(api: httpx.AsyncClient, body: str, pointer: str) -> None:
    """Contract: 400 for bad JSON: a key that is given twice."""
    answer = await api.post("/v1/jobs", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "json.malformed"), answer.text
    assert "given twice" in answer.json()["detail"]
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_expressions_are_bounded_by_settings(settings: Callable[..., Settings], queue: FakeQueue) -> None:
    """Contract: limits, each a setting: the length and depth of an expression."""
    small = settings(limits={"expression_chars": 20, "expression_depth": 4})
    async with serving(small, queue) as api:
        for expr, status in (("a > 1", 202), ("a > " + "1" * 30, 422), ("((((((a))))))", 422)):
            for step in ({"op": "query", "expr": expr}, {"op": "groupby", "by": "a", "agg": {"x": [expr, "sum"]}}):
                body = {"pipeline": [step], "inputs": {"df": {"columns": {"a": [1]}}}}
                answer = await api.post("/v1/jobs", json=body)
                assert answer.status_code == status, answer.text
                assert status == 202 or answer.json()["code"] == "expression.too_large"
