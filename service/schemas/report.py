"""Why attempts failed."""

from typing import Any

from msgspec import Struct

from service.problems import ProblemBody


class ReportAttempt(Struct, frozen=True, kw_only=True):
    """The story of one failed attempt; `traceback` is null without the scope `debug`."""

    attempt: int
    outcome: str
    error: ProblemBody
    step: int | None
    op: str | None
    column: str | None
    dtype: str | None
    exception: str | None
    samples: tuple[dict[str, Any], ...]
    shape: tuple[int, int] | None
    peak_memory_bytes: int | None
    worker: str
    traceback: str | None


class ReportBody(Struct, frozen=True):
    """Every attempt that failed, oldest first."""

    job_id: str
    attempts: tuple[ReportAttempt, ...]
