"""The bytes of one answer: streamed, measured, or a part of them; the same entity tag always names the same bytes."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final, NamedTuple

from jobs.model import Warn

_REMEMBERED: Final = 4096
_PEEKED: Final = 1024**2  # what ends within so many bytes is known whole before its headers are sent


class Facts(NamedTuple):
    """What is known of an answer's bytes as a whole: how many there are, and their SHA-256."""

    size: int
    sha256: bytes

    @classmethod
    def of(cls, data: bytes) -> "Facts":
        """The facts of bytes that are at hand."""
        return cls(len(data), hashlib.sha256(data).digest())


class Known:
    """The facts of the answers that were rendered whole, by entity tag: they never change, so the last few are kept."""

    def __init__(self) -> None:
        self._facts: OrderedDict[str, Facts] = OrderedDict()

    def get(self, etag: str) -> Facts | None:
        """The facts of this answer, where it was rendered whole before."""
        return self._facts.get(etag)

    def learn(self, etag: str, facts: Facts) -> None:
        """Remember them; the oldest are forgotten."""
        self._facts[etag] = facts
        if len(self._facts) > _REMEMBERED:
            self._facts.popitem(last=False)


class Measured(Iterator[bytes]):
    """Pieces that tell their facts when the last has been taken: counted where they are made, in the thread."""

    def __init__(self, pieces: Iterator[bytes], tell: Callable[[Facts], None]) -> None:
        self._pieces, self._tell = pieces, tell
        self._size, self._digest = 0, hashlib.sha256()

    def __next__(self) -> bytes:
        """The next piece."""
        piece = next(self._pieces, None)
        if piece is None:
            self._tell(Facts(self._size, self._digest.digest()))
            raise StopIteration
        self._size += len(piece)
        self._digest.update(piece)
        return piece

    def close(self) -> None:
        """Free what the pieces are made from; a thread that is in the middle of one frees it at its next read."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            try:
                close()
            except ValueError:  # the generator runs at this moment
                return


class Rendering:
    """An answer's bytes, what the format had to map, an entity tag (without quotes), and the rows of the whole frame.

    `again(start)` begins the same bytes anew at this position; `chunks` are those from 0, which have begun already, and
    can be had once: `used_up` says that they were.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        warnings: tuple[Warn, ...],
        etag: str,
        *,
        rows: int | None,
        known: Known,
        again: Callable[[int], Awaitable[AsyncIterator[bytes]]],
    ) -> None:
        self.chunks, self.warnings, self.etag, self.rows = chunks, warnings, etag, rows
        self._known, self._again = known, again
        self._first: list[bytes] = []
        self.data: bytes | None = None
        self.used_up = False

    @property
    def facts(self) -> Facts | None:
        """Size and digest of all bytes, where they are known by now."""
        return self._known.get(self.etag)

    async def peek(self) -> None:
        """Look at the first pieces; where there are no more, `data` is all of it and the facts are known."""
        if self.facts is not None and self.facts.size > _PEEKED:
            return
        left = _PEEKED
        async for piece in self.chunks:
            self._first.append(piece)
            left -= len(piece)
            if left < 0:
                return
        self.data = b"".join(self._first)
        if self.facts is None:
            self._known.learn(self.etag, await asyncio.to_thread(Facts.of, self.data))

    async def measured(self) -> Facts:
        """Size and digest, made anew where nobody remembers: that renders all of it once, and keeps none of it."""
        facts = self.facts
        if facts is None:
            self.used_up = True
            self._first.clear()
            async for _ in self.chunks:
                pass
            facts = self.facts
        if facts is None:
            raise EOFError("an answer ended without its end")
        return facts

    async def whole(self) -> AsyncIterator[bytes]:
        """All bytes, once; what is behind them is freed at the end, and where the caller leaves."""
        try:
            while self._first:
                # held no longer than until it is sent
                yield self._first.pop(0)
            async for piece in self.chunks:
                yield piece
        finally:
            await self.close()

    async def part(self, start: int, count: int) -> AsyncIterator[bytes]:
        """`count` bytes from `start` on, which must be there."""
        await self.close()
        self._first.clear()
        pieces = await self._again(start)
        try:
            async for piece in pieces:
                yield piece[:count]
                count -= len(piece)
                if count <= 0:
                    return
        finally:
            await _close(pieces)
        raise EOFError(f"an answer ended {count:,} bytes before its end")

    async def close(self) -> None:
        """Free what the bytes are made from."""
        await _close(self.chunks)


async def _close(chunks: AsyncIterator[bytes]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
