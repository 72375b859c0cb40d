"""`Idempotency-Key`: the same request makes one job, another under its key is refused."""

import gzip
import json
from typing import Any

import httpx
import pytest

from jobs.errors import IdempotencyMismatch, QueueFull
from jobs.state import JobState
from tests.http.fake import FakeQueue

GOOD = {"pipeline": [], "inputs": {"x": {"records": [{"a": 1}]}}}
KEY = {"idempotency-key": "order-1"}
CSV = {"content-type": "text/csv"}


def multipart(boundary: str, *parts: tuple[str, str, bytes]) -> dict[str, Any]:
    """A body of parts (disposition, type, content) as a client would send it."""
    lines = [
        f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for disposition, kind, content in parts
    ]
    body = b"".join(lines) + f"--{boundary}--\r\n".encode()
    return {"content": body, "headers": {"content-type": f"multipart/form-data; boundary={boundary}"}}


ENVELOPE = ('name="job"', "application/json", json.dumps({"pipeline": []}).encode())
FILE = ('name="x"; filename="x.csv"', "text/csv", b"a\n1\n")
SENT: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "envelope": ("/v1/jobs", {"json": GOOD}, {"json": GOOD | {"max_attempts": 2}}),
    "another type": (
        "/v1/jobs",
        {"content": json.dumps(GOOD), "headers": {"content-type": "application/json"}},
        {"content": json.dumps(GOOD), "headers": {"content-type": "application/json; charset=utf-8"}},
    ),
    "frame": (
        "/v1/jobs?pipeline=[]",
        {"content": b"a\n1\n", "headers": CSV},
        {"content": b"a\n2\n", "headers": CSV},
    ),
    "query": (
        "/v1/jobs",
        {"content": b"a\n1\n", "headers": CSV, "params": {"pipeline": "[]"}},
        {"content": b"a\n1\n", "headers": CSV, "params": {"pipeline": "[]", "max_attempts": "2"}},
    ),
    "a file's bytes": (
        "/v1/jobs",
        multipart("one", ENVELOPE, FILE),
        multipart("one", ENVELOPE, (*FILE[:2], b"a\n2\n")),
    ),
    "a file's name": (
        "/v1/jobs",
        multipart("one", ENVELOPE, FILE),
        multipart("one", ENVELOPE, ('name="x"; filename="y.csv"', *FILE[1:])),
    ),
    "a part's type": (
        "/v1/jobs",
        multipart("one", ENVELOPE, FILE),
        multipart("one", ENVELOPE, (FILE[0], "text/tab-separated-values", FILE[2])),
    ),
    "batch": ("/v1/jobs/batch", {"json": {"jobs": [GOOD]}}, {"json": {"jobs": [GOOD, GOOD]}}),
}


def with_key(request: dict[str, Any], key: str = "order-1") -> dict[str, Any]:
    return request | {"headers": {**request.get("headers", {}), "idempotency-key": key}}


@pytest.mark.parametrize("name", SENT)
async def test_the_same_request_makes_one_job_and_another_is_refused(
    api: httpx.AsyncClient, queue: FakeQueue, name: str
) -> None:
    """Contract: the same key and body give the same job, another body is 422 idempotency.mismatch."""
    path, request, other = SENT[name]
    first = await api.post(path, **with_key(request))
    blobs = dict(queue.blobs)
    again = await api.post(path, **with_key(request))
    assert (first.status_code, again.status_code) == (202, 202)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert len(queue.jobs) == 1
    assert queue.blobs == blobs  # what came a second time is not kept
    refused = await api.post(path, **with_key(other))
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency.mismatch")
    assert (len(queue.jobs), queue.blobs) == (1, blobs)


