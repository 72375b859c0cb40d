"""Frames, the catalogue, probes and the OpenAPI document."""

import html
import json
import re
import shlex
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from config import Settings
from jobs.errors import FramequeueError, InputGone, InputMalformed, QueueFull, StoreFull, StoreUnavailable
from jobs.health import Health
from service.docs_page import docs_page
from service.operations import EXAMPLE_CSV
from service.problems import STATUS
from tests.http.conftest import serving
from tests.http.fake import FakeQueue

CSV = {"content": "a\n1\n2\n", "headers": {"content-type": "text/csv"}}


async def test_a_frame_is_kept_shown_given_back_and_forgotten(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    made = await api.post("/v1/frames", **CSV)
    frame = made.json()
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/frames/{frame['id']}")
    assert frame.keys() == {"id", "rows", "columns", "bytes", "expires_at"}
    assert (frame["rows"], frame["bytes"]) == (2, 6)
    assert (await api.get(made.headers["location"])).json() == frame
    content = await api.get(f"{made.headers['location']}/content?format=ndjson")
    assert content.text.splitlines() == ['{"a":1}', '{"a":2}']
    assert (await api.get(f"{made.headers['location']}/content", headers={"accept": "x/y"})).status_code == 406
    gone = await api.delete(made.headers["location"])
    assert (gone.status_code, gone.content) == (204, b"")
    for call in (api.get, api.delete):
        assert (await call(made.headers["location"])).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"content": b""}, 422, "input.empty"),
        ({"content": b"x" * 200_001}, 413, "limit.body_bytes"),
        ({"headers": {"content-type": "image/png"}}, 415, "format.unsupported"),
        ({"headers": {}}, 415, "format.unsupported"),
        ({"headers": {"content-type": "text/csv", "content-encoding": "br"}}, 415, "format.encoding_unsupported"),
        ({"params": {"dtypes": "{}"}}, 422, "spec.field_unknown"),
    ],
)
async def test_a_frame_that_is_refused(
    api: httpx.AsyncClient, queue: FakeQueue, change: dict[str, Any], status: int, code: str
) -> None:
    answer = await api.post("/v1/frames", **CSV | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (queue.blobs, queue.open_uploads) == ({}, 0)


async def test_a_frame_that_cannot_be_read_is_refused_at_once(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    queue.fails = InputMalformed("row 3 has two fields", row=3)
    answer = await api.post("/v1/frames", **CSV)
    assert (answer.status_code, answer.json()["errors"][0]["row"]) == (422, 3)
    assert queue.blobs == {}


@pytest.mark.parametrize("error", [QueueFull(7), StoreFull(), InputGone("the stored bytes are gone")])
async def test_a_frame_that_the_store_refuses_leaves_nothing(
    api: httpx.AsyncClient, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch, error: FramequeueError
) -> None:
    async def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(queue, "add_frame", refuse)
    answer = await api.post("/v1/frames", **CSV)
    assert (answer.status_code, answer.json()["code"]) == (STATUS[error.code], error.code)
    assert queue.blobs == {}


async def test_the_catalogue(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    listed = await api.get("/v1/transforms")
    ops = {one["op"]: one for one in listed.json()["transforms"]}
    assert ops.keys() == set(queue.catalogue)
    one = await api.get("/v1/transforms/groupby")
    assert one.json() == ops["groupby"]
    assert one.json().keys() == {"op", "family", "summary", "parameters", "example"}
    again = await api.get("/v1/transforms", headers={"if-none-match": listed.headers["etag"]})
    assert again.status_code == 304
    assert (await api.get("/v1/transforms/no%0aop")).status_code == 404


@pytest.mark.parametrize(
    ("health", "status", "word"),
    [
        (Health(redis=None, workers=2, queued=5), 200, ""),
        (Health(redis=None, warnings=("no worker is present",)), 200, "no worker"),
        (Health(redis=None, workers=1, warnings=("appendonly is off",)), 200, "appendonly"),
        (Health(redis="connection refused"), 503, "connection refused"),
        (Health(redis="gone", since_ms=1_700_000_000_000), 503, "gone (since 2023-11-14T22:13:20Z)"),
        (Health(redis=None, workers=1, problems=("no worker has the transforms",)), 503, "transforms"),
    ],
)
async def test_readiness(api: httpx.AsyncClient, queue: FakeQueue, health: Health, status: int, word: str) -> None:
    queue.state = health
    answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (status, status == 200)
    assert word in str(answer.json())
    assert answer.json()["queued"] == health.queued
    assert (await api.get("/livez")).status_code == 200


async def test_reading_is_503_while_the_store_is_away(
    settings: Callable[..., Settings], api: httpx.AsyncClient, queue: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(queue, "get", away)
    answer = await api.get("/v1/jobs/job_1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_the_queue_starts_and_closes_with_the_application(
    settings: Callable[..., Settings], queue: FakeQueue
) -> None:
    async with serving(settings(), queue):
        assert (queue.started, queue.closed) == (True, False)
    assert queue.closed


def references(node: Any) -> list[str]:
    """Every `$ref` below a node."""
    if isinstance(node, list):
        return [ref for child in node for ref in references(child)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [ref for child in node.values() for ref in references(child)]


async def test_the_document_is_whole(api: httpx.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) == 26
    assert len({one["operationId"] for one in operations}) == len(operations)
    for one in operations:
        assert one["summary"]
        assert "500" in one["responses"]
        assert "Successful Response" not in str(one["responses"])
        assert one["security"]
    for ref in references(document):
        node = document
        for part in ref.removeprefix("#/").split("/"):
            node = node[part]
    paths = set(document["paths"])
    assert paths >= {"/v1/jobs", "/v1/jobs/{id}/result", "/v1/frames/{id}/content", "/livez", "/readyz"}
    for path, methods in document["paths"].items():
        for one in methods.values():
            named = {parameter["name"] for parameter in one.get("parameters", ()) if parameter["in"] == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}


async def test_the_documents_examples_run(api: httpx.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    submit = document["paths"]["/v1/jobs"]["post"]
    (envelope,) = submit["requestBody"]["content"]["application/json"]["examples"].values()
    assert (await api.post("/v1/jobs", json=envelope["value"])).status_code == 202
    pipeline = json.dumps(envelope["value"]["pipeline"])
    (table,) = submit["requestBody"]["content"]["text/csv"]["examples"].values()
    assert table["value"] == EXAMPLE_CSV
    for path, query in (("/v1/jobs", {"pipeline": pipeline}), ("/v1/frames", {})):
        answer = await api.post(path, params=query, content=table["value"], headers={"content-type": "text/csv"})
        assert answer.status_code in (201, 202)


async def test_the_root_leads_to_the_docs(api: httpx.AsyncClient) -> None:
    answer = await api.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


def prose(text: str) -> str:
    return re.sub("`(.+?)`", r"<code>\1</code>", html.escape(text))


def method_of(call: str) -> str:
    """The method that curl sends."""
    words = shlex.split(call)
    if "--request" in words:
        return words[words.index("--request") + 1]
    return "HEAD" if "--head" in words else "POST" if "--data-binary" in words else "GET"


async def test_every_call_on_the_docs_page_has_its_operations_method(api: httpx.AsyncClient) -> None:
    text = (await api.get("/docs")).text
    found = re.findall(r"<h2><b>(\w+)</b> <code>(.*?)</code>.*?<pre>(.*?)</pre>", text, re.DOTALL)
    assert {"/v1/jobs/{id}/cancel", "/v1/jobs/{id}/rerun"} <= {path for _, path, _ in found}
    for method, path, call in found:
        assert method_of(html.unescape(call)) == method, path


async def test_the_docs_page_needs_nothing_from_elsewhere(api: httpx.AsyncClient) -> None:
    answer = await api.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "./openapi.json" in answer.text
    plain = answer.text.partition("<main")[2].partition("</main>")[0]
    document = (await api.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            heading = f"<b>{method.upper()}</b> <code>{path}</code></h2><p>{prose(one['summary'])}</p>"
            assert heading in plain, heading
    assert "`" not in re.sub(r"<pre>.*?</pre>", "", plain, flags=re.DOTALL)
    calls = [html.unescape(call) for call in re.findall(r"<pre>(.*?)</pre>", plain, re.DOTALL)]
    for call in calls:
        words = shlex.split(call)
        assert (words[0], words[-1].startswith("http://api/"), "{" in words[-1]) == ("curl", True, False)
    submit = shlex.split(next(call for call in calls if call.endswith("/v1/jobs")))
    sent = {"content": submit[submit.index("--data-binary") + 1], "headers": {"content-type": "application/json"}}
    assert (await api.post("/v1/jobs", **sent)).status_code == 202


def test_the_docs_page_escapes_what_it_shows() -> None:
    hostile = "<script>$x'\""
    one = {"summary": hostile, "description": hostile}
    page = docs_page(
        {"info": {"title": hostile, "version": "1", "description": hostile}, "paths": {hostile: {"get": one}}}, hostile
    )
    assert "<script>$x" not in page
    assert page.count("&lt;script&gt;$x") >= 6
