"""Submissions that are long: bounded before values are made of them, and read beside the event loop."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from config import Settings
from tests.http.conftest import serving
from tests.http.fake import FakeQueue

JSON = {"content-type": "application/json"}
RENAME = {f"column{number}": f"c{number}" for number in range(20_000)}


@pytest.fixture
async def roomy(settings: Callable[..., Settings], queue: FakeQueue) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the limits as they are by default."""
    async with serving(settings(), queue) as client:
        yield client


def envelope(pipeline: object, **others: object) -> bytes:
    """An envelope with one small input, as text."""
    return json.dumps({"pipeline": pipeline, "inputs": {"x": {"records": []}}, **others}).encode()


async def test_a_pipeline_has_a_size_of_its_own(roomy: httpx.AsyncClient, queue: FakeQueue) -> None:
    body = envelope([{"op": "rename", "columns": RENAME}])
    answer = await roomy.post("/v1/jobs", content=body, headers=JSON)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (413, "limit.pipeline_bytes")
    assert problem["errors"][0]["pointer"] == "/pipeline"
    assert "limits.pipeline_bytes" in problem["detail"]
    files = {"job": (None, body.decode())}
    assert (await roomy.post("/v1/jobs", files=files)).json()["code"] == "limit.pipeline_bytes"
    assert (queue.jobs, queue.blobs) == ({}, {})


async def test_the_size_counts_in_the_query_before_the_body_is_read(
    settings: Callable[..., Settings], queue: FakeQueue
) -> None:
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    pipeline = json.dumps([{"op": "head", "n": 1}])
    async with serving(settings(limits={"pipeline_bytes": len(pipeline) - 1}), queue) as api:
        answer = await api.post(
            "/v1/jobs", params={"pipeline": pipeline}, content=body(), headers={"content-type": "text/csv"}
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "limit.pipeline_bytes")
    async with serving(settings(limits={"pipeline_bytes": len(pipeline)}), queue) as api:
        answer = await api.post(
            "/v1/jobs", params={"pipeline": pipeline}, content="a\n1\n", headers={"content-type": "text/csv"}
        )
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("others", "pointer"),
    [
        ({"labels": {f"k{number}": "v" for number in range(20_000)}}, "/labels"),
        (
            {"inputs": {"x": {"records": [], "dtypes": {f"k{number}": "str" for number in range(90_000)}}}},
            "/inputs/x/dtypes",
        ),
    ],
)
async def test_other_words_are_measured_as_well(
    roomy: httpx.AsyncClient, queue: FakeQueue, others: dict[str, object], pointer: str
) -> None:
    answer = await roomy.post("/v1/jobs", content=envelope([], **others), headers=JSON)
    problem = answer.json()
    assert (answer.status_code, problem["errors"][0]["pointer"]) == (413, pointer)
    assert (queue.jobs, queue.blobs) == ({}, {})


async def test_the_event_loop_turns_while_a_long_pipeline_is_checked(roomy: httpx.AsyncClient) -> None:
    steps = [{"op": "assign", "columns": {f"c{number}": "a + 1" for number in range(8_000)}}]
    body = envelope(steps, inputs={"x": {"records": [{"a": 1}]}})
    posting = asyncio.create_task(roomy.post("/v1/jobs", content=body, headers=JSON))
    began, turns = time.perf_counter(), 0
    while not posting.done():
        await asyncio.sleep(0.001)
        turns += 1
    took = time.perf_counter() - began
    assert (await posting).status_code == 202
    assert turns > took / 0.1, f"{turns} turns in {took:.2f} s"


async def test_a_long_unknown_name_is_not_repeated(roomy: httpx.AsyncClient) -> None:
    answer = await roomy.post("/v1/jobs", content=envelope([], **{"x" * 1_000_000: 1}), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "spec.field_unknown")
    assert len(answer.content) < 2_000


async def test_long_text_is_malformed_at_its_place(roomy: httpx.AsyncClient) -> None:
    line = ' "labels": {"ü": "' + "ü" * 1_200_000 + '"} '
    answer = await roomy.post("/v1/jobs", content=f'{{"pipeline": [],\n{line}x}}'.encode(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "json.malformed")
    assert answer.json()["detail"].endswith(f"line 2, column {len(line) + 1}")


async def test_a_step_that_is_no_object_gets_an_example(roomy: httpx.AsyncClient) -> None:
    answer = await roomy.post("/v1/jobs", content=envelope(["head"]), headers=JSON)
    problem = answer.json()
    assert (answer.status_code, problem["errors"][0]["pointer"]) == (422, "/pipeline/0")
    assert 'such as {"op": "head"}' in problem["detail"]


async def test_a_table_without_a_pipeline_is_told_how_to_go_alone(roomy: httpx.AsyncClient) -> None:
    table = {"content": "a\n1\n", "headers": {"content-type": "text/csv"}}
    answer = await roomy.post("/v1/jobs", **table)  # type: ignore[arg-type]  # the keywords of a request
    assert (answer.status_code, answer.json()["code"]) == (415, "format.unsupported")
    assert answer.json()["detail"].index("?pipeline=[]") < answer.json()["detail"].index("application/json")
    assert (await roomy.post("/v1/jobs?pipeline=[]", **table)).status_code == 202  # type: ignore[arg-type]  # as above