async def test_a_multipart_body_is_known_under_another_boundary(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: the fingerprint of a multipart body covers its parts."""
    first = await api.post("/v1/jobs", **with_key(multipart("one", ENVELOPE, FILE)))
    again = await api.post("/v1/jobs", **with_key(multipart("two", ENVELOPE, FILE)))
    assert again.json()["id"] == first.json()["id"]


@pytest.mark.parametrize(
    ("path", "plain"), [("/v1/jobs", json.dumps(GOOD).encode()), ("/v1/jobs?pipeline=[]", b"a\n1\n")]
)
async def test_the_encoding_is_taken_off_before(
    api: httpx.AsyncClient, queue: FakeQueue, path: str, plain: bytes
) -> None:
    """Contract: the fingerprint covers the decoded body."""
    kind = {"content-type": "text/csv" if "?" in path else "application/json", **KEY}
    first = await api.post(path, content=plain, headers=kind)
    packed = await api.post(path, content=gzip.compress(plain), headers=kind | {"content-encoding": "gzip"})
    assert packed.json()["id"] == first.json()["id"]
    assert len(queue.jobs) == 1


async def test_a_broken_encoding_is_told_where_the_key_needs_it(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    headers = {**CSV, **KEY, "content-encoding": "gzip"}
    answer = await api.post("/v1/jobs?pipeline=[]", content=b"not gzip at all", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "input.malformed")
    assert (queue.jobs, queue.blobs) == ({}, {})


@pytest.mark.parametrize("same", ['"order-1"', " order-1 ", '"order-1" '])
async def test_a_key_in_quotes_is_the_same(api: httpx.AsyncClient, same: str) -> None:
    """Contract: `abc` and `"abc"` are one key."""
    first = await api.post("/v1/jobs", json=GOOD, headers=KEY)
    assert (await api.post("/v1/jobs", json=GOOD, headers={"idempotency-key": same})).json() == first.json()


@pytest.mark.parametrize("key", ["", '""', '"', "a b", "x" * 256, '"' + "x" * 256 + '"', "ü", '"a', "a\tb"])
async def test_a_key_that_cannot_be_one(api: httpx.AsyncClient, queue: FakeQueue, key: str) -> None:
    """Contract: an Idempotency-Key has up to 255 visible characters."""
    answer = await api.post("/v1/jobs", json=GOOD, headers=[(b"idempotency-key", key.encode("latin-1"))])
    assert (answer.status_code, answer.json()["code"]) == (400, "header.malformed")
    twice = await api.post("/v1/jobs", json=GOOD, headers=[("idempotency-key", "a"), ("idempotency-key", "a")])
    assert twice.status_code == 400
    assert queue.jobs == {}
    longest = {"idempotency-key": "x" * 255}
    assert (await api.post("/v1/jobs", json=GOOD, headers=longest)).status_code == 202


async def test_prefer_and_accept_are_not_part_of_it(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: the fingerprint does not cover Prefer or Accept; a replay answers 200 when the job has ended."""
    made = (await api.post("/v1/jobs", json=GOOD, headers=KEY)).json()
    waited = await api.post("/v1/jobs", json=GOOD, headers={**KEY, "prefer": "wait=3", "accept": "text/csv"})
    assert (waited.status_code, waited.headers["preference-applied"]) == (202, "wait=3")
    assert queue.waits[-1] == 3
    queue.jobs[made["id"]] = queue.jobs[made["id"]].changed(state=JobState.CANCELED)
    ended = await api.post("/v1/jobs", json=GOOD, headers=KEY)
    assert (ended.status_code, ended.json()["state"]) == (200, "canceled")
    assert ended.headers["idempotent-replayed"] == "true"


async def test_a_replay_is_found_before_its_references_are(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    frame = (await api.post("/v1/frames", content=b"a\n1\n", headers=CSV)).json()["id"]
    body = {"pipeline": [], "inputs": {"x": {"frame": frame}}}
    first = await api.post("/v1/jobs", json=body, headers=KEY)
    await api.delete(f"/v1/frames/{frame}")
    again = await api.post("/v1/jobs", json=body, headers=KEY)
    assert (again.status_code, again.json()) == (202, first.json())


async def test_what_was_refused_is_not_kept(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: an answer of 4xx/5xx is not kept."""
    assert (await api.post("/v1/jobs", json={"pipeline": [{"op": "no"}]}, headers=KEY)).status_code == 422
    queue.fails = QueueFull(3)
    assert (await api.post("/v1/jobs", json=GOOD, headers=KEY)).status_code == 503
    queue.fails = None
    made = await api.post("/v1/jobs", json=GOOD, headers=KEY)
    assert (made.status_code, "idempotent-replayed" in made.headers) == (202, False)


async def test_payloads_of_what_the_store_refuses_are_discarded(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    queue.fails = IdempotencyMismatch()
    assert (await api.post("/v1/jobs", json=GOOD, headers=KEY)).status_code == 422
    assert queue.blobs == {}


async def test_a_frame_is_kept_once(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: the Idempotency-Key works on every POST that creates: frames."""
    request = {"content": b"a\n1\n", "headers": {**CSV, **KEY}}
    first, again = await api.post("/v1/frames", **request), await api.post("/v1/frames", **request)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert (len(queue.frames), len(queue.blobs)) == (1, 1)
    other = await api.post("/v1/frames", content=b"a\n2\n", headers={**CSV, **KEY})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency.mismatch")
    job = await api.post("/v1/jobs?pipeline=[]", **request)
    assert job.json()["code"] == "idempotency.mismatch"
    await api.delete(first.headers["location"])
    anew = await api.post("/v1/frames", **request)
    assert (anew.status_code, anew.json()["id"] != first.json()["id"]) == (201, True)


async def test_a_rerun_happens_once(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: the Idempotency-Key works on every POST that creates: rerun."""
    one, two = queue.failed(), queue.failed()
    first = await api.post(f"/v1/jobs/{one.id}/rerun", headers=KEY)
    again = await api.post(f"/v1/jobs/{one.id}/rerun", headers=KEY)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert (await api.post(f"/v1/jobs/{two.id}/rerun", headers=KEY)).json()["code"] == "idempotency.mismatch"
