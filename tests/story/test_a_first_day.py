"""A first day with framequeue, from a table in a request to a result that another service fetches."""

import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from config import Settings
from tests.http.conftest import serving

ORDERS = [
    {"region": "N", "status": "paid", "amount": 120.5},
    {"region": "S", "status": "paid", "amount": 80.0},
    {"region": "N", "status": "open", "amount": 10.0},
]


@pytest.fixture
async def api(settings: Callable[..., Settings], valkey: str, worker: None) -> AsyncIterator[httpx.AsyncClient]:
    """An API and a worker on the same Redis: all there is to set up."""
    async with serving(settings(redis={"url": valkey})) as client:
        yield client


async def test_1_send_a_table_and_steps_and_get_a_job_id_at_once(api: httpx.AsyncClient) -> None:
    pipeline = [{"op": "query", "expr": "status == 'paid'"}, {"op": "sort_values", "by": "amount"}]
    answer = await api.post("/v1/jobs", json={"pipeline": pipeline, "inputs": {"orders": {"records": ORDERS}}})
    assert answer.status_code == 202
    job = answer.json()
    assert job["id"].startswith("job_")
    assert answer.headers["location"] == job["links"]["self"] == f"/v1/jobs/{job['id']}"

    # whoever knows the id waits for it, without polling, and fetches the result in a format of their choice
    done = (await api.get(job["links"]["self"], headers={"prefer": "wait=30"})).json()
    assert done["state"] == "succeeded"
    assert [column["name"] for column in done["result"]["columns"]] == ["region", "status", "amount"]
    csv = await api.get(job["links"]["result"], headers={"accept": "text/csv"})
    assert csv.text.splitlines() == ["region,status,amount", "S,paid,80.0", "N,paid,120.5"]
    assert (await api.get(job["links"]["result"], params={"columns": "amount", "limit": 1})).json() == [
        {"amount": 80.0}
    ]


async def test_2_wait_in_the_same_request(api: httpx.AsyncClient) -> None:
    pipeline = [{"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"], "orders": [None, "size"]}}]
    body = {"pipeline": pipeline, "inputs": {"orders": {"records": ORDERS}}}
    answer = await api.post("/v1/jobs", json=body, headers={"prefer": "wait=30"})
    assert answer.status_code == 200
    assert answer.json()["result"]["preview"]["records"] == [
        {"region": "N", "total": 130.5, "orders": 2},
        {"region": "S", "total": 80.0, "orders": 1},
    ]


async def test_3_upload_a_file_once_and_use_it_twice(api: httpx.AsyncClient) -> None:
    answer = await api.post(
        "/v1/frames", content="zip,amount\n00501,1.5\n10001,2.5\n", headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 201
    frame = answer.json()
    assert frame["rows"] == 2
    # "00501" is no number: leading zeros stay
    assert frame["columns"][0] == {"name": "zip", "dtype": "str", "nullable": False}
    for expr, left in (("amount > 2", ["10001"]), ("zip.str.startswith('005')", ["00501"])):
        body = {"pipeline": [{"op": "query", "expr": expr}], "inputs": {"df": {"frame": frame["id"]}}}
        job = (await api.post("/v1/jobs", json=body, headers={"prefer": "wait=30"})).json()
        assert [row["zip"] for row in job["result"]["preview"]["records"]] == left


async def test_4_join_two_tables_sent_as_parts(api: httpx.AsyncClient) -> None:
    pipeline = [
        {"op": "merge", "from": "orders", "right": "regions", "on": "region", "how": "left"},
        {"op": "select", "columns": ["name", "amount"]},
    ]
    parts = {
        "job": (None, json.dumps({"pipeline": pipeline})),
        "orders": ("orders.json", json.dumps(ORDERS), "application/json"),
        "regions": ("regions.csv", "region,name\nN,North\nS,South\n", "text/csv"),
    }
    answer = await api.post("/v1/jobs", files=parts, headers={"prefer": "wait=30", "accept": "text/csv"})
    assert answer.text.splitlines() == ["name,amount", "North,120.5", "South,80.0", "North,10.0"]


async def test_5_a_failure_tells_why(api: httpx.AsyncClient) -> None:
    body = {"pipeline": [{"op": "astype", "dtype": {"region": "int64"}}], "inputs": {"df": {"records": ORDERS}}}
    job = (await api.post("/v1/jobs", json=body, headers={"prefer": "wait=30"})).json()
    assert job["state"] == "failed"
    (attempt,) = (await api.get(job["links"]["report"])).json()["attempts"]
    assert (attempt["step"], attempt["op"], attempt["column"]) == (1, "astype", "region")
    assert attempt["samples"][0] == ORDERS[0]


async def test_6_a_mistake_is_found_before_anything_is_stored(api: httpx.AsyncClient) -> None:
    body = {"pipeline": [{"op": "groupbi", "by": ["region"]}], "inputs": {"df": {"records": ORDERS}}}
    problem = (await api.post("/v1/jobs", json=body)).json()
    assert (problem["status"], problem["code"]) == (422, "pipeline.op_unknown")
    assert "did you mean 'groupby'" in problem["detail"]
    assert problem["errors"][0]["pointer"] == "/pipeline/0/op"
