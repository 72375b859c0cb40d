"""What a receiver is told of a job's end. Pure."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from jobs.errors import JobCanceled
from jobs.model import Job, ResultInfo
from jobs.state import JobState
from jobs.webhooks.events import event_of

MOST_COLUMNS: Final = 200
"""A result with more columns is told without them: a payload stays small, and the job has them all."""
_MOST_PLACES: Final = 10
_LONGEST_TEXT: Final = 1_000
_JOB_FAILED: Final = 424


def payload(job: Job, public_url: str) -> bytes:
    """The JSON body; the same at every try."""
    base = public_url.rstrip("/")
    here = f"{base}/v1/jobs/{job.id}"
    outcome = job.outcome
    data = {
        "job_id": job.id,
        "state": job.state,
        "version": job.version,
        "attempt": job.attempt,
        "labels": job.spec.labels,
        "result": _result(outcome.result) if outcome and outcome.result else None,
        "error": _error(job, base),
        "trace_id": job.spec.trace_id,
        "links": {"self": here, "result": f"{here}/result"},
    }
    told = {"type": event_of(job.state), "timestamp": timestamp(job.finished_ms or 0), "data": data}
    return msgspec.json.encode(told)


def timestamp(ms: int) -> str:
    """Unix milliseconds as RFC 3339 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _result(result: ResultInfo) -> dict[str, Any]:
    columns = result.columns if len(result.columns) <= MOST_COLUMNS else None
    return {"rows": result.rows, "columns": columns, "column_count": len(result.columns), "bytes": result.bytes}


def _error(job: Job, base: str) -> dict[str, Any] | None:
    """The problem of a job without a result: the shape it has in `job.error`, its texts cut."""
    problem = job.outcome.error if job.outcome else None
    if problem is None and job.state is JobState.CANCELED:
        problem = JobCanceled().problem
    if problem is None:
        return None
    body: dict[str, Any] = {
        "type": f"{base}/errors#{problem.code}",
        "title": problem.title,
        "status": _JOB_FAILED,
        "code": problem.code,
        "detail": problem.detail[:_LONGEST_TEXT],
        "instance": f"/v1/jobs/{job.id}",
        "retryable": problem.retryable,
        "trace_id": job.spec.trace_id,
    }
    if problem.errors:
        places = problem.errors[:_MOST_PLACES]
        body["errors"] = [
            place.changed(pointer=place.pointer[:_LONGEST_TEXT], detail=place.detail[:_LONGEST_TEXT])
            for place in places
        ]
    return body
