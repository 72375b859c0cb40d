"""A job's events as Redis keeps them: a stream beside the record, of which the newest thousand or so stay."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import msgspec

from jobs.model import Progress
from jobs.state import JobState
from jobs.store import keys
from jobs.store.redis import Redis, translated
from jobs.store.shared import Shared
from jobs.store.together import Together

PAGE: Final = 100
"""Events that one look gives at most."""
_LAST_PART: Final = 2**64 - 1
_ID: Final = re.compile(r"([0-9]{1,20})(?:-([0-9]{1,20}))?")
_progress = msgspec.json.Decoder(Progress)


class EventId(NamedTuple):
    """An event's place in its stream: Redis' clock in milliseconds, and a number within that."""

    ms: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The id that `text` is, or None; the last there could be is none either, as Redis begins nothing behind it."""
        match = _ID.fullmatch(text)
        found = cls(int(match[1]), int(match[2] or 0)) if match else None
        return None if found is None or max(*found, *found.next) > _LAST_PART else found

    def __str__(self) -> str:
        return f"{self.ms}-{self.number}"

    @property
    def next(self) -> "EventId":
        """The smallest id after this one."""
        return EventId(self.ms, self.number + 1) if self.number < _LAST_PART else EventId(self.ms + 1, 0)

    @property
    def before(self) -> "EventId":
        """The greatest id before this one."""
        return EventId(self.ms, self.number - 1) if self.number else EventId(self.ms - 1, _LAST_PART)


BEGINNING: Final = EventId(0, 0)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job; `progress` where the event tells of it."""

    id: EventId
    type: str
    state: JobState
    version: int
    attempt: int
    progress: Progress | None
    at_ms: int

    @property
    def begins(self) -> bool:
        """Whether nothing can have happened before it: the job was queued first, or ended before that."""
        return self.attempt == 0 and (self.type == "job.queued" or self.state.terminal)


@dataclass(frozen=True, slots=True)
class Look:
    """The next events behind a place, at most PAGE, and the state that the record had just before; None: it is gone."""

    state: JobState | None
    events: tuple[Event, ...]


class EventStore:
    """The streams of one Redis. What one turn of the event loop asks travels together, and equal looks are one."""

    def __init__(self, redis: Redis) -> None:
        self._redis = Together(redis).as_client()
        self._looks = Shared[tuple[str, EventId], Look](self._look)

    async def look(self, job_id: str, after: EventId) -> Look:
        """What came behind `after`."""
        return await self._looks.get((job_id, after))

    async def _look(self, asked: tuple[str, EventId]) -> Look:
        job_id, after = asked
        # the state first: where it is the end, the events that are read after it hold the last one
        state, events = await self._ask(
            ("HGET", keys.job(job_id), "state"),
            ("XRANGE", keys.events(job_id), str(after.next), "+", "COUNT", PAGE),
        )
        return Look(JobState(state.decode()) if state else None, _events(events))

    async def oldest(self, job_id: str) -> Event | None:
        """The first event that is still there."""
        (found,) = await self._ask(("XRANGE", keys.events(job_id), "-", "+", "COUNT", 1))
        return next(iter(_events(found)), None)

    async def newest(self, job_id: str, count: int) -> tuple[Event, ...]:
        """The last events, the newest first."""
        (found,) = await self._ask(("XREVRANGE", keys.events(job_id), "+", "-", "COUNT", count))
        return _events(found)

    async def _ask(self, *commands: tuple[Any, ...]) -> list[Any]:
        with translated():
            return await asyncio.gather(*(self._redis.execute_command(*one) for one in commands))  # type: ignore[no-untyped-call]  # redis-py leaves it bare


def _events(entries: list[tuple[bytes, dict[bytes, bytes]]]) -> tuple[Event, ...]:
    return tuple(_event(name.decode(), fields) for name, fields in entries)


def _event(name: str, fields: dict[bytes, bytes]) -> Event:
    ms, _, number = name.partition("-")
    progress = fields.get(b"progress")
    return Event(
        id=EventId(int(ms), int(number)),
        type=fields[b"type"].decode(),
        state=JobState(fields[b"state"].decode()),
        version=int(fields[b"version"]),
        attempt=int(fields[b"attempt"]),
        progress=_progress.decode(progress) if progress else None,
        at_ms=int(ms),
    )
