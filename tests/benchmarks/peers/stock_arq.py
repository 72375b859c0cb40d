"""The peer: the same work as a FastAPI application on stock ARQ, in the manner of both projects' documentation."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pandas as pd
from arq import create_pool
from arq.connections import RedisSettings
from arq.jobs import Job, JobStatus
from fastapi import FastAPI, HTTPException

REDIS = RedisSettings.from_dsn(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))


def summarize(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    frame = pd.DataFrame(records)
    grouped = frame.groupby("region").agg(total=("amount", "sum"), orders=("amount", "size"), mean=("amount", "mean"))
    return grouped.reset_index().to_dict(orient="records")


async def run(ctx: dict[str, Any], records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return await asyncio.get_running_loop().run_in_executor(None, summarize, records)


class WorkerSettings:
    functions = (run,)
    redis_settings = REDIS


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.redis = await create_pool(REDIS)
    yield
    await app.state.redis.aclose()


app = FastAPI(lifespan=lifespan)


@app.post("/jobs", status_code=202)
async def submit(records: list[dict[str, Any]], wait: float = 0) -> Any:
    job = await app.state.redis.enqueue_job("run", records)
    if wait:
        return await job.result(timeout=wait)
    return {"id": job.job_id}


@app.get("/jobs/{job_id}")
async def result(job_id: str) -> Any:
    job = Job(job_id, app.state.redis)
    if await job.status() is not JobStatus.complete:
        raise HTTPException(409, "not finished")
    info = await job.result_info()
    return info and info.result
