"""The list of a tenant's jobs, newest first: a walk along an index, bounded in what it looks at and what it gives."""

import time
from dataclasses import dataclass
from typing import Any, Final

from jobs.model import Job
from jobs.state import JobState
from jobs.store import keys, records, scripts
from jobs.store.redis import Redis, translated

LOOK_A_CALL: Final = 500
"""Entries that one script call looks at: a few milliseconds in which Redis does nothing else."""
LOOK_A_PAGE: Final = 20_000
"""Entries that are looked at for one page; where few of them fit, it holds fewer jobs than were asked for."""
PAGE_S: Final = 1.0
PAGE_BYTES: Final = 4 * 1024**2
"""Stored bytes of the jobs in one page: pipelines and previews may be large."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which jobs to list; every filter given must fit. `after_ms` is exclusive."""

    state: JobState | None = None
    labels: tuple[tuple[str, str], ...] = ()
    group: str | None = None
    after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which job the next page begins: when that was created, and its id."""

    created_ms: int
    id: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, and where the next page begins; None where there is none."""

    jobs: tuple[Job, ...]
    next: Place | None


class Listing:
    """Lists of jobs in one Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def page(self, tenant: str, filters: Filters, limit: int, place: Place | None = None) -> Page:
        """Up to `limit` jobs behind a place, newest first.

        What was there during the whole walk is listed once, whatever is submitted, ends or expires meanwhile.
        """
        jobs: list[Job] = []
        left, room, ends = LOOK_A_PAGE, PAGE_BYTES, time.monotonic() + PAGE_S
        while True:
            look = min(left, LOOK_A_CALL)
            verdict, ms, last, *found = await self._call(tenant, filters, place, look, limit - len(jobs), room)
            jobs += (_job(*one) for one in found)
            place = Place(int(ms), last.decode()) if last else None
            left -= look
            room -= sum(len(value or b"") for _, values in found for value in values)
            if verdict == b"end":
                return Page(tuple(jobs), None)
            if verdict == b"full" or (jobs and room <= 0) or left <= 0 or time.monotonic() > ends:
                return Page(tuple(jobs), place)

    async def _call(
        self, tenant: str, filters: Filters, place: Place | None, look: int, most: int, room: int
    ) -> list[Any]:
        index = keys.tenant_jobs(tenant) if filters.group is None else keys.tenant_group(tenant, filters.group)
        before: tuple[scripts.Argument, ...] = (place.created_ms, place.id) if place else (0, "")
        labels = [part for name, value in filters.labels for part in (f"label:{name}", value)]
        with translated():
            answer: list[Any] = await scripts.list_jobs(
                self._redis,
                [index],
                [
                    keys.JOB_PREFIX,
                    *before,
                    -1 if filters.after_ms is None else filters.after_ms,
                    look,
                    most,
                    room,
                    filters.state or "",
                    " ".join(records.FIELDS),
                    *labels,
                ],
            )
        return answer


def _job(job_id: bytes, values: list[bytes | None]) -> Job:
    return records.job_of(job_id.decode(), dict(zip(records.FIELDS, values, strict=True)))
