"""Values for the store's tests."""

import itertools
from typing import Any

from jobs.model import Input, JobSpec, PayloadRef
from jobs.store import blobs
from jobs.store.redis import Redis


def spec(*blobs: str, **changes: Any) -> JobSpec:
    """A job on one small inline input, or on these blobs."""
    refs = [PayloadRef(blob=blob, media_type="text/csv", bytes=3) for blob in blobs or ("",)]
    base = JobSpec(
        tenant="t",
        pipeline=[{"op": "head", "n": 10**30}],
        inputs={f"df{number or ''}": Input(payload=ref) for number, ref in enumerate(refs)},
        timeout_s=3,
        max_attempts=3,
        delay_s=0,
        result_ttl_s=100,
    )
    return base.changed(**changes)


async def content(redis: Redis, blob: str) -> bytes:
    """All chunks of a blob."""
    found = b""
    for number in itertools.count():
        chunk = await blobs.read_chunk(redis, blob, number)
        if chunk is None:
            return found
        found += bytes(chunk)
    raise AssertionError
