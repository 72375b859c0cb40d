"""The same work as a FastAPI application on Celery with Redis as broker and result backend, acknowledged late."""

import os
from typing import Any

from celery import Celery
from celery.result import AsyncResult
from fastapi import FastAPI, HTTPException

from tests.benchmarks.peers import work

REDIS = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
celery = Celery("tests.benchmarks.peers.on_celery", broker=REDIS, backend=REDIS)
celery.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True)


@celery.task
def summarize(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return work.summarize(records)


@celery.task
def nap(seconds: float) -> list[dict[str, Any]]:
    return work.nap(seconds)


app = FastAPI()


# `def`, not `async def`: Celery's client blocks, and FastAPI runs these in its threads
@app.post("/jobs", status_code=202)
def submit(records: list[dict[str, Any]], wait: float = 0) -> Any:
    task = summarize.delay(records)
    if wait:
        return task.get(timeout=wait)
    return {"id": task.id}


@app.post("/naps", status_code=202)
def submit_nap(seconds: float) -> Any:
    return {"id": nap.delay(seconds).id}


@app.get("/jobs/{job_id}")
def result(job_id: str) -> Any:
    task = AsyncResult(job_id, app=celery)
    if not task.ready():
        raise HTTPException(409, "not finished")
    return task.get()
