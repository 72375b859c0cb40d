"""The examples of the OpenAPI document, each sent to the application: they are answered as the document says."""

import json
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator

from config import Settings
from service.app import ROOMS
from service.operations import EXAMPLE_CSV, EXAMPLE_PIPELINE, EXAMPLE_RECORDS
from service.routes.docs import example_jobs as examples
from tests.acceptance.running import Running
from tests.http.conftest import serving

JSON = "application/json"
OPERATIONS = sorted(
    (method.lower(), route.path_format)
    for room in ROOMS
    for route in room.router.routes
    if route.include_in_schema
    for method in route.methods
)
WAIT = {"prefer": "wait=30"}
ENVELOPE = {"pipeline": EXAMPLE_PIPELINE, "inputs": {"orders": {"records": EXAMPLE_RECORDS}}}
CSV = {"content": EXAMPLE_CSV, "headers": {"content-type": "text/csv"}}
# the frame as a body needs the pipeline beside it; nobody is told of what is only looked at
BESIDE = {"webhook": {"validate_only": "true"}}


@pytest.fixture
def ours(settings: Callable[..., Settings], valkey: str) -> Settings:
    """With a secret, or no webhook is accepted."""
    return settings(redis={"url": valkey}, webhooks={"secrets": {"default": ["whsec_" + "QUJD" * 10]}})


@pytest.fixture
async def api(ours: Settings, worker: Running) -> AsyncIterator[httpx.AsyncClient]:
    """The application, with a worker."""
    async with serving(ours) as client:
        yield client


@pytest.fixture
async def document(api: httpx.AsyncClient) -> dict[str, Any]:
    """What the application says of itself."""
    found: dict[str, Any] = (await api.get("/openapi.json")).json()
    return found


def values(document: dict[str, Any], content: dict[str, Any]) -> list[Any]:
    """The values of a media type's examples, which may be components."""
    given = content.get("examples", {}).values()
    named = document["components"]["examples"]
    return [(named[one["$ref"].rpartition("/")[2]] if "$ref" in one else one)["value"] for one in given]


@dataclass
class Example:
    """A request made of an operation's examples, and the words for it in a failure."""

    name: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    def with_parameter(self, parameter: dict[str, Any]) -> "Example":
        """The same with a parameter's example, written as OpenAPI says."""
        name, where = parameter["name"], parameter["in"]
        content = parameter.get("content", {}).get(JSON)
        value = (content or parameter)["example"]
        if content or isinstance(value, bool):
            value = json.dumps(value)
        path, query, headers = self.path, dict(self.query), dict(self.headers)
        if where == "path":
            path = path.replace(f"{{{name}}}", value)
        elif where == "header":
            headers[name] = value
        else:  # an object in the form style, exploded: its members are parameters
            query |= value if isinstance(value, dict) else {name: str(value)}
        return Example(f"{self.name}, {name}", path, query | BESIDE.get(name, {}), headers, self.body)


def body_of(media_type: str, value: Any) -> dict[str, Any]:
    """What httpx sends for a body's example."""
    if media_type == "multipart/form-data":
        parts = {name: (None, json.dumps(part), JSON) for name, part in value.items() if not isinstance(part, str)}
        return {"files": parts | {n: (f"{n}.csv", part, "text/csv") for n, part in value.items() if n not in parts}}
    content = value if isinstance(value, str) else json.dumps(value)
    return {"content": content, "headers": {"content-type": media_type}}


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every example of the body, by name; one without a body where the operation has none."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        for name, example in content.get("examples", {}).items():
            yield f"{media_type} {name}", body_of(media_type, example["value"])
    if "requestBody" not in operation:
        yield "no body", {}


def requests(path: str, operation: dict[str, Any]) -> Iterator[Example]:
    """The operation's body examples, each alone, and its optional parameters, each beside what must be there."""
    parameters = operation.get("parameters", [])
    optional = [one for one in parameters if not one.get("required")]
    pipeline = [one for one in optional if one["name"] == "pipeline"]
    for name, body in bodies(operation):
        made = Example(name, path, body=body)
        raw = name.startswith("text/csv")
        for one in (*(one for one in parameters if one.get("required")), *(pipeline if raw else ())):
            made = made.with_parameter(one)
        yield made
        if raw or not pipeline:
            yield from (made.with_parameter(one) for one in optional if one not in pipeline)


@dataclass
class Things:
    """What the ids in the examples stand for, made as an operation needs it."""

    api: httpx.AsyncClient

    async def job(self, **changes: Any) -> str:
        """A job that has ended."""
        made = await self.api.post("/v1/jobs", json=ENVELOPE | changes, headers=WAIT)
        assert made.status_code == 200, made.text
        return str(made.json()["id"])

    async def for_operation(self, method: str, path: str) -> dict[str, str]:
        """Id of the examples → id of something that is there."""
        found: dict[str, str] = {}
        if "/frames/" in path:
            found[examples.FRAME_ID_EXAMPLE] = (await self.api.post("/v1/frames", **CSV)).json()["id"]
        if "/jobs/{id}" in path:
            job = await self._job(method, path)
            found[examples.JOB_ID_EXAMPLE] = job
            events = (await self.api.get(f"/v1/jobs/{job}/events", params={"after": ""})).json()["events"]
            if events:
                found[examples.EVENT_ID_EXAMPLE] = events[0]["id"]
        if (method, path) == ("get", "/v1/jobs"):
            batch = await self.api.post("/v1/jobs/batch", json={"jobs": [ENVELOPE] * 2})
            found[examples.GROUP_EXAMPLE] = batch.json()["group"]
            page = await self.api.get("/v1/jobs", params={"limit": 1})
            found[examples.CURSOR_EXAMPLE] = page.json()["next_cursor"]
        return found

    async def _job(self, method: str, path: str) -> str:
        if path.endswith("/cancel"):
            return str((await self.api.post("/v1/jobs", json=ENVELOPE | {"delay_s": 600})).json()["id"])
        if path.endswith("/rejects"):
            query = {"pipeline": "[]", "on_row_error": "reject", "dtypes": '{"amount": "float64"}'}
            sent = {"content": "region,amount\nN,120.5\nS,x\n", "headers": {**WAIT, "content-type": "text/csv"}}
            return str((await self.api.post("/v1/jobs", params=query, **sent)).json()["id"])
        if path.endswith("/report"):  # behind a step whose columns depend on the data nothing is known at submit
            steps = [{"op": "dropna", "axis": "columns"}, {**EXAMPLE_PIPELINE[1], "by": ["regoin"]}]
            return await self.job(pipeline=steps)
        return await self.job()


