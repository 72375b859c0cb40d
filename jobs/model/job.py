"""A job as it stands."""

from jobs.model.ending import Outcome, Progress
from jobs.model.submission import JobSpec
from jobs.model.value import Value
from jobs.state import JobState


class Job(Value, frozen=True, kw_only=True):
    """A job as it stands: what was submitted, where it is, and how it ended."""

    id: str
    spec: JobSpec
    state: JobState
    version: int
    attempt: int
    created_ms: int
    started_ms: int | None = None
    finished_ms: int | None = None
    cancel_requested_ms: int | None = None
    expires_ms: int | None = None
    progress: Progress | None = None
    outcome: Outcome | None = None
