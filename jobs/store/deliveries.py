"""The deliveries of webhooks: a queue beside the jobs', by due time, whose entries are leased by a moved score.

All functions raise StoreUnavailable or StoreFull where Redis is away or full.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from jobs.model import Value
from jobs.store import keys, scripts
from jobs.store.redis import Redis, translated

MOST_TRIES: Final = 100
"""Tries that are kept of a job, the newest."""


class Try(Value, frozen=True, kw_only=True, omit_defaults=False):
    """One try to tell a webhook: `status` is the HTTP status where there was an answer, `next_ms` when the next is due.

    Numbers go up by one; a number that is left out is a try whose worker died in it.
    """

    id: str
    event: str
    url: str
    attempt: int
    status: int | None
    error: str | None
    at_ms: int
    next_ms: int | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A leased entry: this event of this job, at this try (from 1), leased at `at_ms` of Redis' clock."""

    entry: str
    lease: str
    number: int
    at_ms: int

    @property
    def job_id(self) -> str:
        """Whose end it tells."""
        return self.entry.partition(":")[0]

    @property
    def event(self) -> str:
        """What it tells."""
        return self.entry.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim took, and when the next entry is due; None where there is none."""

    now_ms: int
    next_due_ms: int | None
    taken: tuple[Delivery, ...]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Try)


async def claim(redis: Redis, most: int, lease_ms: int) -> Claimed:
    """Lease up to `most` due deliveries; where the answer is lost, they are due again when the lease ends."""
    with translated():
        now, due, *taken = await scripts.claim_deliveries(redis, [keys.DELIVERIES], [most, lease_ms, keys.JOB_PREFIX])
    found = (Delivery(entry.decode(), lease.decode(), int(number), int(now)) for entry, lease, number in taken)
    return Claimed(int(now), None if due < 0 else int(due), tuple(found))


async def end(redis: Redis, delivery: Delivery, made: Try | None, due_ms: int | None) -> bool:
    """Keep what came of a try, and when the next is due (None: never); False where the lease is another's by now.

    Without a try the entry goes back uncounted, or away.
    """
    args: list[scripts.Argument] = [
        delivery.entry,
        delivery.lease,
        b"" if made is None else _encoder.encode(made),
        "" if due_ms is None else due_ms,
        MOST_TRIES,
    ]
    names = [keys.DELIVERIES, keys.job(delivery.job_id), keys.deliveries(delivery.job_id)]
    with translated():
        return bool(await scripts.end_delivery(redis, names, args) == b"done")


async def read(redis: Redis, job_id: str) -> tuple[Try, ...]:
    """The tries to tell of this job's end, oldest first."""
    with translated():
        stored = await redis.lrange(keys.deliveries(job_id), 0, -1)  # type: ignore[misc]  # stub: sync or async
    return tuple(_decoder.decode(data) for data in stored)
