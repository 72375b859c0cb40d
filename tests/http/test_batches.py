"""Batches and reruns."""

from typing import Any

import httpx
import pytest

from jobs.state import JobState
from tests.http.fake import FakeQueue

GOOD = {"pipeline": [], "inputs": {"x": {"records": [{"a": 1}]}}}


async def test_a_batch_is_accepted_whole(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: POST /v1/jobs/batch answers 202 {"group", "jobs": []}."""
    answer = await api.post("/v1/jobs/batch", json={"jobs": [GOOD | {"labels": {"n": str(n)}} for n in range(3)]})
    body = answer.json()
    assert (answer.status_code, body.keys()) == (202, {"group", "jobs"})
    assert body["group"].startswith("grp_")
    assert [job["labels"]["n"] for job in body["jobs"]] == ["0", "1", "2"]
    assert {job["group"] for job in body["jobs"]} == {body["group"]}
    assert answer.headers["location"] == f"/v1/jobs?group={body['group']}"
    assert len(queue.jobs) == len(queue.blobs) == 3


@pytest.mark.parametrize(
    ("jobs", "code", "pointer"),
    [
        ([], "spec.invalid", "/jobs"),
        ([GOOD] * 101, "limit.batch_jobs", "/jobs"),
        ([GOOD, GOOD | {"pipeline": [{"op": "nope"}]}], "pipeline.op_unknown", "/jobs/1/pipeline/0/op"),
        ([GOOD, GOOD | {"piplin": 1}], "spec.field_unknown", "/jobs/1/piplin"),
        ([GOOD, GOOD | {"timeout_s": 0}], "spec.invalid", "/jobs/1/timeout_s"),
        ([GOOD, GOOD | {"inputs": {"x": {"frame": "frm_no"}}}], "input.unknown", "/jobs/1/inputs/x/frame"),
        ([GOOD, GOOD | {"inputs": {"a/b": {"job": "job_no"}}}], "input.unknown", "/jobs/1/inputs/a~1b/job"),
        ([GOOD, GOOD | {"inputs": {}}], "input.missing", "/jobs/1/inputs"),
        ([GOOD, 3], "spec.invalid", "/jobs/1"),
        ({}, "spec.invalid", "/jobs"),
    ],
)
async def test_a_batch_with_a_fault_stores_nothing(
    api: httpx.AsyncClient, queue: FakeQueue, jobs: Any, code: str, pointer: str
) -> None:
    """Contract: a batch is all or nothing, pointers `/jobs/3/pipeline/0/op`."""
    answer = await api.post("/v1/jobs/batch", json={"jobs": jobs})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert problem["errors"][0]["pointer"] == pointer
    assert (queue.jobs, queue.blobs, queue.open_uploads) == ({}, {}, 0)


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400, "json.malformed"),
        ({"content": b"a\n1\n", "headers": {"content-type": "text/csv"}}, 415, "format.unsupported"),
        ({"content": b"[]", "headers": {"content-type": "application/json"}}, 422, "spec.invalid"),
        ({"json": {"jobs": [], "x": 1}}, 422, "spec.field_unknown"),
        ({"json": {}}, 422, "spec.invalid"),
        ({"json": {"jobs": [GOOD]}, "params": {"wat": "1"}}, 422, "spec.field_unknown"),
        ({"json": {"jobs": [GOOD]}, "headers": {"accept": "image/png"}}, 406, "format.not_acceptable"),
        ({"content": b" " * 20_001, "headers": {"content-type": "application/json"}}, 413, "limit.envelope_bytes"),
    ],
)
async def test_what_is_no_batch(
    api: httpx.AsyncClient, queue: FakeQueue, request_: dict[str, Any], status: int, code: str
) -> None:
    answer = await api.post("/v1/jobs/batch", **request_)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert queue.jobs == {}


async def test_a_replayed_batch_shows_its_jobs_as_they_are(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    request = {"json": {"jobs": [GOOD, GOOD]}, "headers": {"idempotency-key": "k"}}
    made = (await api.post("/v1/jobs/batch", **request)).json()
    for count, status in ((1, 202), (2, 200)):
        for job in made["jobs"][:count]:
            queue.jobs[job["id"]] = queue.jobs[job["id"]].changed(state=JobState.CANCELED)
        again = await api.post("/v1/jobs/batch", **request)
        assert (again.status_code, again.json()["group"]) == (status, made["group"])
        assert [job["state"] for job in again.json()["jobs"]].count("canceled") == count


async def test_a_source_that_is_another_job(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: a source is one of records, columns, frame and job."""
    first = (await api.post("/v1/jobs", json=GOOD)).json()["id"]
    body = {"pipeline": [], "inputs": {"x": {"job": first, "dtypes": {"a": "int64"}}}}
    made = await api.post("/v1/jobs", json=body)
    assert made.status_code == 202
    assert made.json()["inputs"]["x"] == {"rows": None, "column_count": None, "bytes": 0}
    given = queue.jobs[made.json()["id"]].spec.inputs["x"]
    assert (given.job, given.dtypes) == (first, {"a": "int64"})
    both = await api.post("/v1/jobs", json={"pipeline": [], "inputs": {"x": {"job": first, "records": []}}})
    assert (both.status_code, both.json()["code"]) == (422, "spec.invalid")
    assert "records and job" in both.json()["detail"]


async def test_a_rerun_is_a_new_job(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: POST /v1/jobs/{id}/rerun answers 202 with a new Job with rerun_of."""
    old = queue.failed()
    answer = await api.post(f"/v1/jobs/{old.id}/rerun")
    body = answer.json()
    assert (answer.status_code, body["rerun_of"], body["group"]) == (202, old.id, None)
    assert answer.headers["location"] == f"/v1/jobs/{body['id']}"
    assert body["id"] != old.id
    ended = queue.ends_with = queue.failed()
    waited = await api.post(f"/v1/jobs/{old.id}/rerun", headers={"prefer": "wait=5"})
    assert (waited.status_code, waited.json()["state"]) == (200, ended.state)


async def test_what_cannot_be_run_again(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: rerun of a live job is 409, 410 when its inputs are gone, 404 for an unknown one."""
    live = (await api.post("/v1/jobs", json=GOOD)).headers["location"]
    refused = await api.post(f"{live}/rerun")
    assert (refused.status_code, refused.json()["code"]) == (409, "job.live")
    assert refused.headers["retry-after"] == "1"
    old = queue.failed()
    queue.submits.gone.add(old.id)
    gone = await api.post(f"/v1/jobs/{old.id}/rerun")
    assert (gone.status_code, gone.json()["code"]) == (410, "input.gone")
    assert (await api.post("/v1/jobs/job_unknown/rerun")).status_code == 404
    assert (await api.post(f"/v1/jobs/{old.id}/rerun?a=b")).status_code == 422
