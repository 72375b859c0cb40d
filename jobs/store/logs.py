"""What a job's transforms said, beside its record: bounded, and written by the attempt that holds the job's token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from jobs.model import LogRecord
from jobs.store import keys, scripts
from jobs.store.redis import Redis, translated

MOST_RECORDS: Final = 1_000
"""Records that are kept of a job; those of earlier attempts give way to later ones."""
MOST_BYTES: Final = 256 * 1024
"""Bytes that are kept of a job, as they are stored."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(LogRecord)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one attempt, and how many it has dropped since the last batch; `number` counts its batches."""

    number: int
    records: Sequence[bytes]
    dropped: int


def encode(record: LogRecord) -> bytes:
    """The stored form of a record."""
    return _encoder.encode(record)


async def append(redis: Redis, job_id: str, token: str, batch: Batch) -> bool:
    """Keep a batch, once however often it is sent; False where another attempt holds the job.

    Raises StoreUnavailable or StoreFull where Redis is away or full.
    """
    with translated():
        verdict, _ = await scripts.log(
            redis,
            [keys.job(job_id), keys.logs(job_id)],
            [token, batch.number, batch.dropped, MOST_RECORDS, MOST_BYTES, *batch.records],
        )
    return bool(verdict == b"done")


async def read(redis: Redis, job_id: str) -> tuple[LogRecord, ...]:
    """The records of a job, oldest first; where some were dropped, a last one says how many."""
    with translated():
        async with redis.pipeline(transaction=False) as pipe:
            pipe.lrange(keys.logs(job_id), 0, -1)
            pipe.hget(keys.job(job_id), "log_dropped")
            stored, dropped = await pipe.execute()
    records = tuple(_decoder.decode(data) for data in stored)
    return (*records, _dropped(int(dropped), records)) if dropped else records


def _dropped(count: int, records: Sequence[LogRecord]) -> LogRecord:
    last = records[-1] if records else None
    kept = f"a job keeps {MOST_RECORDS:,} records and {MOST_BYTES // 1024} KiB"
    return LogRecord(
        at_ms=last.at_ms if last else 0,
        attempt=last.attempt if last else 0,
        step=None,
        level="warning",
        message=f"{count:,} records more were dropped: {kept}",
        source="log",
    )
