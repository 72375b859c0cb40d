"""What happened to a job."""

from typing import Annotated

from msgspec import Meta, Struct

from jobs.model import Progress

_TYPES = ("queued", "started", "progress", "retrying", "succeeded", "failed", "canceled", "snapshot")
_STATES = ("waiting", "queued", "running", "succeeded", "failed", "canceled")


class EventData(Struct, frozen=True):
    """The job as the event left it."""

    job_id: str
    state: Annotated[str, Meta(extra_json_schema={"enum": list(_STATES)})]
    version: int
    attempt: int
    progress: Progress


class EventBody(Struct, frozen=True):
    """One event; a snapshot stands for those before it that are not kept any more."""

    id: str
    type: Annotated[str, Meta(extra_json_schema={"enum": [f"job.{name}" for name in _TYPES]})]
    timestamp: str
    data: EventData


class EventsBody(Struct, frozen=True):
    """Events, oldest first; the id of the last is the next call's `after`."""

    events: tuple[EventBody, ...]
