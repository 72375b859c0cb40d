"""What a receiver gets, and how it knows from whom."""

import json
import time
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from jobs.model import Column, Input, Job, JobSpec, Outcome, PayloadRef, Place, Problem, ResultInfo
from jobs.state import JobState
from jobs.webhooks.events import EVENTS, delivery_id, event_of
from jobs.webhooks.payload import MOST_COLUMNS, payload
from jobs.webhooks.signing import new_secret, signed
from service.views import failure, timestamp

PUBLIC = "https://api.example.com"


def job(state: JobState = JobState.SUCCEEDED, columns: int = 1, **outcome: Any) -> Job:
    result = ResultInfo(
        rows=4,
        columns=tuple(Column(name=f"c{n}", dtype="int64", nullable=False) for n in range(columns)),
        bytes=612,
        sha256="ab",
        preview=b'[{"secret":1}]',
    )
    spec = JobSpec(
        tenant="t",
        pipeline=[],
        inputs={"df": Input(payload=PayloadRef(blob="", media_type="text/csv", bytes=4))},
        timeout_s=1,
        max_attempts=1,
        delay_s=0,
        result_ttl_s=60,
        labels={"team": "pricing"},
        trace_id="1" * 32,
    )
    return Job(
        id="job_a",
        spec=spec,
        state=state,
        version=7,
        attempt=2,
        created_ms=1,
        finished_ms=1_763_000_000_123,
        outcome=Outcome(**(outcome or {"result": result})),
    )


def test_a_success_is_told_without_its_rows() -> None:
    assert json.loads(payload(job(), PUBLIC)) == {
        "type": "job.succeeded",
        "timestamp": "2025-11-13T02:13:20.123Z",
        "data": {
            "job_id": "job_a",
            "state": "succeeded",
            "version": 7,
            "attempt": 2,
            "labels": {"team": "pricing"},
            "result": {
                "rows": 4,
                "columns": [{"name": "c0", "dtype": "int64", "nullable": False}],
                "column_count": 1,
                "bytes": 612,
            },
            "error": None,
            "trace_id": "1" * 32,
            "links": {"self": f"{PUBLIC}/v1/jobs/job_a", "result": f"{PUBLIC}/v1/jobs/job_a/result"},
        },
    }


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELED])
def test_an_error_has_the_shape_it_has_everywhere(state: JobState) -> None:
    """Contract: Errors: one shape everywhere, webhook payloads too."""
    place = Place(pointer="/pipeline/0", code="transform.failed", detail="no")
    problem = Problem(code="transform.failed", title="Step failed", detail="no", retryable=False, errors=(place,))
    for ended in (job(state, error=problem), job(JobState.CANCELED, warnings=())):
        told = json.loads(payload(ended, PUBLIC))
        assert told["data"]["error"] == json.loads(msgspec.json.encode(failure(ended, PUBLIC)))
        assert told["data"]["result"] is None
        assert told["timestamp"] == timestamp(ended.finished_ms)


def test_a_payload_stays_small() -> None:
    wide = json.loads(payload(job(columns=MOST_COLUMNS + 1), PUBLIC))["data"]["result"]
    assert (wide["columns"], wide["column_count"]) == (None, MOST_COLUMNS + 1)
    places = tuple(Place(pointer="/x" * 5_000, code="c", detail="d" * 9_000) for _ in range(100))
    loud = Problem(code="transform.failed", title="t", detail="d" * 9_000, retryable=False, errors=places)
    assert len(payload(job(JobState.FAILED, error=loud), PUBLIC)) < 32_768


def test_every_end_has_an_event_and_ids_have_no_dot() -> None:
    assert {event_of(state) for state in JobState if state.terminal} == set(EVENTS)
    assert {delivery_id("job_a", event) for event in EVENTS} == {"job_a:succeeded", "job_a:failed", "job_a:canceled"}


def test_a_signature_is_verified_by_the_standards_own_library() -> None:
    """Contract: Standard Webhooks signatures, a secret per tenant, two during rotation."""
    old, new, other = new_secret(), new_secret(), new_secret()
    body = payload(job(), PUBLIC)
    headers = dict(signed("job_a:succeeded", int(time.time()), body, [old, new]))
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers) == json.loads(body)
    assert len(headers["webhook-signature"].split(" ")) == 2
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers | {"webhook-id": "job_b:succeeded"})
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, dict(signed("job_a:succeeded", int(time.time()) - 3_600, body, [old])))


def test_a_new_secret_is_random_and_long() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert all(len(new_secret()) == len("whsec_") + 44 for _ in range(10))
