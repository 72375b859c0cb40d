"""The same work as a FastAPI application on stock ARQ: a pool in the lifespan, synchronous work in an executor."""

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from arq import create_pool
from arq.connections import RedisSettings
from arq.jobs import Job, JobStatus
from fastapi import FastAPI, HTTPException

from tests.benchmarks.peers import work

REDIS = RedisSettings.from_dsn(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))


async def startup(ctx: dict[str, Any]) -> None:
    ctx["threads"] = ThreadPoolExecutor(2)


async def summarize(ctx: dict[str, Any], records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return await asyncio.get_running_loop().run_in_executor(ctx["threads"], work.summarize, records)


async def nap(ctx: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    return await asyncio.get_running_loop().run_in_executor(ctx["threads"], work.nap, seconds)


class WorkerSettings:
    functions = (summarize, nap)
    on_startup = startup
    redis_settings = REDIS


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.redis = await create_pool(REDIS)
    yield
    await app.state.redis.aclose()


app = FastAPI(lifespan=lifespan)


@app.post("/jobs", status_code=202)
async def submit(records: list[dict[str, Any]], wait: float = 0) -> Any:
    job = await app.state.redis.enqueue_job("summarize", records)
    if wait:
        return await job.result(timeout=wait)
    return {"id": job.job_id}


@app.post("/naps", status_code=202)
async def submit_nap(seconds: float) -> Any:
    job = await app.state.redis.enqueue_job("nap", seconds)
    return {"id": job.job_id}


@app.get("/jobs/{job_id}")
async def result(job_id: str) -> Any:
    job = Job(job_id, app.state.redis)
    if await job.status() is not JobStatus.complete:
        raise HTTPException(409, "not finished")
    info = await job.result_info()
    return info and info.result
