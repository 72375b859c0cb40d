"""`POST /v1/jobs?validate_only=true`: what would be refused, what would come out, and nothing that stays."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from config import Settings
from tests.http.conftest import serving
from tests.http.fake import FakeQueue

PATH = "/v1/jobs?validate_only=true"
CSV = "region,amount\nN,120.5\nS,80.0\n"
RECORDS = [{"region": "N", "amount": 120.5}, {"region": "S", "amount": 80.0}]
TOTALS = [
    {"op": "query", "expr": "amount > 100"},
    {"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"]}},
]
WRONG = [TOTALS[0], {**TOTALS[1], "by": ["regoin"]}]


async def in_each_body(api: httpx.AsyncClient, pipeline: Any, *, only: bool = True) -> list[httpx.Response]:
    """The same submission as an envelope, as multipart and as the frame itself."""
    text = json.dumps(pipeline)
    path = PATH if only else "/v1/jobs"
    word = {"validate_only": "true"} if only else {}
    headers = {"content-type": "text/csv"}
    return [
        await api.post(path, json={"pipeline": pipeline, "inputs": {"df": {"records": RECORDS}}}),
        await api.post(
            path, files={"job": (None, json.dumps({"pipeline": pipeline})), "df": ("df.csv", CSV, "text/csv")}
        ),
        await api.post("/v1/jobs", params={"pipeline": text, **word}, content=CSV, headers=headers),
    ]


async def test_a_good_submission_has_a_plan_and_leaves_nothing(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: validate_only answers 200 {"valid", "problems", "plan"}; nothing is stored."""
    for answer in await in_each_body(api, TOTALS):
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["valid"], found["problems"]) == (True, [])
        first, last = found["plan"]["steps"]
        assert [column["name"] for column in first["columns"]] == ["region", "amount"]
        assert last == {
            "op": "groupby",
            "columns": [
                {"name": "region", "dtype": "str", "nullable": True},
                {"name": "total", "dtype": "float64", "nullable": True},
            ],
            "rows_estimate": 2,
        }
        assert found["plan"]["memory_estimate_bytes"] >= 2 * len(CSV)
    assert (queue.jobs, queue.blobs) == ({}, {})


