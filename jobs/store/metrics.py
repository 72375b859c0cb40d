"""Counts on their way to Redis and back, and how the queue and its workers are."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from jobs.store import keys, scripts
from jobs.store.redis import Redis, translated

_COUNTS_TTL_MS = 30 * 86_400_000


class WorkerReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker says that it is: jobs it may hold at once and holds, its threads and those at work."""

    slots: int
    busy: int
    threads: int
    threads_busy: int
    lease_ms: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Counts that are sent, again where the answer is lost; `id` tells one batch from the next."""

    counts: Mapping[str, float]
    id: str = field(default_factory=lambda: secrets.token_hex(6))


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker that is present; None where it has not reported (it is new, older than reports, or hangs for long)."""

    id: str
    fingerprint: str
    report: WorkerReport | None = None
    at_ms: int | None = None
    idle_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class QueueSeen:
    """The queue at `now_ms` of Redis' clock: entries in all, those that are due, and since when the oldest of them."""

    now_ms: int
    due: int
    entries: int
    oldest_due_ms: int | None
    workers: tuple[WorkerSeen, ...]

    @property
    def oldest_due_s(self) -> float:
        """How long the oldest due entry has waited, in seconds; 0 where none is due."""
        return 0.0 if self.oldest_due_ms is None else max(0, self.now_ms - self.oldest_due_ms) / 1000

    @property
    def running(self) -> int:
        """Jobs that workers say they hold."""
        return sum(one.report.busy for one in self.workers if one.report is not None)

    @property
    def waiting(self) -> int:
        """Entries that are neither due nor held: delayed, or between two attempts."""
        return max(0, self.entries - self.due - self.running)


async def tell(
    redis: Redis, worker: str, batch: Batch, report: WorkerReport, idle_ms: int, ops: tuple[str, bytes]
) -> None:
    """Add a worker's counts, and say how it is; `ops` are the fingerprint and the words of its catalogue."""
    flat = [part for name, value in batch.counts.items() for part in (name, repr(value))]
    with translated():
        await scripts.count(
            redis,
            [keys.METRICS, keys.worker_report(worker), keys.worker_ops(ops[0])],
            [batch.id, _COUNTS_TTL_MS, 3 * report.lease_ms, idle_ms, msgspec.json.encode(report), ops[1], *flat],
        )


async def add(redis: Redis, counts: Mapping[str, float]) -> None:
    """Add a few counts of a process that is no worker; a lost answer may count them twice."""
    with translated():
        async with redis.pipeline(transaction=True) as pipe:
            for name, value in counts.items():
                pipe.hincrbyfloat(keys.METRICS, name, value)
            pipe.pexpire(keys.METRICS, _COUNTS_TTL_MS)
            await pipe.execute()


async def counted(redis: Redis) -> dict[str, float]:
    """All counts of all processes, by field."""
    with translated():
        found: dict[bytes, bytes] = await redis.hgetall(keys.METRICS)  # type: ignore[misc]  # stub: sync or async
    return {name.decode(): float(value) for name, value in found.items()}


async def look(redis: Redis, queue: str) -> QueueSeen:
    """How the queue and its workers are now."""
    with translated():
        now, due, entries, oldest, *workers = await scripts.look(
            redis, [queue, keys.WORKERS], [keys.WORKER_REPORT_PREFIX]
        )
    return QueueSeen(
        now_ms=int(now),
        due=int(due),
        entries=int(entries),
        oldest_due_ms=int(float(oldest)) if oldest else None,
        workers=tuple(_worker(*one) for one in workers),
    )


async def ops_of(redis: Redis, fingerprint: str) -> dict[str, str] | None:
    """The ops of a worker's catalogue, each with the digest of its parameters; None where no worker told."""
    with translated():
        found = await redis.get(keys.worker_ops(fingerprint))
    return None if found is None else msgspec.json.decode(found, type=dict[str, str])


def _worker(entry: bytes, at_ms: bytes, idle_since_ms: bytes, report: bytes) -> WorkerSeen:
    worker, _, fingerprint = entry.decode(errors="replace").partition(" ")
    if not report:
        return WorkerSeen(worker, fingerprint)
    said = msgspec.json.decode(report, type=WorkerReport)
    return WorkerSeen(worker, fingerprint, said, int(at_ms), int(float(idle_since_ms)))
