"""Payloads as chunked blobs: one hash a blob, one field a chunk, so that no command moves more than a few MiB.

One hash, not one key a chunk: a single TTL, a single PERSIST and a single UNLINK cover the whole payload.
"""

import asyncio
import hashlib
import secrets
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from jobs.errors import InputGone, StoreError
from jobs.store import keys
from jobs.store.packing import WORTH_IT, pack, unpack, unpacked_size
from jobs.store.redis import Redis, translated

CHUNK_BYTES = 1024**2
# chunks on their way to Redis at a time: one is compressed while the other is sent
_SENDING = 2
# chunks that one command fetches, and such groups that are unpacked while the next is fetched
_GROUP = 4
_UNPACKING = 2


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A finished blob: its id, its size in bytes, and the hex SHA-256 of its content."""

    id: str
    size: int
    sha256: str


class BlobWriter:
    """Writes a payload as it streams in; leaving the `async with` block without `finish()` removes what was written.

    One chunk is on its way to Redis while the next is compressed and the one after collected; memory is three chunks,
    whatever the payload's size.
    With `sha256` the content's digest is known already, and not computed again; `compress=False` spares the try to.
    """

    def __init__(
        self,
        redis: Redis,
        ttl_s: int,
        chunk_bytes: int = CHUNK_BYTES,
        *,
        sha256: str | None = None,
        compress: bool = True,
    ) -> None:
        self.id = f"blb_{secrets.token_urlsafe(18)}"
        self._redis, self._ttl_s, self._chunk_bytes = redis, ttl_s, chunk_bytes
        self._pieces: list[memoryview] = []
        self._held = self._size = self._chunks = 0
        self._digest = None if sha256 else hashlib.sha256()
        self._sha256 = sha256 or ""
        self._compress = compress
        self._sending: deque[asyncio.Task[None]] = deque()
        self._finished = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished:
            await self._abandon()

    async def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes; waits only while the two chunks before are still on their way."""
        if self._digest is not None:
            self._digest.update(data)
        self._size += len(data)
        rest = memoryview(data)
        while rest:
            room = self._chunk_bytes - self._held
            piece, rest = rest[:room], rest[room:]
            self._pieces.append(piece)
            self._held += len(piece)
            if self._held == self._chunk_bytes:
                await self._flush()

    async def finish(self) -> BlobInfo:
        """Everything is in Redis once this returns; the blob lives for `ttl_s` until something refers to it."""
        if self._held or not self._chunks:
            await self._flush()
        await self._sent(0)
        self._finished = True
        return BlobInfo(self.id, self._size, self._digest.hexdigest() if self._digest else self._sha256)

    async def _flush(self) -> None:
        await self._sent(_SENDING - 1)
        self._sending.append(asyncio.create_task(self._send(self._chunks, self._pieces)))
        self._pieces, self._held = [], 0
        self._chunks += 1

    async def _send(self, number: int, pieces: list[memoryview]) -> None:
        plain = sum(len(piece) for piece in pieces)
        chunk = await asyncio.to_thread(pack, pieces, compress=self._compress)
        # what is compressed already stays so: one chunk tells for all
        self._compress = self._compress and len(chunk) < plain * WORTH_IT
        with translated():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hset(keys.blob(self.id), str(number), chunk)  # type: ignore[arg-type]  # redis-py's stub knows str only
                pipe.expire(keys.blob(self.id), self._ttl_s)
                await pipe.execute()

    async def _sent(self, left: int) -> None:
        while len(self._sending) > left:
            await self._sending[0]
            self._sending.popleft()

    async def _abandon(self) -> None:
        if self._sending:
            # one may be the very task whose cancellation brought us here
            await asyncio.gather(*self._sending, return_exceptions=True)
        if self._chunks:
            # where Redis is away the TTL does it
            with suppress(StoreError):
                await asyncio.shield(delete(self._redis, self.id))


async def delete(redis: Redis, *blob_ids: str) -> None:
    """Remove blobs that nothing refers to yet."""
    if blob_ids:
        with translated():
            await redis.unlink(*map(keys.blob, blob_ids))


async def read_chunk(redis: Redis, blob_id: str, number: int) -> bytes | memoryview | None:
    """One chunk, or None behind the last; raises InputGone where the blob is not there any more."""
    with translated():
        chunk: bytes | None = await redis.hget(keys.blob(blob_id), str(number))  # type: ignore[misc]  # stub: sync or async
    if chunk is None and number == 0:
        raise InputGone("the stored bytes are gone: they expired or were deleted; submit them again")
    return None if chunk is None else await asyncio.to_thread(unpack, chunk)


async def read_into(redis: Redis, blob_id: str, whole: memoryview) -> int:
    """Fill `whole` with the content of a blob: a few chunks are fetched while those before are unpacked in threads.

    Returns how many bytes there are: it is filled where these are as many as it holds, and left undefined elsewhere.
    Raises InputGone where the blob is not there any more.
    """
    total = number = 0
    unpacking: deque[asyncio.Task[None]] = deque()
    coming = asyncio.create_task(_group(redis, blob_id, number))
    try:
        while chunks := await coming:
            number += len(chunks)
            coming = asyncio.create_task(_group(redis, blob_id, number))
            start, total = total, total + sum(map(unpacked_size, chunks))
            if total > len(whole):
                return total
            unpacking.append(asyncio.create_task(asyncio.to_thread(_unpack_into, chunks, whole[start:total])))
            if len(unpacking) > _UNPACKING:
                await unpacking.popleft()
        await asyncio.gather(*unpacking)
        return total
    finally:
        coming.cancel()
        await asyncio.gather(*unpacking, return_exceptions=True)


async def _group(redis: Redis, blob_id: str, number: int) -> list[bytes]:
    """The chunks from this one on, none behind the last."""
    wanted = [str(one) for one in range(number, number + _GROUP)]
    with translated():
        found: list[bytes | None] = await redis.hmget(keys.blob(blob_id), wanted)  # type: ignore[misc]  # stub: sync or async
    if number == 0 and found[0] is None:
        raise InputGone("the stored bytes are gone: they expired or were deleted; submit them again")
    return [chunk for chunk in found if chunk is not None]


def _unpack_into(chunks: Sequence[bytes], part: memoryview) -> None:
    filled = 0
    for chunk in chunks:
        content = unpack(chunk)
        part[filled : filled + len(content)] = content
        filled += len(content)
