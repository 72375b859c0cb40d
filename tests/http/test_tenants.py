"""Tenants never see each other: every operation that names something of a tenant's, found in the OpenAPI document.

A new route is covered by itself: it is called with the ids of another tenant, and must answer as for ids of nobody.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from config import Settings
from service.app import create_app
from service.auth import new_key
from tests.http.conftest import serving
from tests.http.fake import FakeQueue

CSV = "region,amount\nN,120.5\nS,80.0\n"
NOBODYS = {"job": "job_" + "z" * 24, "frm": "frm_" + "z" * 24, "grp": "grp_" + "z" * 24}


def operations() -> list[tuple[str, str]]:
    """Method and path of every operation whose path has an id."""
    document = create_app(Settings(_env_file=None), FakeQueue()).openapi()  # type: ignore[arg-type]
    return [
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if re.search(r"\{(\w*_)?id\}", path)
    ]


def listings() -> list[str]:
    """The GETs without an id: what they show depends on who asks, or on nobody."""
    document = create_app(Settings(_env_file=None), FakeQueue()).openapi()  # type: ignore[arg-type]
    return [path for path, methods in document["paths"].items() if "get" in methods and "{" not in path]


@dataclass(frozen=True)
class Tenants:
    """A service with two tenants; `theirs` are ids of the other one's, which all exist."""

    client: httpx.AsyncClient
    ours: dict[str, str]
    other: dict[str, str]
    theirs: dict[str, list[str]]

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.client.request(method, path, headers=self.ours | more.pop("headers", {}), **more)


@pytest.fixture
async def tenants(settings: Callable[..., Settings], valkey: str, worker: None) -> AsyncIterator[Tenants]:
    (our_key, ours), (their_key, theirs) = new_key("ours"), new_key("theirs")
    us, them = {"authorization": f"Bearer {our_key}"}, {"authorization": f"Bearer {their_key}"}
    async with serving(settings(redis={"url": valkey}, auth={"keys": [ours, theirs]}), None) as client:
        csv = {"content-type": "text/csv"}
        done = await client.post(
            "/v1/jobs", params={"pipeline": "[]"}, content=CSV, headers={**them, **csv, "prefer": "wait=30"}
        )
        failed = await client.post(
            "/v1/jobs",
            params={"pipeline": "[]", "dtypes": json.dumps({"region": "int64"})},
            content=CSV,
            headers={**them, **csv, "prefer": "wait=30"},
        )
        late = await client.post(
            "/v1/jobs", params={"pipeline": "[]", "delay_s": "1000"}, content=CSV, headers={**them, **csv}
        )
        frame = await client.post("/v1/frames", content=CSV, headers={**them, **csv})
        states = [one.json()["state"] for one in (done, failed, late)]
        assert states == ["succeeded", "failed", "waiting"]
        jobs = [one.json()["id"] for one in (done, failed, late)]
        yield Tenants(client, us, them, {"job": jobs, "frm": [frame.json()["id"]]})
        # what was tried has changed nothing of theirs
        now = [(await client.get(f"/v1/jobs/{one}", headers=them)).json()["state"] for one in jobs]
        assert now == states
        assert (await client.get(f"/v1/frames/{frame.json()['id']}", headers=them)).status_code == 200


def _without(answer: httpx.Response, *ids: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body, without what names the id or the request itself."""

    def plain(text: str) -> str:
        for one in ids:
            text = text.replace(one, "<id>")
        return re.sub(r'"trace_id":"[0-9a-f]{32}"', '"trace_id":""', text)

    return answer.status_code, {name: plain(value) for name, value in answer.headers.items()}, plain(answer.text)


def _kind(path: str) -> str:
    return "frm" if path.startswith("/v1/frames") else "job"


HEADERS: tuple[dict[str, str], ...] = ({}, {"prefer": "wait=1"}, {"last-event-id": "1-1"}, {"if-none-match": '"1"'})


async def test_anothers_id_is_answered_as_nobodys(tenants: Tenants) -> None:
    """Contract: another tenant's id answers exactly as an unknown one."""
    assert len(operations()) >= 8
    for method, path in operations():
        kind = _kind(path)
        nobody = NOBODYS[kind]
        for other in tenants.theirs[kind]:
            for extra in HEADERS:
                theirs = await tenants.ask(method, re.sub(r"\{\w+\}", other, path), headers=extra)
                nobodys = await tenants.ask(method, re.sub(r"\{\w+\}", nobody, path), headers=extra)
                assert theirs.status_code in (404, 406, 415, 422), (method, path, theirs.text)
                assert _without(theirs, other) == _without(nobodys, nobody), (method, path)


async def test_anothers_id_as_an_input_is_answered_as_nobodys(tenants: Tenants) -> None:
    """Contract: an input that does not exist is 422 `input.unknown`; another tenant's does not."""
    for kind, prefix in (("frame", "frm"), ("job", "job")):
        for other in tenants.theirs[prefix]:
            answers = [
                await tenants.ask("POST", "/v1/jobs", json={"pipeline": [], "inputs": {"df": {kind: one}}})
                for one in (other, NOBODYS[prefix])
            ]
            assert answers[0].status_code == 422
            assert _without(answers[0], other) == _without(answers[1], NOBODYS[prefix])


async def test_no_listing_shows_anything_of_anothers(tenants: Tenants) -> None:
    """Contract: tenants never see each other, in any route."""
    for path in listings():
        answer = await tenants.ask("GET", path)
        for other in (*tenants.theirs["job"], *tenants.theirs["frm"], "theirs"):
            assert f'"{other}"' not in answer.text, path
            assert not any(other in value for value in answer.headers.values())


async def test_a_cursor_of_anothers_is_refused_or_shows_nothing_of_theirs(tenants: Tenants) -> None:
    """Contract: tenants never see each other, in any cursor."""
    if "/v1/jobs" not in listings():
        return
    first = await tenants.client.get("/v1/jobs", params={"limit": "1"}, headers=tenants.other)
    cursor = first.json()["next_cursor"]
    assert cursor
    answer = await tenants.ask("GET", "/v1/jobs", params={"limit": "1", "cursor": cursor})
    assert not any(one in answer.text for one in tenants.theirs["job"])


async def test_metrics_name_nobody(tenants: Tenants) -> None:
    """Contract: tenants never see each other, in any metric label."""
    answer = await tenants.ask("GET", "/metrics")
    assert answer.status_code == 200
    for word in ("theirs", "ours", *tenants.theirs["job"], *tenants.theirs["frm"]):
        assert word not in answer.text
