"""Clauses of the HTTP contract that need the real queue: with a worker, or with jobs that a test moves itself."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from config import Settings
from jobs.queue import JobQueue
from jobs.state import JobState
from service.app import create_app
from tests.http.conftest import serving
from tests.http.live import Live, living, until

CSV = {"content-type": "text/csv"}
WAIT = {"prefer": "wait=30"}
TABLE = [{"n": 1, "s": "ü"}, {"n": 2, "s": None}]
BODY = {"pipeline": [], "inputs": {"x": {"records": TABLE}}}
FORMATS = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
    "arrow-file": "application/vnd.apache.arrow.file",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
}


@pytest.fixture
async def api(settings: Callable[..., Settings], valkey: str, worker: None) -> AsyncIterator[httpx.AsyncClient]:
    """The application on the real queue, with a worker process."""
    async with serving(settings(redis={"url": valkey})) as client:
        yield client


@pytest.fixture
async def live(settings: Callable[..., Settings], valkey: str) -> AsyncIterator[Live]:
    """The application on the real queue, whose jobs the test moves."""
    async with living(settings(redis={"url": valkey})) as found:
        yield found


async def done(api: httpx.AsyncClient, body: dict[str, Any] = BODY) -> dict[str, Any]:
    """A job that has succeeded."""
    job: dict[str, Any] = (await api.post("/v1/jobs", json=body, headers=WAIT)).json()
    assert job["state"] == "succeeded", job
    return job


async def test_every_format_goes_out_and_in(api: httpx.AsyncClient) -> None:
    """Contract: every format of the table is written and read; `?format=` takes the nine names."""
    url = (await done(api))["links"]["result"]
    for name, media_type in FORMATS.items():
        answer = await api.get(url, params={"format": name})
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert (await api.get(url, headers={"accept": media_type})).content == answer.content
        sent = {"content": answer.content, "headers": {**WAIT, "content-type": media_type}}
        back = await api.post("/v1/jobs", params={"pipeline": "[]"}, **sent)
        if name == "html":
            assert (back.status_code, "accept-post" in back.headers) == (415, True)
        else:
            assert (await api.get(back.json()["links"]["result"])).json() == TABLE, name
    lines = (await api.get(url, headers={"accept": "application/jsonl"})).content
    sent = {"content": lines, "headers": {**WAIT, "content-type": "application/jsonl"}}
    back = await api.post("/v1/jobs", params={"pipeline": "[]"}, **sent)
    assert back.json()["result"]["preview"]["records"] == TABLE


async def test_a_frame_comes_in_every_readable_format(api: httpx.AsyncClient) -> None:
    """Contract: POST /v1/frames takes a raw body in any readable format and answers 201 with the Frame."""
    url = (await done(api))["links"]["result"]
    for name, media_type in FORMATS.items():
        sent = (await api.get(url, params={"format": name})).content
        made = await api.post("/v1/frames", content=sent, headers={"content-type": media_type})
        if name == "html":
            assert made.status_code == 415
            continue
        assert (made.status_code, made.json()["rows"]) == (201, 2), name
        assert re.fullmatch(r"frm_[A-Za-z0-9_-]{20,}", made.json()["id"]), "as random as a job's"
        assert (await api.get(f"{made.headers['location']}/content")).json() == TABLE, name


async def test_an_empty_pipeline_converts(api: httpx.AsyncClient) -> None:
    """Contract: an empty pipeline is allowed (it converts)."""
    headers = {**CSV, **WAIT, "accept": "application/x-ndjson"}
    answer = await api.post("/v1/jobs", params={"pipeline": "[]"}, content="a,b\n1,x\n", headers=headers)
    assert (answer.status_code, answer.text) == (200, '{"a":1,"b":"x"}\n')


async def test_csv_in_any_charset(api: httpx.AsyncClient) -> None:
    """Contract: CSV is UTF-8 (a BOM is fine), `charset=` for others."""
    text = "größe\nü\n"
    for charset, content in (
        ("", text.encode()),
        ("", b"\xef\xbb\xbf" + text.encode()),
        ("; charset=latin-1", text.encode("latin-1")),
        ("; charset=utf-16", text.encode("utf-16")),
    ):
        headers = {**WAIT, "content-type": f"text/csv{charset}", "accept": "application/x-ndjson"}
        answer = await api.post("/v1/jobs", params={"pipeline": "[]"}, content=content, headers=headers)
        assert answer.text == '{"größe":"ü"}\n', charset


async def test_an_ended_job_has_every_field(api: httpx.AsyncClient) -> None:
    """Contract: the fields of a Job, down to the last."""
    pipeline = [{"op": "head", "n": 1}]
    job = await done(api, {**BODY, "pipeline": pipeline, "labels": {"team": "x"}})
    assert job["inputs"] == {"x": {"rows": 2, "column_count": 2, "bytes": job["inputs"]["x"]["bytes"]}}
    assert job["progress"] == {"step": 1, "steps": 1, "fraction": 1.0}
    assert job["result"].keys() == {"rows", "columns", "bytes", "preview", "rejects", "expires_at", "available"}
    assert job["result"]["preview"] == {"records": TABLE[:1], "complete": True}
    assert (job["result"]["rows"], job["result"]["rejects"], job["result"]["available"]) == (1, 0, True)
    assert job["timing"].keys() == {"queued_ms", "decode_ms", "steps_ms", "encode_ms"}
    assert len(job["timing"]["steps_ms"]) == 1
    assert job["links"].keys() >= {"self", "result", "events"}
    assert (job["pipeline"], job["labels"], job["warnings"]) == (pipeline, {"team": "x"}, [])
    assert (job["rerun_of"], job["group"], job["error"], job["cancel_requested_at"]) == (None,) * 4
    assert job["created_at"] <= job["started_at"] <= job["finished_at"] < job["result"]["expires_at"]
    for link in job["links"].values():
        assert (await api.get(link, headers={"accept": "*/*"})).status_code == 200, link


async def test_columns_are_told_in_one_way_everywhere(api: httpx.AsyncClient) -> None:
    """Contract: `columns` is everywhere a list of `{"name", "dtype", "nullable"}`."""
    frame = (await api.post("/v1/frames", content="n,s\n1,x\n2,\n", headers=CSV)).json()
    body = {"pipeline": [{"op": "head", "n": 9}], "inputs": {"df": {"frame": frame["id"]}}}
    plan = (await api.post("/v1/jobs", params={"validate_only": "true"}, json=body)).json()["plan"]
    assert plan.keys() == {"steps", "memory_estimate_bytes"}
    assert plan["steps"][0].keys() == {"op", "columns", "rows_estimate"}
    result = (await done(api, body))["result"]
    for columns in (frame["columns"], plan["steps"][0]["columns"], result["columns"]):
        assert [one.keys() for one in columns] == [{"name", "dtype", "nullable"}] * 2
        assert [(one["name"], one["dtype"]) for one in columns] == [("n", "int64"), ("s", "str")]
    assert [one["nullable"] for one in result["columns"]] == [False, True]


async def test_a_problem_of_a_row_names_it(api: httpx.AsyncClient) -> None:
    """Contract: errors name the input and the row, counted from 1 without the header."""
    source = {"columns": {"n": ["1", "x"]}, "dtypes": {"n": "int64"}}
    answer = await api.post("/v1/jobs", json={"pipeline": [], "inputs": {"orders": source}}, headers=WAIT)
    (place,) = answer.json()["error"]["errors"]
    assert (place["input"], place["row"]) == ("orders", 2)
    assert answer.json()["attempt"] == 1


async def test_a_report_has_every_field(api: httpx.AsyncClient) -> None:
    """Contract: the fields of a report's attempt."""
    # behind a step whose columns depend on the data, nothing is known at submit
    pipeline = [{"op": "dropna", "axis": "columns"}, {"op": "select", "columns": ["nn"]}]
    job = (await api.post("/v1/jobs", json={**BODY, "pipeline": pipeline}, headers=WAIT)).json()
    report = (await api.get(job["links"]["report"])).json()
    assert report.keys() == {"job_id", "attempts"}
    (attempt,) = report["attempts"]
    assert (report["job_id"], attempt["attempt"], attempt["outcome"]) == (job["id"], 1, "failed")
    assert (attempt["step"], attempt["op"], attempt["column"], attempt["shape"]) == (2, "select", "nn", [2, 1])
    assert attempt["error"]["code"] == job["error"]["code"] == "transform.column_unknown"
    assert attempt["samples"][0] == {"n": 1}
    assert "dtype" in attempt
    assert attempt["peak_memory_bytes"] > 0
    assert attempt["worker"]
    assert "ColumnUnknown" in attempt["traceback"]


