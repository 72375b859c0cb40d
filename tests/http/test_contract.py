"""Clauses of the HTTP contract that no other room's tests hold, on the queue in memory."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pyarrow as pa
import pytest

from config import Settings, SettingsError
from service.auth import new_key
from tests.http.conftest import serving
from tests.http.fake import FakeQueue
from tests.http.test_submit_bodies import JOB, RAW, multipart

BODY = {"pipeline": [], "inputs": {"x": {"records": [{"a": 1}]}}}
Make = Callable[..., Settings]


async def test_location_is_on_every_answer_to_a_submit(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: `Location` is on every 202 and 200 of a submit."""
    bodies: list[dict[str, Any]] = [{"json": BODY}, multipart(JOB, ("x", "content-type: text/csv\r\n", "a\n1\n")), RAW]
    for status, headers in ((202, {}), (200, {"prefer": "wait=1"}), (200, {"prefer": "wait=1", "accept": "text/csv"})):
        if status == 200:
            queue.ends_with = queue.succeeded(pa.table({"a": [1]}))
        for body in bodies:
            answer = await api.post("/v1/jobs", **body | {"headers": {**body.get("headers", {}), **headers}})
            assert answer.status_code == status, answer.text
            assert re.fullmatch(r"/v1/jobs/job_[\w-]+", answer.headers["location"])
            assert answer.headers["location"].rpartition("/")[2] in queue.jobs


