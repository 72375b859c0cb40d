"""The application on the real queue, with a real worker process: a table in, a job, a table out."""

import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from config import Settings
from tests.http.conftest import serving

CSV = "region,amount\nN,120.5\nS,80.0\nN,199.5\n"
TOTALS = [
    {"op": "query", "expr": "amount > 100"},
    {"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"]}},
]
WAIT = {"prefer": "wait=30"}


@pytest.fixture
async def live(settings: Callable[..., Settings], valkey: str, worker: None) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(settings(redis={"url": valkey})) as client:
        yield client


async def test_a_table_in_a_job_a_table_out(live: httpx.AsyncClient) -> None:
    records = [{"region": "N", "amount": 120.5}, {"region": "S", "amount": 80.0}, {"region": "N", "amount": 199.5}]
    body = {"pipeline": TOTALS, "inputs": {"orders": {"records": records}}}
    answer = await live.post("/v1/jobs", json=body, headers=WAIT)
    job = answer.json()
    assert (answer.status_code, job["state"]) == (200, "succeeded"), job
    assert job["result"]["preview"] == {"records": [{"region": "N", "total": 320.0}], "complete": True}
    assert job["inputs"]["orders"]["rows"] == 3
    result = await live.get(job["links"]["result"], headers={"accept": "text/csv"})
    assert result.text.splitlines()[0] == "region,total"

    query = {"pipeline": json.dumps(TOTALS)}
    headers = {**WAIT, "content-type": "text/csv", "accept": "application/x-ndjson"}
    raw = await live.post("/v1/jobs", params=query, content=CSV, headers=headers)
    assert (raw.status_code, raw.text.strip()) == (200, '{"region":"N","total":320.0}')

    files = {"job": (None, json.dumps({"pipeline": TOTALS})), "df": ("x.csv", CSV, "text/csv")}
    parts = await live.post("/v1/jobs", files=files, headers={**WAIT, "accept": "application/x-ndjson"})
    assert parts.text == raw.text

    frame = (await live.post("/v1/frames", content=CSV, headers={"content-type": "text/csv"})).json()
    assert (frame["rows"], [column["name"] for column in frame["columns"]]) == (3, ["region", "amount"])
    body = {"pipeline": TOTALS, "inputs": {"df": {"frame": frame["id"]}}}
    framed = await live.post("/v1/jobs", json=body, headers={**WAIT, "accept": "application/x-ndjson"})
    assert framed.text == raw.text


async def test_a_failed_job_tells_where(live: httpx.AsyncClient) -> None:
    # behind a step whose columns depend on the data, nothing is known at submit
    query = {"pipeline": json.dumps([{"op": "dropna", "axis": "columns"}, {**TOTALS[1], "by": ["regoin"]}])}
    answer = await live.post("/v1/jobs", params=query, content=CSV, headers={**WAIT, "content-type": "text/csv"})
    job = answer.json()
    assert (answer.status_code, job["state"], job["error"]["status"]) == (200, "failed", 424), job
    assert job["error"]["errors"][0]["pointer"] == "/pipeline/1/by/0"
    assert "did you mean 'region'" in job["error"]["detail"]
    assert (await live.get(job["links"]["result"])).json() == job["error"]
    (attempt,) = (await live.get(job["links"]["report"])).json()["attempts"]
    assert (attempt["step"], attempt["op"], attempt["column"], attempt["shape"]) == (2, "groupby", "regoin", [3, 2])
    refused = await live.post("/v1/frames", content='{"a": ', headers={"content-type": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (422, "input.malformed")
