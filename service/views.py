"""The domain's values as the contract's JSON."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, overload

import msgspec

from jobs.errors import JobCanceled
from jobs.model import (
    AttemptReport,
    Frame,
    Input,
    InputInfo,
    Job,
    LogRecord,
    Outcome,
    Problem,
    Progress,
    ResultInfo,
)
from jobs.state import JobState
from jobs.store.deliveries import Try
from service.problems import JOB_FAILED, ProblemBody, problem_body
from service.schemas import (
    DeliveriesBody,
    DeliveryBody,
    FrameBody,
    InputInfoBody,
    JobBody,
    Links,
    Preview,
    ReportAttempt,
    ReportBody,
    ResultBody,
)

_NOTHING = Outcome()
_NO_PREVIEW = Preview(msgspec.Raw(b"[]"), complete=False)


@overload
def timestamp(ms: int) -> str: ...
@overload
def timestamp(ms: int | None) -> str | None: ...
def timestamp(ms: int | None) -> str | None:
    """Unix milliseconds as RFC 3339 in UTC."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def job_path(job_id: str) -> str:
    """The path of a job."""
    return f"/v1/jobs/{job_id}"


def frame_path(frame_id: str) -> str:
    """The path of a frame."""
    return f"/v1/frames/{frame_id}"


def job_body(job: Job, public_url: str, now_ms: float | None = None) -> JobBody:
    """A job as JSON shows it; `now_ms` (Unix time, by default now) decides whether its result is available."""
    outcome = job.outcome or _NOTHING
    return JobBody(
        id=job.id,
        state=job.state,
        version=job.version,
        attempt=job.attempt,
        rerun_of=job.spec.rerun_of,
        group=job.spec.group,
        pipeline=job.spec.pipeline,
        inputs={name: _input(one, outcome.inputs.get(name)) for name, one in job.spec.inputs.items()},
        progress=progress_of(job.state, len(job.spec.pipeline), job.progress),
        result=None if outcome.result is None else _result(outcome.result, job.expires_ms, now_ms),
        error=failure(job, public_url),
        warnings=outcome.warnings,
        labels=job.spec.labels,
        timing=outcome.timing,
        created_at=timestamp(job.created_ms),
        started_at=timestamp(job.started_ms),
        finished_at=timestamp(job.finished_ms),
        cancel_requested_at=timestamp(job.cancel_requested_ms),
        trace_id=job.spec.trace_id,
        links=_links(job.id, public_url.rstrip("/")),
    )


def failure(job: Job, public_url: str) -> ProblemBody | None:
    """Why a job has no result and never will: its error with status 424; None while it lives or where it succeeded."""
    problem = job.outcome.error if job.outcome else None
    if problem is None and job.state is JobState.CANCELED:
        problem = JobCanceled().problem
    if problem is None or not job.state.terminal:
        return None
    return _embedded(problem, job, public_url)


def report_body(job: Job, reports: tuple[AttemptReport, ...], public_url: str, *, traceback: bool) -> ReportBody:
    """The failed attempts of a job; tracebacks only where the caller may see them."""
    attempts = tuple(_attempt(report, job, public_url, traceback=traceback) for report in reports)
    return ReportBody(job_id=job.id, attempts=attempts)


def frame_body(frame: Frame) -> FrameBody:
    """An uploaded frame as JSON shows it."""
    payload = frame.payload
    return FrameBody(frame.id, payload.rows, payload.columns, payload.bytes, timestamp(frame.expires_ms))


def _attempt(report: AttemptReport, job: Job, public_url: str, *, traceback: bool) -> ReportAttempt:
    facts: dict[str, Any] = {name: getattr(report, name) for name in AttemptReport.__struct_fields__}
    facts |= {"error": _embedded(report.error, job, public_url), "traceback": report.traceback if traceback else None}
    return ReportAttempt(**facts)


def _embedded(problem: Problem, job: Job, public_url: str) -> ProblemBody:
    return problem_body(
        problem, status=JOB_FAILED, instance=job_path(job.id), trace_id=job.spec.trace_id, public_url=public_url
    )


def _input(source: Input, known: InputInfo | None) -> InputInfoBody:
    if known is not None:
        return InputInfoBody(known.rows, known.column_count, known.bytes)
    payload = source.payload
    return InputInfoBody(payload.rows, None if payload.columns is None else len(payload.columns), payload.bytes)


def progress_of(state: JobState, steps: int, known: Progress | None) -> Progress:
    """How far a job of so many steps is: all the way where it succeeded, else as far as is known."""
    if state is JobState.SUCCEEDED:
        return Progress(step=steps, steps=steps, fraction=1.0)
    return known or Progress(step=0, steps=steps, fraction=0.0)


def _result(result: ResultInfo, expires_ms: int | None, now_ms: float | None) -> ResultBody:
    now_ms = time.time() * 1000 if now_ms is None else now_ms
    available = expires_ms is None or expires_ms > now_ms
    return ResultBody(
        rows=result.rows,
        columns=result.columns,
        bytes=result.bytes,
        preview=Preview(msgspec.Raw(result.preview), result.preview_complete) if available else _NO_PREVIEW,
        rejects=result.rejects,
        expires_at=timestamp(expires_ms),
        available=available,
    )


def _links(job_id: str, base: str) -> Links:
    here = base + job_path(job_id)
    return Links(here, f"{here}/result", f"{here}/report", f"{here}/events", f"{here}/logs")


def deliveries_body(tries: Iterable[Try]) -> DeliveriesBody:
    """The tries to tell a webhook, in their order."""
    return DeliveriesBody(
        tuple(
            DeliveryBody(
                id=one.id,
                event=one.event,
                url=one.url,
                attempt=one.attempt,
                status=one.status,
                error=one.error,
                at=timestamp(one.at_ms),
                next_at=timestamp(one.next_ms),
            )
            for one in tries
        )
    )


def log_lines(records: Iterable[LogRecord]) -> bytes:
    """What a job's transforms said, one JSON object a line."""
    lines = (
        {
            "at": timestamp(record.at_ms),
            "attempt": record.attempt,
            "step": record.step,
            "level": record.level,
            "message": record.message,
            "source": record.source,
        }
        for record in records
    )
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
