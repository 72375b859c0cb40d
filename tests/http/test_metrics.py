"""/metrics, the access log, and the headers of the requests quota."""

import io
import json
from collections.abc import Callable

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from config import Settings
from config.sections import LogSettings
from jobs.errors import StoreUnavailable
from jobs.requests import Allowance
from service.access import Answered, access_log
from service.auth import new_key
from tests.http.conftest import serving
from tests.http.fake import FakeQueue

Make = Callable[..., Settings]
HOSTILE = "/v1/jobs/job_x%0A%1b[31m%22secret-of-a-tenant"


def samples(answer: httpx.Response) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = list(read_text(answer.text))
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


async def test_metrics_are_prometheus_text(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: GET /metrics gives Prometheus."""
    await api.get("/v1/jobs/job_unknown")
    answer = await api.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/plain")
    found = samples(answer)
    labels = frozenset({"route": "/v1/jobs/{id}", "method": "GET", "status": "404"}.items())
    assert found["framequeue_http_requests_total", labels] == 1
    assert found["framequeue_jobs", frozenset({("state", "queued")})] == 0
    assert found["framequeue_redis_up", frozenset()] == 1
    assert found["framequeue_http_requests_open", frozenset()] == 1  # itself


async def test_metrics_are_openmetrics_where_asked_for(api: httpx.AsyncClient) -> None:
    asked = {"accept": "application/openmetrics-text;version=1.0.0;escaping=evil, text/plain;q=0.5"}
    answer = await api.get("/metrics", headers=asked)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert "evil" not in answer.headers["content-type"]
    assert "framequeue_jobs" in {family.name for family in read_openmetrics(answer.text)}


async def test_metrics_of_this_process_are_there_while_redis_is_away(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    queue.observatory.fails = StoreUnavailable("gone")
    found = samples(await api.get("/metrics"))
    assert found["framequeue_redis_up", frozenset()] == 0
    assert not any(name == "framequeue_jobs" for name, _ in found)


async def test_no_label_is_made_of_what_a_caller_sent(api: httpx.AsyncClient) -> None:
    """Contract: tenants never see each other, in any metric label."""
    await api.get(HOSTILE)
    await api.get("/secret-path")
    await api.request("SECRETMETHOD", "/v1/jobs")
    await api.get("/v1/transforms/secret-op")
    text = (await api.get("/metrics")).text
    assert "secret" not in text.lower()
    assert 'route="none"' in text
    assert 'method="other"' in text


async def test_metrics_need_the_scope_admin_where_there_are_keys(settings: Make, queue: FakeQueue) -> None:
    """Contract: /metrics needs scope admin off loopback."""
    (key, admin), (other, reader) = new_key("one", frozenset({"admin"})), new_key("two", frozenset({"jobs:read"}))
    async with serving(settings(auth={"keys": [admin, reader]}, api={"host": "0.0.0.0"}), queue) as api:
        assert (await api.get("/metrics")).status_code == 401
        assert (await api.get("/metrics", headers={"authorization": f"Bearer {other}"})).status_code == 403
        assert (await api.get("/metrics", headers={"authorization": f"Bearer {key}"})).status_code == 200


async def test_every_answer_says_what_is_left_of_the_quota(settings: Make, queue: FakeQueue) -> None:
    """Contract: requests per tenant are limited: 429 + RateLimit."""
    queue.requests.per_minute = queue.requests.burst = 5
    queue.requests.answer = Allowance(allowed=True, left=3, retry_after_s=1, whole_s=24)
    async with serving(settings(), queue) as api:
        for path, status in (("/v1/transforms", 200), ("/v1/jobs/job_x", 404), ("/v1/nowhere", 404)):
            answer = await api.get(path)
            assert answer.status_code == status
            assert answer.headers["ratelimit-policy"] == '"requests";q=5;w=60'
            assert answer.headers["ratelimit"] == '"requests";r=3;t=24'
        queue.requests.answer = Allowance(allowed=False, left=0, retry_after_s=7, whole_s=60)
        refused = await api.get("/v1/transforms")
        assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (
            429,
            "quota.requests",
            "7",
        )
        assert refused.headers["ratelimit"] == '"requests";r=0;t=7'
        for path in ("/livez", "/readyz", "/metrics", "/openapi.json", "/docs"):
            probe = await api.get(path)
            assert (probe.status_code, "ratelimit" in probe.headers) == (200, False)
        queue.requests.answer = None  # Redis is away
        assert (await api.get("/v1/transforms")).status_code == 200


async def test_without_a_known_key_nothing_is_counted(settings: Make, queue: FakeQueue) -> None:
    queue.requests.per_minute = 5
    queue.requests.answer = Allowance(allowed=False, left=0, retry_after_s=7, whole_s=60)
    async with serving(settings(auth={"keys": [new_key("one")[1]]}), queue) as api:
        answer = await api.get("/v1/transforms")
    assert (answer.status_code, "ratelimit" in answer.headers) == (401, False)


async def test_without_a_quota_no_answer_speaks_of_one(api: httpx.AsyncClient) -> None:
    assert "ratelimit" not in (await api.get("/v1/transforms")).headers


ANSWERED = Answered("GET", "/v1/jobs/{id}", "/v1/jobs/job_%0A%22", 200, 1.5, 0, 12, "a" * 32)


def test_an_access_line_is_one_json_object() -> None:
    stream = io.StringIO()
    write = access_log(LogSettings(format="json"), wanted=True, stream=stream)
    assert write is not None
    write(ANSWERED)
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "GET /v1/jobs/{id} 200",
        "level": "info",
        "logger": "service.access",
        "role": "api",
        "method": "GET",
        "route": "/v1/jobs/{id}",
        "path": "/v1/jobs/job_%0A%22",
        "status": 200,
        "ms": 1.5,
        "bytes_in": 0,
        "bytes_out": 12,
        "trace_id": "a" * 32,
    }


@pytest.mark.parametrize(
    ("sections", "wanted", "there"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"access": "on"}, False, True),
        ({"access": "off"}, True, False),
        ({"level": "warning"}, True, False),
    ],
)
def test_whether_there_is_an_access_log(sections: dict[str, str], wanted: bool, there: bool) -> None:
    assert (access_log(LogSettings.model_validate(sections), wanted=wanted) is not None) == there


@pytest.mark.parametrize(("level", "lines"), [("info", 0), ("debug", 1)])
def test_probes_are_logged_at_debug(level: str, lines: int) -> None:
    stream = io.StringIO()
    write = access_log(LogSettings.model_validate({"level": level, "format": "json"}), wanted=True, stream=stream)
    assert write is not None
    write(Answered("GET", "/livez", "/livez", 200, 0.1, 0, 14, "a" * 32))
    assert len(stream.getvalue().splitlines()) == lines
