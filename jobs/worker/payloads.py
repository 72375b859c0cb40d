"""The result of an attempt on its way to Redis, written in chunks; its inputs are in `inputs`."""

from collections.abc import Sequence

import pyarrow as pa

from jobs.store.blobs import BlobWriter
from jobs.store.redis import Redis


async def keep(redis: Redis, pieces: Sequence[pa.Buffer], sha256: str, ttl_s: int) -> str:
    """Write a result beside its job, for the end of the attempt to switch in; the id of its blob."""
    async with BlobWriter(redis, ttl_s, sha256=sha256, compress=False) as writer:
        for piece in pieces:
            await writer.write(memoryview(piece))
        return (await writer.finish()).id
