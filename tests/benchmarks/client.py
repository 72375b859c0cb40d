"""A small HTTP/1.1 client on uvloop: on two cores, a full client library would be what is measured."""

import asyncio
from collections.abc import AsyncIterable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], limit_s: float) -> T:
    """Run it to its end on a fresh uvloop; raises TimeoutError after `limit_s`."""
    return uvloop.run(asyncio.wait_for(work, limit_s))


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, header fields with names in lower case, and a body."""

    status: int
    fields: dict[bytes, bytes]
    body: bytes


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests one after another."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._buffer = bytearray()
        self._answer: asyncio.Future[Answer] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """A connection to loopback."""
        _, made = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return made

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._writable.set()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"closed by the server: {exc}"))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answer = self._answer
        if answer is not None and not answer.done() and (parsed := _parse(self._buffer)) is not None:
            self._buffer.clear()
            answer.set_result(parsed)

    async def request(self, method: str, path: str, body: bytes = b"", *headers: str) -> Answer:
        """One request and its answer."""
        answer = self._begin(method, path, len(body), headers, body)
        return await answer

    async def stream(self, method: str, path: str, size: int, pieces: AsyncIterable[bytes], *headers: str) -> Answer:
        """A request whose body is sent piece by piece, as fast as the server takes it."""
        answer = self._begin(method, path, size, headers)
        async for piece in pieces:
            await self._writable.wait()
            if answer.done():  # refused before it was read whole
                break
            self._transport.write(piece)
        return await answer

    def _begin(
        self, method: str, path: str, size: int, headers: tuple[str, ...], body: bytes = b""
    ) -> asyncio.Future[Answer]:
        self._answer = asyncio.get_running_loop().create_future()
        lines = [f"{method} {path} HTTP/1.1", "host: bench", f"content-length: {size}", *headers]
        self._transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return self._answer

    def close(self) -> None:
        """Close it."""
        self._transport.close()


def _parse(data: bytearray) -> Answer | None:
    """The answer, or None where it is not whole yet."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = bytes(data[:end]).split(b"\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if fields.get(b"transfer-encoding") == b"chunked":
        body = _chunks(data, end + 4) if data.endswith(b"0\r\n\r\n") else None
    else:
        size = int(fields.get(b"content-length", 0))
        body = bytes(data[end + 4 :]) if len(data) - end - 4 >= size else None
    return None if body is None else Answer(int(first[9:12]), fields, body)


def _chunks(data: bytearray, at: int) -> bytes | None:
    """The chunks of a body, or None where the last one is not there (its end was data that looked like one)."""
    pieces = []
    while (line := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:line], 16)
        if not size:
            return b"".join(pieces)
        pieces.append(bytes(data[line + 2 : line + 2 + size]))
        at = line + 2 + size + 2
    return None
