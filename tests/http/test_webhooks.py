"""Webhooks over HTTP: what a submission may ask for, and what became of it."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from config import Settings
from jobs.model import Webhook
from jobs.store.deliveries import Try
from jobs.webhooks.events import EVENTS
from jobs.webhooks.signing import new_secret
from service.auth import new_key
from tests.http.conftest import serving
from tests.http.fake import NOW_MS, FakeQueue

URL = "https://hooks.example.com/a"
TABLE = {"pipeline": [], "inputs": {"df": {"records": []}}}


@pytest.fixture
async def api(settings: Callable[..., Settings], queue: FakeQueue) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(settings(webhooks={"secrets": {"default": [new_secret()]}}), queue) as client:
        yield client


async def as_json(api: httpx.AsyncClient, webhook: Any) -> httpx.Response:
    return await api.post("/v1/jobs", json=TABLE | {"webhook": webhook})


async def as_parts(api: httpx.AsyncClient, webhook: Any) -> httpx.Response:
    job = json.dumps({"pipeline": [], "webhook": webhook})
    return await api.post(
        "/v1/jobs", files={"job": (None, job, "application/json"), "df": ("a.csv", b"a\n1\n", "text/csv")}
    )


async def as_query(api: httpx.AsyncClient, webhook: Any) -> httpx.Response:
    query = {"pipeline": "[]", "webhook": json.dumps(webhook)}
    return await api.post("/v1/jobs", params=query, content=b"a\n1\n", headers={"content-type": "text/csv"})


BODIES = pytest.mark.parametrize("submit", [as_json, as_parts, as_query])
Submit = Callable[[httpx.AsyncClient, Any], Any]


@BODIES
async def test_a_webhook_comes_in_every_body(api: httpx.AsyncClient, queue: FakeQueue, submit: Submit) -> None:
    """Contract: the other fields are query parameters by name, and JSON for `webhook`."""
    for asked, events in (
        ({"url": URL}, EVENTS),
        ({"url": URL, "events": ["job.failed", "job.failed"]}, ("job.failed",)),
    ):
        made = await submit(api, asked)
        assert made.status_code == 202
        assert queue.jobs[made.json()["id"]].spec.webhook == Webhook(url=URL, events=events)
    made = await submit(api, None)
    assert queue.jobs[made.json()["id"]].spec.webhook is None


@BODIES
@pytest.mark.parametrize(
    ("webhook", "code", "pointer", "says"),
    [
        ({"url": "http://hooks.example.com/"}, "webhook.refused", "/webhook/url", "https"),
        ({"url": "https://2130706433/"}, "webhook.refused", "/webhook/url", "neither a name nor an address"),
        ({"url": "https://[::ffff:127.0.0.1]/"}, "webhook.refused", "/webhook/url", "not a public one"),
        ({"url": "https://169.254.169.254/latest"}, "webhook.refused", "/webhook/url", "not a public one"),
        ({"url": URL + "x" * 2_048}, "webhook.refused", "/webhook/url", "2,048"),
        ({"url": URL, "events": ["job.succeded"]}, "spec.invalid", "/webhook/events/0", "'job.succeeded'"),
        ({"url": URL, "events": ["job.failed", "x"]}, "spec.invalid", "/webhook/events/1", "there is"),
        ({"url": URL, "events": []}, "spec.invalid", "/webhook/events", "without events"),
        ({"url": URL, "events": "job.failed"}, "spec.invalid", "/webhook/events", "expected an array"),
        ({"url": URL, "events": [1]}, "spec.invalid", "/webhook/events", "expected a string"),
        ({"url": 1}, "spec.invalid", "/webhook/url", "expected a string"),
        ({}, "spec.invalid", "/webhook", "url"),
        ({"url": URL, "event": []}, "spec.field_unknown", "/webhook/event", "'events'"),
        (URL, "spec.invalid", "/webhook", "expected an object"),
    ],
)
async def test_a_webhook_that_is_refused(
    api: httpx.AsyncClient, queue: FakeQueue, submit: Submit, webhook: Any, code: str, pointer: str, says: str
) -> None:
    """Contract: Unknown fields are an error, with a suggestion."""
    answer = await submit(api, webhook)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert problem["errors"][0]["pointer"].startswith(pointer)
    assert says in problem["detail"]
    assert (queue.jobs, queue.blobs) == ({}, {})


@BODIES
async def test_a_tenant_without_a_secret_learns_how_to_get_one(
    settings: Callable[..., Settings], queue: FakeQueue, submit: Submit
) -> None:
    """Contract: Standard Webhooks signatures, a secret per tenant."""
    async with serving(settings(webhooks={"secrets": {"other": [new_secret()]}}), queue) as api:
        answer = await submit(api, {"url": URL})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "webhook.refused")
    assert problem["errors"][0]["pointer"] == "/webhook"
    assert "FRAMEQUEUE_WEBHOOKS__SECRETS" in problem["detail"]
    assert (queue.jobs, queue.blobs) == ({}, {})


async def test_the_allow_list_is_that_of_the_settings(settings: Callable[..., Settings], queue: FakeQueue) -> None:
    """Contract: http only for hosts on the allow-list, whose default is every public host."""
    sections = {"secrets": {"default": [new_secret()]}, "allow_hosts": "*.example.com, 127.0.0.1"}
    async with serving(settings(webhooks=sections), queue) as api:
        for url, status in (
            ("http://127.0.0.1:9/", 202),
            ("http://a.example.com/", 202),
            ("https://example.org/", 422),
            ("https://127.0.0.2/", 422),
        ):
            assert (await as_json(api, {"url": url})).status_code == status, url


async def test_each_try_is_shown(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: GET /v1/jobs/{id}/deliveries shows each try."""
    job = queue.failed()
    assert (await api.get(f"/v1/jobs/{job.id}/deliveries")).json() == {"deliveries": []}
    one = Try(
        id=f"{job.id}:failed",
        event="job.failed",
        url=URL,
        attempt=1,
        status=503,
        error="HTTP 503",
        at_ms=1_763_000_000_000,
        next_ms=1_763_000_005_000,
    )
    queue.tries[job.id] = (one, one.changed(attempt=2, status=200, error=None, next_ms=None))
    answer = await api.get(f"/v1/jobs/{job.id}/deliveries")
    assert answer.status_code == 200
    first, second = answer.json()["deliveries"]
    assert first == {
        "id": f"{job.id}:failed",
        "event": "job.failed",
        "url": URL,
        "attempt": 1,
        "status": 503,
        "error": "HTTP 503",
        "at": "2025-11-13T02:13:20.000Z",
        "next_at": "2025-11-13T02:13:25.000Z",
    }
    assert second == first | {"attempt": 2, "status": 200, "error": None, "next_at": None}
    assert (await api.get(f"/v1/jobs/{job.id}/deliveries?limit=1")).status_code == 422
    assert (await api.get("/v1/jobs/job_unknown/deliveries")).status_code == 404


async def test_the_tries_of_others_are_not_shown(settings: Callable[..., Settings], queue: FakeQueue) -> None:
    """Contract: Another tenant's id answers exactly as an unknown one."""
    (one, first), (two, second) = new_key("default"), new_key("two")
    job = queue.failed(finished_ms=NOW_MS)
    async with serving(settings(auth={"keys": [first, second]}), queue) as api:
        path = f"/v1/jobs/{job.id}/deliveries"
        assert (await api.get(path, headers={"authorization": f"Bearer {one}"})).status_code == 200
        theirs = await api.get(path, headers={"authorization": f"Bearer {two}"})
        unknown = await api.get("/v1/jobs/job_zzz/deliveries", headers={"authorization": f"Bearer {two}"})
    same = {"code", "status", "title", "retryable"}
    assert theirs.status_code == unknown.status_code == 404
    assert {name: theirs.json()[name] for name in same} == {name: unknown.json()[name] for name in same}
