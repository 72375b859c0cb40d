"""What may be told: the ends of a job, and how a delivery is named. Pure."""

from typing import Final

from jobs.state import JobState

EVENTS: Final = ("job.succeeded", "job.failed", "job.canceled")
"""All there are, and what a webhook gets that names none."""


def event_of(state: JobState) -> str:
    """The event of a job's end."""
    return f"job.{state}"


def delivery_id(job_id: str, event: str) -> str:
    """What every try to tell this has in common: the `webhook-id`. It has no dot, which separates what is signed."""
    return f"{job_id}:{event.removeprefix('job.')}"
