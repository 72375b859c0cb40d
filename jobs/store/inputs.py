"""The small inputs of jobs, which stand beside their records."""

from typing import cast

from jobs.store import keys
from jobs.store.redis import Redis, translated


async def small_input(redis: Redis, job_id: str, name: str) -> bytes | None:
    """The bytes of an input that has no blob; None where they are not there any more."""
    with translated():
        found = await redis.hget(keys.inputs(job_id), name)  # type: ignore[misc]  # stub: sync or async
    return cast("bytes | None", found)
