"""The same work as a FastAPI application on taskiq, with its Redis stream broker (the one that acknowledges)."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from tests.benchmarks.peers import work

REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
results: RedisAsyncResultBackend[Any] = RedisAsyncResultBackend(redis_url=REDIS, result_ex_time=1000)
broker = RedisStreamBroker(url=REDIS).with_result_backend(results)


@broker.task
def summarize(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return work.summarize(records)


@broker.task
def nap(seconds: float) -> list[dict[str, Any]]:
    return work.nap(seconds)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    if not broker.is_worker_process:
        await broker.startup()
    yield
    if not broker.is_worker_process:
        await broker.shutdown()


app = FastAPI(lifespan=lifespan)


@app.post("/jobs", status_code=202)
async def submit(records: list[dict[str, Any]], wait: float = 0) -> Any:
    task = await summarize.kiq(records)
    if wait:
        return (await task.wait_result(timeout=wait)).return_value
    return {"id": task.task_id}


@app.post("/naps", status_code=202)
async def submit_nap(seconds: float) -> Any:
    task = await nap.kiq(seconds)
    return {"id": task.task_id}


@app.get("/jobs/{job_id}")
async def result(job_id: str) -> Any:
    if not await results.is_result_ready(job_id):
        raise HTTPException(409, "not finished")
    return (await results.get_result(job_id)).return_value
