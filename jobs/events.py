"""A job's events for those who follow it: from any place on, without gaps and repeats, to the end."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from jobs.errors import NotFound, StoreError
from jobs.model import Job
from jobs.store.changes import ChangeFeed
from jobs.store.events import BEGINNING, PAGE, Event, EventId, EventStore
from jobs.store.redis import Redis

SNAPSHOT: Final = "job.snapshot"
# how soon a reader looks again where Redis did not answer it
_LOOK_AGAIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Following:
    """Where a reader is: the events it is to be given first, the last one it has, and whether more can come."""

    job: Job
    after: EventId
    events: tuple[Event, ...] = ()
    ended: bool = False


class EventFeed:
    """The events of all jobs. `get` reads a job; raises NotFound for an unknown id and for another tenant's alike."""

    def __init__(self, redis: Redis, changes: ChangeFeed, get: Callable[[str, str], Awaitable[Job]]) -> None:
        self._store, self._changes, self._get = EventStore(redis), changes, get
        self._stopping = False

    def stop(self) -> None:
        """Let every reader end with what it has; who waits has to be woken beside."""
        self._stopping = True

    async def begin(self, tenant: str, job_id: str, after: EventId) -> Following:
        """The first events behind `after`: with a snapshot before them, where some between are not kept any more."""
        job = await self._get(tenant, job_id)
        first = await self._store.oldest(job.id)
        if first is None:
            # a job that waits has none yet; of one that has ended they are lost, and the snapshot is all there is
            lost = job.state.terminal and after == BEGINNING
            events = (_snapshot(job, EventId(job.finished_ms or job.created_ms, 0)),) if lost else ()
            return Following(job, after, events, job.state.terminal)
        start = Following(job, after)
        if _missed(after, first):
            return await self._instead(start)
        return await self._more(start)

    async def _instead(self, at: Following) -> Following:
        """A snapshot, and what came behind it."""
        snapshot = await self._snapshot(at.job.spec.tenant, at.job.id)
        following = await self._more(Following(at.job, snapshot.id))
        return Following(at.job, following.after, (snapshot, *following.events), following.ended)

    async def _snapshot(self, tenant: str, job_id: str) -> Event:
        """The job as it stands, at the place of the last event that it has seen and that is not its end."""
        job = await self._get(tenant, job_id)
        # as many as cannot have come since the record was read
        newest = await self._store.newest(job_id, PAGE)
        seen = [one.id for one in newest if one.version <= job.version and not one.state.terminal]
        if not newest:
            raise NotFound("job", job_id)
        return _snapshot(job, seen[0] if seen else newest[-1].id.before)

    async def _more(self, at: Following) -> Following:
        look = await self._store.look(at.job.id, at.after)
        last = look.events[-1] if look.events else None
        full = len(look.events) == PAGE
        # only who is a thousand events behind can have missed some; a slow reader may be
        if full and (first := await self._store.oldest(at.job.id)) and _missed(at.after, first):
            return await self._instead(at)
        ended = bool(last and last.state.terminal) or (not full and (look.state is None or look.state.terminal))
        return Following(at.job, last.id if last else at.after, look.events, ended)

    async def wait(self, at: Following, wait_s: float) -> Following:
        """The next events: those there are, or the first that come within the wait; none where nothing came."""
        ends = time.monotonic() + wait_s
        with self._changes.watch(at.job.id, every=True) as watch:
            while not (at.events or at.ended or self._stopping):
                at = await self._more(at)
                left = ends - time.monotonic()
                if at.events or at.ended or left <= 0:
                    break
                await watch.wait(left)
        return at

    async def follow(self, at: Following, pause_s: float) -> AsyncIterator[tuple[Event, ...]]:
        """The events in batches, to the job's end or ours; an empty batch where none came for `pause_s`.

        An outage of Redis is waited out. A reader that nothing happens to costs Redis nothing.
        """
        if at.events:
            yield at.events
        with self._changes.watch(at.job.id, every=True) as watch:
            told, beat_at = True, time.monotonic() + pause_s
            while not (at.ended or self._stopping):
                at, away = await self._look(at) if told else (at, False)
                if told and at.events:
                    yield at.events
                    beat_at = time.monotonic() + pause_s
                    continue
                if not at.ended:
                    left = max(0.0, beat_at - time.monotonic())
                    told = await watch.wait(min(left, _LOOK_AGAIN_S) if away else left) or away
                    if time.monotonic() >= beat_at:
                        yield ()
                        beat_at = time.monotonic() + pause_s

    async def _look(self, at: Following) -> tuple[Following, bool]:
        """The next events; or none, and that Redis is away."""
        try:
            return await self._more(at), False
        except NotFound:  # deleted meanwhile
            return Following(at.job, at.after, ended=True), False
        except StoreError:
            return Following(at.job, at.after), True


def _missed(after: EventId, first: Event) -> bool:
    """Whether events behind `after` are not kept any more, the first that is being this."""
    return after.next < first.id and not (after == BEGINNING and first.begins)


def _snapshot(job: Job, at: EventId) -> Event:
    return Event(
        id=at,
        type=SNAPSHOT,
        state=job.state,
        version=job.version,
        attempt=job.attempt,
        progress=job.progress,
        at_ms=round(time.time() * 1000),
    )
