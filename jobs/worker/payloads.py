"""Payloads between Redis and an attempt: its inputs read whole, its result written in chunks."""

from collections.abc import Sequence

import pyarrow as pa

from jobs.errors import InputGone
from jobs.model import PayloadRef
from jobs.store import blobs
from jobs.store.blobs import BlobWriter
from jobs.store.claims import Claim
from jobs.store.redis import Redis


async def load(redis: Redis, claim: Claim, inputs: dict[str, PayloadRef]) -> dict[str, pa.Buffer]:
    """The bytes of every input by name; raises InputGone where they are not (all) there."""
    return {name: await _payload(redis, claim, name, ref) for name, ref in inputs.items()}


async def _payload(redis: Redis, claim: Claim, name: str, ref: PayloadRef) -> pa.Buffer:
    if not ref.blob:
        data = claim.inputs.get(name)
        if data is None:
            raise InputGone(f"the stored bytes of input {name!r} are gone", f"/inputs/{name}")
        return pa.py_buffer(data)
    whole = pa.allocate_buffer(ref.bytes)
    view, filled = memoryview(whole).cast("B"), 0
    async for chunk in blobs.read(redis, ref.blob):
        view[filled : filled + len(chunk)] = chunk
        filled += len(chunk)
    if filled != ref.bytes:
        raise InputGone(f"only {filled:,} of {ref.bytes:,} bytes of input {name!r} are there", f"/inputs/{name}")
    return whole


async def keep(redis: Redis, pieces: Sequence[pa.Buffer], sha256: str, ttl_s: int) -> str:
    """Write a result beside its job, for the end of the attempt to switch in; the id of its blob."""
    async with BlobWriter(redis, ttl_s, sha256=sha256, compress=False) as writer:
        for piece in pieces:
            await writer.write(memoryview(piece))
        return (await writer.finish()).id
