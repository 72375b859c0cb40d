"""The rows that were set aside, over HTTP: what it answers before there are any, and where there never will be."""

import base64
import hashlib

import httpx
import pyarrow as pa

from jobs.codecs import stored
from jobs.codecs.table import CODECS
from jobs.model import PayloadRef
from jobs.rejects import Reject, Rejects
from jobs.state import JobState
from tests.http.fake import FakeQueue, a_spec, running


async def test_rejects_of_a_live_job_are_not_ready(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: GET /v1/jobs/{id}/rejects is 409 with Retry-After while the job lives."""
    job = queue.add(a_spec())
    for live in (job, running(job)):
        queue.jobs[job.id] = live
        answer = await api.get(f"/v1/jobs/{job.id}/rejects")
        assert (answer.status_code, answer.json()["code"]) == (409, "job.not_ready")
        assert "retry-after" in answer.headers


async def test_rejects_of_a_failed_or_canceled_job_are_its_problem(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: GET /v1/jobs/{id}/rejects is 424 where the job failed or was canceled."""
    failed = queue.failed()
    canceled = queue.add(a_spec(), state=JobState.CANCELED)
    for job, code in ((failed, "transform.failed"), (canceled, "job.canceled")):
        for call in (api.get, api.head):
            answer = await call(f"/v1/jobs/{job.id}/rejects")
            assert answer.status_code == 424
        assert (await api.get(f"/v1/jobs/{job.id}/rejects")).json()["code"] == code


async def test_rejects_are_asked_for_as_results_are(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: GET /v1/jobs/{id}/rejects negotiates its format like /result, 406 with the formats there are."""
    job = queue.succeeded(pa.table({"a": [1]}))
    rejects = Rejects(9)
    rejects.of_input("df").add(Reject.of(7, "input.malformed", "no", "<b>"))
    queue.blobs["blb_x"] = b"".join(bytes(piece) for piece in stored.store(rejects.table()))
    assert job.outcome is not None
    assert job.outcome.result is not None
    ref = PayloadRef(blob="blb_x", media_type=stored.MEDIA_TYPE, bytes=9, sha256="cd" * 32, rows=1, ours=True)
    result = job.outcome.result.changed(rejects=1, set_aside=ref)
    queue.jobs[job.id] = job.changed(outcome=job.outcome.changed(result=result))
    path = f"/v1/jobs/{job.id}/rejects"
    assert (await api.get(path, headers={"accept": "application/x-ndjson"})).json()["row"] == 7
    assert (await api.get(path, headers={"accept": "image/png"})).status_code == 406
    assert (await api.get(path, params={"columns": "nope"})).status_code == 422
    assert (await api.get(path, params={"page": "2"})).json()["code"] == "spec.field_unknown"
    assert (await api.get(path)).headers["etag"] != (await api.get(f"/v1/jobs/{job.id}/result")).headers["etag"]
    assert (await api.get("/v1/jobs/job_" + "x" * 24 + "/rejects")).status_code == 404
    assert (await api.get(f"/v1/jobs/{job.id}")).json()["result"]["rejects"] == 1


async def test_no_rejects_are_an_empty_frame_in_every_format(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """The stored form, too, which is answered as it stands: its tag and digest are those of its bytes."""
    path = f"/v1/jobs/{queue.succeeded(pa.table({'a': [1]})).id}/rejects"
    for codec in CODECS:
        if codec.missing:
            continue
        answer = await api.get(path, params={"format": codec.name}, headers={"accept-encoding": "identity"})
        assert answer.status_code == 200, codec.name
        digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
        assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
        assert answer.headers["etag"]