async def test_a_deleted_frame_harms_no_accepted_job(api: httpx.AsyncClient) -> None:
    """Contract: deleting a frame leaves jobs that were accepted with it unharmed; a later rerun is 410."""
    frame = (await api.post("/v1/frames", content="a\n1\n", headers=CSV)).json()["id"]
    body = {"pipeline": [], "inputs": {"df": {"frame": frame}}, "delay_s": 1}
    accepted = (await api.post("/v1/jobs", json=body)).json()
    assert (await api.delete(f"/v1/frames/{frame}")).status_code == 204
    refused = await api.post("/v1/jobs", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "input.unknown")
    ended = (await api.get(accepted["links"]["self"], headers=WAIT)).json()
    assert (ended["state"], ended["result"]["preview"]["records"]) == ("succeeded", [{"a": 1}])
    rerun = await api.post(f"{accepted['links']['self']}/rerun")
    assert (rerun.status_code, rerun.json()["code"]) == (410, "input.gone")


async def test_an_expired_upstream_is_gone(api: httpx.AsyncClient) -> None:
    """Contract: the result of an upstream job expired: `input.gone`."""
    upstream = await done(api, {**BODY, "result_ttl_s": 1})
    body = {"pipeline": [], "inputs": {"df": {"job": upstream["id"]}}}
    async with asyncio.timeout(30):
        while (await api.get(upstream["links"]["result"])).status_code == 200:
            await asyncio.sleep(0.05)
    refused = await api.post("/v1/jobs", json=body)
    assert (refused.status_code, refused.json()["code"]) == (410, "input.gone")
    assert refused.json()["errors"][0]["pointer"].startswith("/inputs/df")