async def test_every_job_answer_has_its_version_as_a_tag(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: every Job answer carries `ETag` = version."""
    made = await api.post("/v1/jobs", json=BODY)
    path = made.headers["location"]
    answers = [made, await api.get(path), await api.post(f"{path}/cancel"), await api.get(path)]
    answers.append(await api.post(f"/v1/jobs/{queue.failed().id}/rerun"))
    queue.ends_with = queue.failed(version=41)
    answers.append(await api.post("/v1/jobs", json=BODY, headers={"prefer": "wait=1"}))
    assert answers[-1].json()["version"] == 41
    assert [one.headers["etag"] for one in answers] == [f'"{one.json()["version"]}"' for one in answers]


async def test_a_problem_names_the_place(api: httpx.AsyncClient) -> None:
    """Contract: errors name places with pointer, code, detail, input and row; the other members are always there."""
    step = {"op": "query", "exp": "a > 1"}
    problem = (await api.post("/v1/jobs", json=BODY | {"pipeline": [step], "labls": {}})).json()
    always = {"type", "title", "status", "code", "detail", "retryable", "trace_id"}
    assert problem.keys() >= always
    assert re.fullmatch("[0-9a-f]{32}", problem["trace_id"])
    assert (problem["status"], problem["retryable"]) == (422, False)
    for place in problem["errors"]:
        assert place.keys() == {"pointer", "code", "detail", "input", "row"}
    bare = (await api.get("/v1/jobs/job_none")).json()
    assert bare.keys() >= always
    assert not bare.get("errors")


async def test_a_406_names_the_formats(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: 406 with the formats there are."""
    url = f"/v1/jobs/{queue.succeeded(pa.table({'a': [1]})).id}/result"
    refused = await api.get(url, headers={"accept": "image/png"})
    assert (refused.status_code, refused.json()["code"]) == (406, "format.not_acceptable")
    for media_type in ("application/json", "text/csv", "application/vnd.apache.parquet", "text/html"):
        assert media_type in refused.json()["detail"]
    named = await api.get(url, params={"format": "docx"})
    assert named.status_code == 406
    assert "ndjson" in named.json()["detail"]


async def test_a_mapping_of_the_fetched_format_is_named_in_a_header(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: mappings that depend on the fetched format are named in `Framequeue-Warning` of that answer."""
    url = f"/v1/jobs/{queue.succeeded(pa.table({'a': [1.5, float('inf')]})).id}/result"
    mapped = await api.get(url)
    assert mapped.json() == [{"a": 1.5}, {"a": None}]
    assert 'column="a"' in mapped.headers["framequeue-warning"]
    assert "framequeue-warning" not in (await api.get(f"{url}?format=parquet")).headers


async def test_unknown_query_parameters_are_422_everywhere(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: unknown query parameters are 422, like unknown fields."""
    paths = (await api.get("/openapi.json")).json()["paths"]
    frame = (await api.post("/v1/frames", content=b"a\n1\n", headers={"content-type": "text/csv"})).json()["id"]
    job = queue.succeeded(pa.table({"a": [1]})).id
    calls = [(method, path) for path, methods in paths.items() for method in methods if path.startswith("/v1/")]
    assert len(calls) > 20
    for method, path in calls:
        url = path.replace("{op}", "head").replace("{id}", frame if "/frames/" in path else job)
        body = {"json": BODY} if method == "post" else {}
        if path == "/v1/frames":
            body = {"content": b"a\n1\n", "headers": {"content-type": "text/csv"}}
        answer = await api.request(method, url, params={"no-such": "1"}, **body)
        assert answer.status_code == 422, (method, url, answer.status_code)
        if method != "head":
            assert answer.json()["code"] == "spec.field_unknown"
            assert answer.json()["errors"][0]["pointer"] == "/no-such"


async def test_nothing_in_a_request_names_a_tenant(settings: Make, queue: FakeQueue) -> None:
    """Contract: the tenant comes from the key alone."""
    (one, first), (_, second) = new_key("one"), new_key("two")
    async with serving(settings(auth={"keys": [first, second]}), queue) as api:
        sent = {"authorization": f"Bearer {one}", "x-tenant": "two", "tenant": "two", "forwarded": "for=two"}
        made = await api.post("/v1/jobs", json=BODY, headers=sent)
        assert queue.jobs[made.json()["id"]].spec.tenant == "one"
        for change in ({"params": {"tenant": "two"}}, {"json": BODY | {"tenant": "two"}}):
            refused = await api.post("/v1/jobs", **{"json": BODY, "headers": sent} | change)
            assert (refused.status_code, refused.json()["code"]) == (422, "spec.field_unknown")


async def test_mode_none_asks_for_no_key(settings: Make, queue: FakeQueue) -> None:
    """Contract: `FRAMEQUEUE_AUTH__MODE=none` turns keys off."""
    _, entry = new_key("one")
    for mode, status in (("none", 202), ("keys", 401)):
        sections = {"api": {"host": "0.0.0.0"}, "auth": {"mode": mode, "keys": [entry]}}
        async with serving(settings(**sections), queue) as api:
            assert (await api.post("/v1/jobs", json=BODY)).status_code == status


def test_a_key_is_kept_for_a_day_at_least(settings: Make) -> None:
    """Contract: an Idempotency-Key is kept 24 h at least."""
    assert settings().jobs.idempotency_ttl_s >= 86_400
    with pytest.raises(SettingsError, match="IDEMPOTENCY_TTL_S"):
        settings(jobs={"idempotency_ttl_s": 86_399})


def test_limits_have_the_defaults_of_the_contract(settings: Make) -> None:
    """Contract: body 256 MiB; decoded 1 GiB, ratio 200 above 64 MiB; 10,000 columns; 50 million rows; and so on."""
    mib = 1024 * 1024
    expected = {
        "body_bytes": 256 * mib,
        "decoded_bytes": 1024 * mib,
        "compression_ratio": 200,
        "ratio_free_bytes": 64 * mib,
        "columns": 10_000,
        "rows": 50_000_000,
        "cell_bytes": 64 * mib,
        "json_depth": 64,
        "steps": 200,
        "inputs": 16,
        "batch_jobs": 100,
    }
    limits = settings().limits
    assert {name: getattr(limits, name) for name in expected} == expected


async def test_an_expression_has_up_to_4_096_characters_and_64_levels(settings: Make, queue: FakeQueue) -> None:
    """Contract: expression 4,096 characters, depth 64."""
    long, deep = "a > 1" + " " * 4_091, "(" * 60 + "a" + ")" * 60 + " > 1"
    async with serving(settings(), queue) as api:
        for expr, status in ((long, 202), (deep, 202), (f"{long} ", 422), ("(" * 70 + deep + ")" * 70, 422)):
            answer = await api.post("/v1/jobs", json=BODY | {"pipeline": [{"op": "query", "expr": expr}]})
            assert answer.status_code == status, answer.text
            if status == 422:
                assert answer.json()["code"] == "expression.too_large"
                assert answer.json()["errors"][0]["pointer"] == "/pipeline/0/expr"
