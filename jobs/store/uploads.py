"""A payload on its way in: small ones stay in memory and go into the submit call, larger ones stream into a blob."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from jobs.model import PayloadRef
from jobs.store.blobs import BlobWriter
from jobs.store.redis import Redis

INLINE_BYTES = 64 * 1024
"""Payloads up to this size travel inside the submit and claim calls: no round trip of their own."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A payload that is complete but not yet referred to; `data` holds its bytes where it is small."""

    ref: PayloadRef
    data: bytes | None


class Upload:
    """Takes a payload's bytes as they come; leaving the `async with` block without `finish()` leaves nothing behind."""

    def __init__(self, redis: Redis, ttl_s: int, ref: PayloadRef, *, inline: bool = True) -> None:
        self._redis, self._ttl_s, self._ref = redis, ttl_s, ref
        self._limit = INLINE_BYTES if inline else 0
        self._held: list[bytes] = []
        self._size = 0
        self._writer: BlobWriter | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            await self._writer.__aexit__(kind, error, trace)

    @property
    def size(self) -> int:
        """Bytes taken so far."""
        return self._size

    async def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._size += len(data)
        if self._writer is not None:
            await self._writer.write(data)
            return
        self._held.append(data)
        if self._size > self._limit:
            await self._spill()

    async def finish(self) -> Staged:
        """The complete payload."""
        if self._writer is None and self._limit == 0:
            await self._spill()
        if self._writer is None:
            return Staged(self._ref.changed(bytes=self._size), b"".join(self._held))
        info = await self._writer.finish()
        return Staged(self._ref.changed(blob=info.id, bytes=info.size, sha256=info.sha256), None)

    async def _spill(self) -> None:
        self._writer = BlobWriter(self._redis, self._ttl_s)
        for piece in self._held:
            await self._writer.write(piece)
        self._held.clear()
