"""How Redis, the queue and the workers are."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from jobs.errors import StoreError
from jobs.hints import listing
from jobs.store import metrics
from jobs.store.metrics import QueueSeen, WorkerSeen
from jobs.store.redis import Redis, end, translated
from jobs.store.soundness import SECTIONS, unsafe
from jobs.transforms.catalogue import Catalogue

_ANSWER_S = 0.8
# a worker claims within a millisecond of a submit: what is due for so long beside one that is idle does not move
_STUCK_S = 15.0
# a thread may hold the interpreter for some seconds without harm
_LEAST_SILENCE_MS = 5_000
_NEARLY_FULL = 0.9
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Health:
    """How the parts are. `redis` is None where it answers, else the reason; the sentences say the rest.

    `problems` keep jobs from being run or taken, `warnings` endanger them. `since_ms` (Unix) is when Redis was first
    missed by this process.
    """

    redis: str | None
    workers: int = 0
    queued: int = 0
    running: int = 0
    waiting: int = 0
    oldest_due_s: float = 0.0
    since_ms: int | None = None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What /metrics shows of all processes together: the queue, the counts, and sections of Redis' INFO."""

    queue: QueueSeen
    counts: Mapping[str, float]
    memory: Mapping[str, Any]


class Observatory:
    """Looks at one queue for one process, whose catalogue every worker should have."""

    def __init__(self, redis: Redis, queue: str, catalogue: Catalogue) -> None:
        self._redis, self._queue, self._catalogue = redis, queue, catalogue
        self._looking: asyncio.Task[Health] | None = None
        self._away_since_ms: int | None = None

    async def health(self) -> Health:
        """How everything is, within a second also where Redis hangs; looks at the same time are one."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        looking = self._looking
        await asyncio.wait({looking}, timeout=_ANSWER_S)
        health = looking.result() if looking.done() else Health(redis=f"no answer within {_ANSWER_S:g} s")
        if health.redis is None:
            self._away_since_ms = None
            return health
        self._away_since_ms = self._away_since_ms or time.time_ns() // 1_000_000
        return Health(redis=health.redis, since_ms=self._away_since_ms)

    async def work(self) -> Work:
        """What there is to be scraped; raises StoreError."""
        seen, counts, (memory,) = await asyncio.gather(
            metrics.look(self._redis, self._queue), metrics.counted(self._redis), self._info(("memory",))
        )
        return Work(seen, counts, memory)

    async def count(self, field: str) -> None:
        """Count one more; where Redis is away it is left uncounted."""
        with suppress(StoreError):
            await metrics.add(self._redis, {field: 1})

    async def close(self) -> None:
        """Look no more."""
        if self._looking is not None:
            await end(self._looking)

    async def _look(self) -> Health:
        try:
            seen, info = await asyncio.gather(metrics.look(self._redis, self._queue), self._info(SECTIONS))
            problems = [*await self._of_ops(seen), *_stuck(seen)]
        except StoreError as error:
            return Health(redis=error.detail)
        return Health(
            redis=None,
            workers=len(seen.workers),
            queued=seen.due,
            running=seen.running,
            waiting=seen.waiting,
            oldest_due_s=round(seen.oldest_due_s, 3),
            problems=tuple(problems),
            warnings=(*_of_workers(seen), *unsafe(*info), *_nearly_full(info[-1])),
        )

    async def _info(self, sections: Iterable[str]) -> list[Mapping[str, Any]]:
        with translated():
            async with self._redis.pipeline(transaction=False) as pipe:
                for section in sections:
                    pipe.info(section)
                return list(await pipe.execute())

    async def _of_ops(self, seen: QueueSeen) -> list[str]:
        """Whether no worker has our ops, and in which theirs differ."""
        fingerprints = sorted({one.fingerprint for one in seen.workers})
        ours = self._catalogue.fingerprint
        if not fingerprints or ours in fingerprints:
            return []
        theirs = await metrics.ops_of(self._redis, fingerprints[0])
        what = "" if theirs is None else f" ({_difference(self._catalogue.digests, theirs)})"
        return [f"no worker has the transforms of this API{what}: give both the same transforms.modules and version"]


def _difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    parts = {
        "the worker lacks": sorted(ours.keys() - theirs.keys()),
        "the API lacks": sorted(theirs.keys() - ours.keys()),
        "with other arguments": sorted(op for op in ours.keys() & theirs.keys() if ours[op] != theirs[op]),
    }
    return "; ".join(f"{what} {listing(ops[:_MOST_NAMED])}" for what, ops in parts.items() if ops)


def _hangs(worker: WorkerSeen, now_ms: int) -> bool:
    """Whether it has not reported for a lease, though its supervisor keeps it present."""
    if worker.report is None or worker.at_ms is None:
        return False
    return now_ms - worker.at_ms > max(_LEAST_SILENCE_MS, worker.report.lease_ms)


def _hanging(seen: QueueSeen) -> list[WorkerSeen]:
    return [one for one in seen.workers if _hangs(one, seen.now_ms)]


def _idle_s(worker: WorkerSeen, now_ms: int) -> float:
    """How long it has held nothing, by what it said last."""
    if worker.report is None or worker.report.busy or worker.idle_since_ms is None:
        return 0.0
    return (now_ms - worker.idle_since_ms) / 1000


def _stuck(seen: QueueSeen) -> list[str]:
    hanging = _hanging(seen)
    if seen.workers and len(hanging) == len(seen.workers):
        return [f"{_they(hanging, seen)}, and there is no other: jobs are not run"]
    idle = [one for one in seen.workers if one not in hanging and _idle_s(one, seen.now_ms) > _STUCK_S]
    if idle and seen.oldest_due_s > _STUCK_S:
        due = f"{seen.due} jobs are due, one of them for {seen.oldest_due_s:.0f} s"
        idles = f"worker {idle[0].id} has been idle for {_idle_s(idle[0], seen.now_ms):.0f} s"
        return [f"the queue does not move: {due}, and {idles}"]
    return []


def _of_workers(seen: QueueSeen) -> list[str]:
    if not seen.workers:
        waits = f"; {seen.due} wait, one of them for {seen.oldest_due_s:.0f} s" if seen.due else ""
        return [f"no worker is present: jobs are accepted, and wait for one{waits}"]
    hanging = _hanging(seen)
    return [_they(hanging, seen)] if 0 < len(hanging) < len(seen.workers) else []


def _they(hanging: list[WorkerSeen], seen: QueueSeen) -> str:
    longest_s = max(seen.now_ms - (one.at_ms or seen.now_ms) for one in hanging) / 1000
    names = listing([one.id for one in hanging[:_MOST_NAMED]])
    said = f"nothing was heard for {longest_s:.0f} s"
    return f"workers {names} hang: {said}" if len(hanging) > 1 else f"worker {names} hangs: {said}"


def _nearly_full(memory: Mapping[str, Any]) -> list[str]:
    used, most = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
    if most and used >= _NEARLY_FULL * most:
        return [f"Redis is nearly full: {used >> 20} of {most >> 20} MiB; when it is full, submits are answered 503"]
    return []
