"""The same work as a FastAPI application on SAQ, whose worker runs plain functions in its threads."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException
from saq import Queue
from saq.job import Status

from tests.benchmarks.peers import work

queue = Queue.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))


def summarize(ctx: dict[str, Any], *, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return work.summarize(records)


def nap(ctx: dict[str, Any], *, seconds: float) -> list[dict[str, Any]]:
    return work.nap(seconds)


settings = {"queue": queue, "functions": [summarize, nap], "concurrency": 2}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await queue.connect()
    yield
    await queue.disconnect()


app = FastAPI(lifespan=lifespan)


@app.post("/jobs", status_code=202)
async def submit(records: list[dict[str, Any]], wait: float = 0) -> Any:
    job = await queue.enqueue("summarize", records=records)
    if wait:
        # told by pub/sub; `queue.apply` would look every half second
        await job.refresh(wait)
        return job.result
    return {"id": job.key}


@app.post("/naps", status_code=202)
async def submit_nap(seconds: float) -> Any:
    job = await queue.enqueue("nap", seconds=seconds)
    return {"id": job.key}


@app.get("/jobs/{job_id}")
async def result(job_id: str) -> Any:
    job = await queue.job(job_id)
    if job is not None and job.status in {Status.FAILED, Status.ABORTED}:
        raise HTTPException(500, str(job.error))
    if job is None or job.status is not Status.COMPLETE:
        raise HTTPException(409, "not finished")
    return job.result
