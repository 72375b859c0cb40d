"""What the service answers, as frozen values; a field that a newer service adds is passed over.

Timestamps are aware datetimes; durations carry their unit in the name; sizes are bytes.
"""

from datetime import datetime
from typing import Any, Self

import msgspec


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The base: made from JSON that was read already."""

    @classmethod
    def read(cls, answer: Any) -> Self:
        """The value of this JSON; raises msgspec.ValidationError where it is something else."""
        return msgspec.convert(answer, cls)


class Column(Answered, frozen=True, kw_only=True):
    """A column; `dtype` is pandas' name, or Arrow's where pandas has none."""

    name: str
    dtype: str
    nullable: bool = True


class Place(Answered, frozen=True, kw_only=True):
    """Where an error is: a JSON pointer into what was sent, and an input and its row (from 1) where there is one."""

    pointer: str = ""
    code: str = ""
    detail: str = ""
    input: str | None = None
    row: int | None = None


class Problem(Answered, frozen=True, kw_only=True):
    """An error as the service tells it (RFC 9457)."""

    code: str = "internal"
    title: str = ""
    detail: str = ""
    status: int = 500
    instance: str = ""
    retryable: bool = False
    trace_id: str = ""
    type: str = ""
    errors: tuple[Place, ...] = ()


class Warn(Answered, frozen=True, kw_only=True):
    """Something that was mapped on the job's way."""

    code: str
    detail: str = ""
    column: str | None = None


class Progress(Answered, frozen=True, kw_only=True):
    """How far an attempt is: steps done of steps in all, and the fraction in 0..1."""

    step: int = 0
    steps: int = 0
    fraction: float = 0.0


class Timing(Answered, frozen=True, kw_only=True):
    """Where the time of the last attempt went, in milliseconds."""

    queued_ms: float = 0.0
    decode_ms: float = 0.0
    steps_ms: tuple[float, ...] = ()
    encode_ms: float = 0.0


class InputFacts(Answered, frozen=True, kw_only=True):
    """What is known of an input; rows and columns once it was read."""

    rows: int | None = None
    column_count: int | None = None
    bytes: int | None = None


class ResultFacts(Answered, frozen=True, kw_only=True):
    """What came out; `available` is false once it has expired, `rejects` counts the rows set aside."""

    rows: int
    columns: tuple[Column, ...] = ()
    bytes: int = 0
    rejects: int = 0
    expires_at: datetime | None = None
    available: bool = True


class JobFacts(Answered, frozen=True, kw_only=True):
    """A job as it stood when the service was last asked."""

    id: str
    state: str
    version: int = 0
    attempt: int = 0
    rerun_of: str | None = None
    group: str | None = None
    pipeline: list[dict[str, Any]] = []
    inputs: dict[str, InputFacts] = {}
    progress: Progress = Progress()
    result: ResultFacts | None = None
    error: Problem | None = None
    warnings: tuple[Warn, ...] = ()
    labels: dict[str, str] = {}
    timing: Timing = Timing()
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    trace_id: str = ""
    links: dict[str, str] = {}


class Frame(Answered, frozen=True, kw_only=True):
    """A table that the service keeps; its id, or this value, is an input of any number of jobs."""

    id: str
    rows: int | None = None
    columns: tuple[Column, ...] | None = None
    bytes: int = 0
    expires_at: datetime | None = None


class AttemptReport(Answered, frozen=True, kw_only=True):
    """The story of one failed attempt; `samples` are rows that the step was given, `shape` rows and columns."""

    attempt: int
    outcome: str = ""
    error: Problem = Problem()
    step: int | None = None
    op: str | None = None
    column: str | None = None
    dtype: str | None = None
    exception: str | None = None
    samples: tuple[dict[str, Any], ...] = ()
    shape: tuple[int, int] | None = None
    peak_memory_bytes: int | None = None
    worker: str = ""
    traceback: str | None = None


class LogLine(Answered, frozen=True, kw_only=True):
    """What a transform logged, printed or warned; `step` counts from 1."""

    at: datetime
    attempt: int = 0
    step: int | None = None
    level: str = "info"
    message: str = ""
    source: str = "log"


class EventData(Answered, frozen=True, kw_only=True):
    """The job as an event saw it."""

    job_id: str
    state: str
    version: int = 0
    attempt: int = 0
    progress: Progress | None = None


class Event(Answered, frozen=True, kw_only=True):
    """One thing that happened to a job; `type` is `job.started`, `job.progress`, `job.succeeded` …"""

    id: str = ""
    type: str
    timestamp: datetime | None = None
    data: EventData

    @property
    def terminal(self) -> bool:
        """Whether nothing comes after it."""
        return self.data.state in TERMINAL


class Delivery(Answered, frozen=True, kw_only=True):
    """One try to tell a webhook."""

    id: str
    event: str = ""
    url: str = ""
    attempt: int = 0
    status: int | None = None
    error: str | None = None
    at: datetime | None = None
    next_at: datetime | None = None


class PlannedStep(Answered, frozen=True, kw_only=True):
    """A step before it runs: the columns that it gives where they are known, and about how many rows."""

    op: str
    columns: tuple[Column, ...] | None = None
    rows_estimate: int | None = None


class PlanFacts(Answered, frozen=True, kw_only=True):
    """What a job would do; `memory_estimate_bytes` is what it would be expected to take."""

    steps: tuple[PlannedStep, ...] = ()
    memory_estimate_bytes: int | None = None


class Plan(Answered, frozen=True, kw_only=True):
    """Whether a submission would be taken, what is wrong with it, and what it would do."""

    valid: bool
    problems: tuple[Problem, ...] = ()
    plan: PlanFacts | None = None


class Transform(Answered, frozen=True, kw_only=True):
    """An op: `parameters` is a JSON Schema, `example` has inputs, pipeline and result."""

    op: str
    family: str = ""
    summary: str = ""
    parameters: dict[str, Any] = {}
    example: dict[str, Any] | None = None


class Ready(Answered, frozen=True, kw_only=True):
    """Whether the service can take jobs; `problems` say why not, `warnings` what else is wrong."""

    ready: bool
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    workers: int = 0
    queued: int = 0


TERMINAL = frozenset({"succeeded", "failed", "canceled"})
"""The states that no job leaves."""
