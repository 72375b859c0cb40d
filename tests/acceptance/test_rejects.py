"""Rows that are set aside, from the submission to their frame: the application and a worker on a real Valkey."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from config import Settings
from jobs.queue import JobQueue
from jobs.store import keys
from jobs.store.redis import Redis
from tests.acceptance.running import Running, until
from tests.http.conftest import serving

CSV = {"content-type": "text/csv", "prefer": "wait=20"}
BODY = "id,amount\n1,10\n2,x\n3\n4,40\n"
DTYPES = {"pipeline": "[]", "on_row_error": "reject", "dtypes": '{"amount":"int64"}'}


@pytest.fixture
async def api(settings: Callable[..., Settings], ours: Settings, queue: JobQueue) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(ours, JobQueue.from_settings(ours)) as client:
        yield client


async def _submitted(api: httpx.AsyncClient, body: str, **parameters: Any) -> Any:
    answer = await api.post("/v1/jobs", content=body, headers=CSV, params=DTYPES | parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_bad_rows_are_set_aside_and_the_others_go_on(api: httpx.AsyncClient, worker: Running) -> None:
    """Contract: GET /v1/jobs/{id}/rejects gives the rows set aside, in the negotiated format."""
    job = await _submitted(api, BODY)
    assert (job["state"], job["result"]["rows"], job["result"]["rejects"]) == ("succeeded", 2, 2)
    assert job["result"]["preview"]["records"] == [{"id": 1, "amount": 10}, {"id": 4, "amount": 40}]
    path = f"/v1/jobs/{job['id']}/rejects"
    answer = await api.get(path)
    assert answer.json() == [
        {
            "input": "df",
            "row": 2,
            "column": "amount",
            "code": "input.cast_failed",
            "detail": "'x' is no int64",
            "raw": "2,x",
        },
        {
            "input": "df",
            "row": 3,
            "column": None,
            "code": "input.malformed",
            "detail": "1 fields where the header has 2",
            "raw": "3",
        },
    ]
    again = await api.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    lines = await api.get(path, params={"format": "csv", "columns": "row,raw", "offset": 1})
    assert lines.text == "row,raw\n3,3\n"
    assert "rejects.csv" in lines.headers["content-disposition"]
    assert (await api.head(path)).status_code == 200


async def test_no_rejects_are_an_empty_frame(api: httpx.AsyncClient, worker: Running) -> None:
    """Contract: GET /v1/jobs/{id}/rejects of a job without any is an empty frame of the same columns."""
    job = await _submitted(api, "id,amount\n1,2\n")
    assert job["result"]["rejects"] == 0
    answer = await api.get(f"/v1/jobs/{job['id']}/rejects?format=csv")
    assert answer.text == "input,row,column,code,detail,raw\n"
    plain = await _submitted(api, "id,amount\n1,2\n", on_row_error="fail")
    assert (await api.get(f"/v1/jobs/{plain['id']}/rejects")).json() == []


async def test_one_reject_too_many_fails_the_job(api: httpx.AsyncClient, worker: Running) -> None:
    """Contract: more rejects than max_rejects fail the job with input.rejects_exceeded, and /rejects is 424."""
    job = await _submitted(api, BODY, max_rejects=1)
    assert (job["state"], job["error"]["code"]) == ("failed", "input.rejects_exceeded")
    assert "row 2, column 'amount': 'x' is no int64" in job["error"]["detail"]
    assert [place["row"] for place in job["error"]["errors"]] == [2, 3]
    answer = await api.get(f"/v1/jobs/{job['id']}/rejects")
    assert (answer.status_code, answer.json()["code"]) == (424, "input.rejects_exceeded")
    assert (await _submitted(api, "id,amount\n1,x\n", max_rejects=0))["state"] == "failed"


async def test_without_the_mode_a_bad_row_fails_the_job(api: httpx.AsyncClient, worker: Running) -> None:
    """Contract: on_row_error "fail" is the default: a bad row fails its job."""
    answer = await api.post("/v1/jobs", content=BODY, headers=CSV, params={"pipeline": "[]"})
    assert answer.json()["error"]["code"] == "input.malformed"


async def test_rejects_of_a_step(api: httpx.AsyncClient, worker: Running) -> None:
    """Contract: on_row_error "reject" sets rows aside whose cast in a step fails."""
    first, last = ({"op": "astype", "dtype": dtype} for dtype in ({"amount": "float64"}, {"name": "int64"}))
    steps = json.dumps([first, {"op": "query", "expr": "id > 1"}, last])
    body = "id,amount,name\n1,10,5\n2,x,6\n3,1\n4,40,y\n5,2,7\n"
    job = await _submitted(api, body, pipeline=steps, dtypes="{}")
    assert job["result"]["preview"]["records"] == [{"id": 5, "amount": 2.0, "name": 7}]
    rejects = (await api.get(f"/v1/jobs/{job['id']}/rejects")).json()
    assert [(one["input"], one["row"], one["column"], one["code"]) for one in rejects] == [
        ("df", 3, None, "input.malformed"),
        ("df", 2, "amount", "transform.dtype_unsuitable"),
        (None, 1, "name", "transform.dtype_unsuitable"),
    ]
    assert rejects[1]["detail"].startswith("step 1 (astype): 'x' is no float64")
    assert rejects[2]["raw"] == '{"id": 4, "amount": 40.0, "name": "y"}'


async def test_many_rejects_end_with_their_result(api: httpx.AsyncClient, worker: Running, redis: Redis) -> None:
    """Contract: the rejects expire with the result; then both are 410."""
    rows = "".join(f"{row},{'bad' if row % 2 else row}\n" for row in range(40_000))
    job = await _submitted(api, "id,amount\n" + rows, max_rejects=20_000, result_ttl_s=2)
    assert (job["result"]["rejects"], job["result"]["rows"]) == (20_000, 20_000)
    path = f"/v1/jobs/{job['id']}"
    text = (await api.get(f"{path}/rejects?format=ndjson")).text
    assert text.count("\n") == 20_000
    assert all([0 < await redis.pttl(key) <= 2_000 for key in await redis.keys(keys.BLOB_PREFIX + "*")])

    async def gone() -> bool:
        return all([(await api.get(f"{path}/{what}")).status_code == 410 for what in ("rejects", "result")])

    await until(gone)
    assert (await api.get(f"{path}/rejects")).json()["code"] == "result.expired"
    empty = await _submitted(api, "id,amount\n1,2\n", result_ttl_s=1)

    async def expired() -> bool:
        return (await api.get(f"/v1/jobs/{empty['id']}/rejects")).status_code == 410

    await until(expired)
