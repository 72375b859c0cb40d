"""Keys, tenants and scopes."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from config import Settings, SettingsError
from service.app import create_app
from service.auth import is_loopback, new_key
from tests.http.conftest import serving
from tests.http.fake import FakeQueue

BODY = {"pipeline": [], "inputs": {"x": {"records": []}}}
Make = Callable[..., Settings]


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_new_key_is_long_and_only_its_hash_is_kept() -> None:
    key, entry = new_key("acme", frozenset({"frames"}))
    assert key.startswith("fq_")
    assert len(key) >= 46
    assert entry.sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert (entry.tenant, entry.scopes) == ("acme", {"frames"})
    assert new_key("acme")[0] != key


async def test_tenants_are_apart(settings: Make, queue: FakeQueue) -> None:
    (one, first), (two, second) = new_key("one"), new_key("two")
    async with serving(settings(auth={"keys": [first, second]}), queue) as api:
        made = await api.post("/v1/jobs", json=BODY, headers=bearer(one))
        assert queue.jobs[made.json()["id"]].spec.tenant == "one"
        frame = await api.post("/v1/frames", content="a\n1\n", headers={"content-type": "text/csv", **bearer(one)})
        for path in (made.headers["location"], f"{made.headers['location']}/result", frame.headers["location"]):
            theirs, unknown = (
                await api.get(path, headers=bearer(two)),
                await api.get(path[:-3] + "zzz", headers=bearer(two)),
            )
            assert theirs.status_code == unknown.status_code == 404
        assert (await api.get(made.headers["location"], headers=bearer(one))).status_code == 200


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic Zm9v", "fq_x"])
async def test_without_a_key_is_401(settings: Make, queue: FakeQueue, authorization: str | None) -> None:
    _, entry = new_key("one")
    async with serving(settings(auth={"keys": [entry]}), queue) as api:
        headers = {} if authorization is None else {"authorization": authorization}
        answer = await api.post("/v1/jobs", json=BODY, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.key_missing")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        for path in ("/livez", "/readyz", "/openapi.json", "/docs"):
            assert (await api.get(path)).status_code == 200


@pytest.mark.parametrize("key", ["fq_wrong", "ü", "x" * 10_000])
async def test_an_unknown_key_is_401(settings: Make, queue: FakeQueue, key: str) -> None:
    _, entry = new_key("one")
    async with serving(settings(auth={"keys": [entry]}), queue) as api:
        answer = await api.get("/v1/transforms", headers={"authorization": f"bearer {key}".encode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.key_unknown")
    assert key not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/jobs", "jobs:write"),
        ("GET", "/v1/jobs/job_1", "jobs:read"),
        ("GET", "/v1/jobs/job_1/result", "jobs:read"),
        ("GET", "/v1/jobs/job_1/rejects", "jobs:read"),
        ("GET", "/v1/jobs/job_1/inputs/df", "jobs:read"),
        ("GET", "/v1/jobs/job_1/report", "jobs:read"),
        ("POST", "/v1/jobs/job_1/cancel", "jobs:write"),
        ("GET", "/v1/jobs/job_1/logs", "jobs:read"),
        ("POST", "/v1/jobs/batch", "jobs:write"),
        ("POST", "/v1/jobs/job_1/rerun", "jobs:write"),
        ("GET", "/v1/jobs/job_1/deliveries", "jobs:read"),
        ("GET", "/v1/jobs", "jobs:read"),
        ("DELETE", "/v1/jobs/job_1", "jobs:write"),
        ("GET", "/v1/jobs/job_1/events", "jobs:read"),
        ("POST", "/v1/frames", "frames"),
        ("GET", "/v1/frames/frm_1", "frames"),
        ("GET", "/v1/frames/frm_1/content", "frames"),
        ("DELETE", "/v1/frames/frm_1", "frames"),
        ("GET", "/v1/transforms", "jobs:read"),
        ("GET", "/metrics", "admin"),
    ],
)
async def test_a_missing_scope_is_403_and_named(
    settings: Make, queue: FakeQueue, method: str, path: str, scope: str
) -> None:
    others = {"jobs:write", "jobs:read", "frames", "debug", "admin"} - {scope}
    key, entry = new_key("one", frozenset(others))  # type: ignore[arg-type]
    async with serving(settings(auth={"keys": [entry]}), queue) as api:
        answer = await api.request(method, path, headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope_missing")
    assert scope in answer.json()["detail"]


async def test_tracebacks_need_the_scope_debug(settings: Make, queue: FakeQueue) -> None:
    key, entry = new_key("default", frozenset({"jobs:read"}))
    job = queue.failed()
    async with serving(settings(auth={"keys": [entry]}), queue) as api:
        answer = await api.get(f"/v1/jobs/{job.id}/report", headers=bearer(key))
    assert answer.json()["attempts"][0]["traceback"] is None
    assert "Trace..." not in answer.text


async def test_without_keys_loopback_is_open(api: httpx.AsyncClient) -> None:
    assert (await api.post("/v1/jobs", json=BODY)).status_code == 202


@pytest.mark.parametrize(
    "sections", [{"api": {"host": "0.0.0.0"}}, {"api": {"host": "example.org"}}, {"auth": {"mode": "keys"}}]
)
def test_without_keys_it_starts_nowhere_else(settings: Make, queue: FakeQueue, sections: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="FRAMEQUEUE_AUTH__KEYS") as caught:
        create_app(settings(**sections), queue)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_mode_none_starts_anywhere(settings: Make, queue: FakeQueue) -> None:
    create_app(settings(api={"host": "0.0.0.0"}, auth={"mode": "none"}), queue)  # type: ignore[arg-type]


async def test_keys_come_from_a_file_too(settings: Make, queue: FakeQueue, tmp_path: Path) -> None:
    key, entry = new_key("filed")
    path = tmp_path / "keys.json"
    path.write_text(f"[{entry.model_dump_json()}]")
    async with serving(settings(auth={"keys_file": path}), queue) as api:
        assert (await api.get("/v1/transforms", headers=bearer(key))).status_code == 200
        assert (await api.get("/v1/transforms")).status_code == 401


@pytest.mark.parametrize("text", [None, "{", "{}", json.dumps([{"sha256": "x", "tenant": "t", "scopes": []}])])
def test_a_keys_file_that_cannot_be_read_stops_the_start(
    settings: Make, queue: FakeQueue, tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "keys.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match="FRAMEQUEUE_AUTH__KEYS_FILE") as caught:
        create_app(settings(auth={"keys_file": path}), queue)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "")))