async def test_a_wrong_column_is_a_problem_with_a_pointer(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    """Contract: an unknown column is a 422 that points at the step, with a suggestion."""
    for answer in await in_each_body(api, WRONG):
        assert answer.status_code == 200, answer.text
        found = answer.json()
        (problem,) = found["problems"]
        assert found["valid"] is False
        assert (problem["code"], problem["status"]) == ("transform.column_unknown", 422)
        assert problem["detail"] == "step 2 (groupby): no column 'regoin'; did you mean 'region'?"
        assert problem["errors"][0]["pointer"] == "/pipeline/1/by/0"
        assert (problem["instance"], problem["retryable"]) == ("/v1/jobs", False)
        assert [step["columns"] is None for step in found["plan"]["steps"]] == [False, True]
    for answer in await in_each_body(api, WRONG, only=False):
        refused = answer.json()
        assert (answer.status_code, refused["code"]) == (422, problem["code"])
        assert (refused["detail"], refused["errors"]) == (problem["detail"], problem["errors"])
    assert (queue.jobs, queue.blobs) == ({}, {})


async def test_the_same_check_passes_again_and_new_data_is_checked_anew(api: httpx.AsyncClient) -> None:
    for amount, status in ((1.5, 202), (2, 202), (3.5, 202), ("a", 422), (1.5, 202), ("a", 422), (None, 202)):
        body = {"pipeline": TOTALS, "inputs": {"df": {"records": [{"region": "N", "amount": amount}]}}}
        assert (await api.post("/v1/jobs", json=body)).status_code == status, amount


async def test_all_that_is_wrong_is_told(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    steps = [{"op": "haed"}, {"op": "head", "m": 1}, {"op": "query", "expr": "a >"}]
    sources = {"x": {"records": []}, "y": {"frame": "frm_none"}, "z": {"columns": []}}
    answer = await api.post(PATH, json={"pipeline": [{"from": "x", **steps[0]}, *steps[1:]], "inputs": sources})
    found = answer.json()
    assert (answer.status_code, found["valid"], found["plan"]) == (200, False, None)
    told = [(problem["code"], problem["errors"][0]["pointer"]) for problem in found["problems"]]
    assert told == [
        ("pipeline.op_unknown", "/pipeline/0/op"),
        ("pipeline.argument_unknown", "/pipeline/1/m"),
        ("expression.syntax", "/pipeline/2/expr"),
        ("input.unknown", "/inputs/y/frame"),
        ("spec.invalid", "/inputs/z/columns"),
    ]
    assert all(problem["title"] and problem["status"] == 422 for problem in found["problems"])
    assert queue.blobs == {}


async def test_dtypes_are_checked_with_the_pipeline(api: httpx.AsyncClient) -> None:
    inputs = {"df": {"records": RECORDS, "dtypes": {"amuont": "int64"}}}
    found = (await api.post(PATH, json={"pipeline": [{"op": "head"}], "inputs": inputs})).json()
    (problem,) = found["problems"]
    assert (problem["code"], problem["errors"][0]["pointer"]) == (
        "transform.column_unknown",
        "/inputs/df/dtypes/amuont",
    )
    inputs = {"df": {"records": RECORDS, "dtypes": {"amount": "int46"}}}
    refused = await api.post("/v1/jobs", json={"pipeline": [{"op": "head"}], "inputs": inputs})
    assert (refused.status_code, refused.json()["code"]) == (422, "spec.invalid")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"pipeline": [', {"content-type": "application/json"}, 400),
        (b'{"pipeline": [], "inputs": {"x": {"records": [' + b'"a",' * 10_000 + b"]}}}", {}, 413),
        (b"a,b", {"content-type": "text/csv"}, 415),
        (b"x", {"content-type": "multipart/form-data; boundary=x"}, 400),
    ],
)
async def test_what_is_no_submission_is_refused_as_ever(
    api: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    """Contract: 400 syntax, 413 too large, 415 unsupported, validate_only or not."""
    answer = await api.post(PATH, content=body, headers={"content-type": "application/json", **headers})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "envelope", [{"pipeline": [], "inputs": {}}, {"inputs": {}}, {"pipeline": [], "inptus": {}}, {"pipeline": [5]}]
)
async def test_a_wrong_envelope_is_a_problem_without_a_plan(api: httpx.AsyncClient, envelope: Any) -> None:
    answer = await api.post(PATH, json=envelope)
    found = answer.json()
    assert (answer.status_code, found["valid"], found["plan"]) == (200, False, None)
    assert [problem["status"] for problem in found["problems"]] == [422]


async def test_the_word_is_true_or_false(api: httpx.AsyncClient, queue: FakeQueue) -> None:
    body = {"pipeline": [], "inputs": {"df": {"records": RECORDS}}}
    for query in ("validate_only=1", "validate_only=", "validate_only=True", "validate_only=true&validate_only=true"):
        answer = await api.post(f"/v1/jobs?{query}", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/validate_only"), query
    assert queue.jobs == {}
    assert (await api.post("/v1/jobs?validate_only=false", json=body)).status_code == 202
    raw = {"pipeline": "[]", "validate_only": "false"}
    made = await api.post("/v1/jobs", params=raw, content=CSV, headers={"content-type": "text/csv"})
    assert made.status_code == 202


@pytest.fixture
async def stored(settings: Callable[..., Settings], valkey: str) -> AsyncIterator[tuple[httpx.AsyncClient, "Redis"]]:
    """The application on a real Valkey without a worker, and the Valkey."""
    redis: Redis = Redis.from_url(valkey)
    async with serving(settings(redis={"url": valkey})) as client:
        yield client, redis
    await redis.aclose()


async def test_a_large_body_leaves_no_key(stored: tuple[httpx.AsyncClient, "Redis"]) -> None:
    """Contract: validate_only stores nothing, however large the body."""
    api, redis = stored
    before = set(await redis.keys())
    rows = "".join(f"{n},text {n}\n" for n in range(100_000))
    query = {"pipeline": json.dumps([{"op": "query", "expr": "n > 5"}]), "validate_only": "true"}
    answer = await api.post("/v1/jobs", params=query, content="n,t\n" + rows, headers={"content-type": "text/csv"})
    (step,) = answer.json()["plan"]["steps"]
    assert [column["dtype"] for column in step["columns"]] == ["int64", "str"]
    assert step["rows_estimate"] == pytest.approx(100_000, rel=0.3)
    wrong = {**query, "pipeline": json.dumps([{"op": "select", "columns": "m"}])}
    answer = await api.post("/v1/jobs", params=wrong, content="n,t\n" + rows, headers={"content-type": "text/csv"})
    assert [problem["code"] for problem in answer.json()["problems"]] == ["transform.column_unknown"]
    refused = {"pipeline": wrong["pipeline"]}
    answer = await api.post("/v1/jobs", params=refused, content="n,t\n" + rows, headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (422, "transform.column_unknown")
    assert set(await redis.keys()) == before


def shown(part: str) -> Any:
    """An example of the page."""
    page = (Path(__file__).parents[2] / "docs" / "planning.md").read_text(encoding="utf-8")
    return json.loads(page.split(f"<!-- example: {part} -->\n```json\n")[1].split("```")[0])


async def test_the_page_shows_what_is_answered(api: httpx.AsyncClient) -> None:
    request, answer, problem = map(shown, ("request", "answer", "problem"))
    assert (await api.post(PATH, json=request)).json() == answer
    request["pipeline"][1]["by"] = ["regoin"]
    found = (await api.post(PATH, json=request)).json()
    assert {name: found["problems"][0][name] for name in problem} == problem