async def test_ids_are_long_and_never_come_twice(live: Live) -> None:
    """Contract: ids are `job_` / `frm_` + at least 120 random bits."""
    jobs = [(await live.api.post("/v1/jobs", json=BODY)).json()["id"] for _ in range(20)]
    for one in jobs:
        assert re.fullmatch(r"job_[A-Za-z0-9_-]{20,}", one), "six bits a character"
    assert len(set(jobs)) == 20
    # characters at each place differ: nothing of it is a counter or a clock
    assert all(len({one[place] for one in jobs}) > 5 for place in range(4, 24))


async def test_a_wait_ends_with_the_job(live: Live) -> None:
    """Contract: `Prefer: wait=N` waits for a terminal state, not for any change."""
    job = await live.submit()
    poll = asyncio.create_task(live.api.get(f"/v1/jobs/{job.id}", headers=WAIT))
    await until(lambda: live.queue._changes._watches.get(job.id))
    (claim,) = await live.claim()
    await live.progress(claim, 1)
    other = await live.api.get(f"/v1/jobs/{job.id}", headers={"prefer": "wait=30", "if-none-match": '"1"'})
    assert (other.json()["state"], poll.done()) == ("running", False)
    await live.end(claim)
    answer = await poll
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert answer.headers["preference-applied"] == "wait=30"


async def test_events_have_their_types(live: Live) -> None:
    """Contract: event types are `job.queued|started|progress|retrying|succeeded|failed|canceled`."""
    seen: dict[str, list[str]] = {}
    for end in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED):
        job = await live.submit(max_attempts=3)
        (claim,) = await live.claim()
        assert await live.store.release(claim)
        (claim,) = await live.claim()
        await live.progress(claim, 1)
        await live.end(claim, end)
        events = (await live.api.get(f"/v1/jobs/{job.id}/events?after=")).json()["events"]
        seen[end] = [one["type"] for one in events]
        for one in events:
            assert one.keys() == {"id", "type", "timestamp", "data"}
            assert one["data"].keys() == {"job_id", "state", "version", "attempt", "progress"}
        assert [one["data"]["attempt"] for one in events] == [0, 1, 1, 2, 2, 2]
    begun = ["job.queued", "job.started", "job.retrying", "job.started", "job.progress"]
    assert seen == {end: [*begun, f"job.{end}"] for end in seen}


async def test_a_caller_that_hangs_up_while_waiting_changes_nothing(
    settings: Callable[..., Settings], live: Live, valkey: str
) -> None:
    """Contract: a caller that hangs up changes nothing."""
    ours = settings(redis={"url": valkey})
    app = create_app(ours, JobQueue.from_settings(ours))
    gone = asyncio.Event()
    messages = [{"type": "http.request", "body": b"a\n1\n", "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        """Drop it, as a server does whose caller has left."""

    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/v1/jobs"}
    scope |= {"root_path": "", "scheme": "http", "query_string": b"pipeline=[]"}
    scope["headers"] = [(b"content-type", b"text/csv"), (b"prefer", b"wait=30")]
    async with app.router.lifespan_context(app) as state:
        call = asyncio.create_task(app({**scope, "state": dict(state or {})}, receive, send))
        async with asyncio.timeout(20):
            while not (jobs := (await live.api.get("/v1/jobs")).json()["jobs"]):
                await asyncio.sleep(0.01)
        gone.set()
        (claim,) = await live.claim()
        await live.progress(claim, 1)
        await live.end(claim)
        async with asyncio.timeout(20):
            await call
    ended = (await live.api.get(jobs[0]["links"]["self"])).json()
    assert (ended["state"], ended["attempt"], ended["cancel_requested_at"]) == ("succeeded", 1, None)