def alike(value: Any, example: Any) -> bool:
    """Whether an answer has the members of its example; lists are compared by their first entries."""
    if isinstance(value, dict) and isinstance(example, dict):
        fixed = {"pipeline", "inputs", "labels", "parameters", "example"}
        return value.keys() == example.keys() and all(
            alike(value[name], example[name]) for name in value if name not in fixed
        )
    if isinstance(value, list) and isinstance(example, list):
        return not value or not example or alike(value[0], example[0])
    return True


def problems_of(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value under one of the document's schemas."""
    whole = {"allOf": [schema], "components": document["components"]}
    return [error.message for error in OAS31Validator(whole).iter_errors(value)]


def check(document: dict[str, Any], operation: dict[str, Any], answer: httpx.Response, sent: Example) -> None:
    """The answer has a status, a type, members and a form that the document tells."""
    said = f"{sent.name}: {answer.status_code} {answer.text[:300]}"
    assert answer.is_success, said
    documented = operation["responses"].get(str(answer.status_code))
    assert documented is not None, said
    if not answer.content:
        return
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in documented["content"], said
    content = documented["content"][media_type]
    if media_type != JSON:
        return
    assert problems_of(document, content.get("schema", {}), answer.json()) == [], said
    if answer.status_code == 206 or sent.query.keys() & {"orient", "columns", "offset"}:  # not what the example shows
        return
    given = values(document, content)
    assert any(alike(answer.json(), one) for one in given), said
    if isinstance(answer.json(), list) or "example" in answer.json():  # a frame, an op: to the last value
        assert answer.json() in given, said


def put_in(text: str, things: dict[str, str]) -> str:
    """The text with ids that are there."""
    return re.sub("|".join(map(re.escape, things)) or "$^", lambda found: things[found[0]], text)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_an_operation_answers_as_its_examples_say(
    api: httpx.AsyncClient, document: dict[str, Any], method: str, path: str
) -> None:
    """Contract: everything appears in the OpenAPI document, with examples that run."""
    operation = document["paths"][path][method]
    things = await Things(api).for_operation(method, path)
    sent = list(requests(path, operation))
    assert sent, "an example at least"
    for one in sent:
        headers = {**one.body.get("headers", {}), **{name: put_in(v, things) for name, v in one.headers.items()}}
        if "Idempotency-Key" in headers:
            headers["Idempotency-Key"] += secrets.token_hex(4)  # the examples share a name, and are not one request
        query = {name: put_in(value, things) for name, value in one.query.items()}
        answer = await api.request(
            method.upper(), put_in(one.path, things), params=query, **one.body | {"headers": headers}
        )
        check(document, operation, answer, one)


def lacking(operation: dict[str, Any]) -> Iterator[str]:
    """What of an operation has no example."""
    for parameter in operation.get("parameters", ()):
        if "example" not in parameter and not any("example" in one for one in parameter.get("content", {}).values()):
            yield f"parameter {parameter['name']}"
    if "requestBody" in operation and not list(bodies(operation)):
        yield "body"
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if status.startswith("2") and status != "206" and content:
            if not any({"example", "examples"} & one.keys() for one in content.values()):
                yield f"answer {status}"
            if JSON in content and not {"example", "examples"} & content[JSON].keys():
                yield f"answer {status} as JSON"


async def test_no_operation_is_without_examples(document: dict[str, Any]) -> None:
    """Contract: everything appears in the OpenAPI document, with examples."""
    found = [(method, path) for path, methods in document["paths"].items() for method in methods]
    assert sorted(found) == OPERATIONS
    assert {(m, p): missing for m, p in found if (missing := list(lacking(document["paths"][p][m])))} == {}


async def test_an_example_of_an_answer_fits_its_schema(document: dict[str, Any]) -> None:
    """Contract: everything appears in the OpenAPI document; its examples are true to its schemas."""
    count = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                for media_type, content in answer.get("content", {}).items():
                    for one in values(document, content):
                        wrong = problems_of(document, content.get("schema", {}), one)
                        assert wrong == [], (method, path, status, media_type)
                        count += 1
    assert count >= 25


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        ({"responses": {"200": {"content": {JSON: {}}}}}, ["answer 200", "answer 200 as JSON"]),
        ({"responses": {}, "requestBody": {"content": {JSON: {}}}}, ["body"]),
        ({"responses": {}, "parameters": [{"name": "a", "in": "query"}]}, ["parameter a"]),
        ({"responses": {"204": {}}}, []),
    ],
)
def test_what_lacks_is_found(operation: dict[str, Any], found: list[str]) -> None:
    assert list(lacking(operation)) == found


async def test_a_wrong_answer_is_found(document: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/JobBody"}
    assert problems_of(document, schema, examples.ENDED) == []
    assert problems_of(document, schema, {**examples.ENDED, "state": "asleep"}) != []
    assert not alike({"jobs": [{"id": 1}]}, {"jobs": [{"name": 1}]})
