"""The same work in FastAPI's BackgroundTasks: in the API's own process, nothing durable, results in a dict."""

from typing import Any
from uuid import uuid4

from fastapi import BackgroundTasks, FastAPI, HTTPException

from tests.benchmarks.peers import work

app = FastAPI()
app.state.results = {}


def run(job_id: str, records: list[dict[str, Any]]) -> None:
    app.state.results[job_id] = work.summarize(records)


@app.post("/jobs", status_code=202)
async def submit(records: list[dict[str, Any]], tasks: BackgroundTasks) -> Any:
    job_id = uuid4().hex
    tasks.add_task(run, job_id, records)
    return {"id": job_id}


@app.get("/jobs/{job_id}")
async def result(job_id: str) -> Any:
    if job_id not in app.state.results:
        raise HTTPException(409, "not finished")
    return app.state.results[job_id]
