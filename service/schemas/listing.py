"""A page of jobs."""

from msgspec import Struct

from service.schemas.job import JobBody


class JobsBody(Struct, frozen=True):
    """Jobs, newest first; `next_cursor` is null on the last page."""

    jobs: tuple[JobBody, ...]
    next_cursor: str | None
