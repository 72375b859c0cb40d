"""A job as it stands."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from jobs.model import Column, Progress, Timing, Warn
from service.problems import ProblemBody
from service.schemas.raw import Records


class InputInfoBody(Struct, frozen=True):
    """What is known of an input; rows and columns once it was read."""

    rows: int | None
    column_count: int | None
    bytes: int


class Preview(Struct, frozen=True):
    """The first rows of a result; `complete` where they are all there is. None once the result has expired."""

    records: Records
    complete: bool


class ResultBody(Struct, frozen=True):
    """What came out. `available` turns false when it has expired."""

    rows: int
    columns: tuple[Column, ...]
    bytes: int
    preview: Preview
    rejects: int
    expires_at: str | None
    available: bool


class Links(Struct, frozen=True):
    """Where to go from a job."""

    self: str
    result: str
    report: str
    events: str
    logs: str


class JobBody(Struct, frozen=True, kw_only=True):
    """A job as it stands."""

    id: str
    state: Annotated[
        str, Meta(extra_json_schema={"enum": ["waiting", "queued", "running", "succeeded", "failed", "canceled"]})
    ]
    version: int
    attempt: int
    rerun_of: str | None
    group: str | None
    pipeline: list[dict[str, Any]]
    inputs: dict[str, InputInfoBody]
    progress: Progress
    result: ResultBody | None
    error: ProblemBody | None
    warnings: tuple[Warn, ...]
    labels: dict[str, str]
    timing: Timing
    created_at: str
    started_at: str | None
    finished_at: str | None
    cancel_requested_at: str | None
    trace_id: str
    links: Links


class BatchBody(Struct, frozen=True):
    """Jobs that were submitted together."""

    group: str
    jobs: tuple[JobBody, ...]
