"""A small proxy between us and Redis: it speaks TLS for it, or loses answers as a bad network does."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Proxy:
    """A TCP server before the one at a port or a Unix path; use it in `async with`. `url` leads through it.

    New connections go to `target`, which a test may change. `rewrite` changes answers. With `lose_after`, the next
    answer is cut off after so many bytes and its connection closed: the command was carried out, and who sent it does
    not know. `lost` counts these.
    """

    def __init__(self, target: int | str, *, tls: ssl.SSLContext | None = None) -> None:
        self.target, self._tls = target, tls
        self._open: set[asyncio.StreamWriter] = set()
        self.rewrite: Callable[[bytes], bytes] = lambda data: data
        self.lose_after: int | None = None
        self.lost = self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"{'rediss' if self._tls else 'redis'}://localhost:{self.port}/0"

    def cut(self) -> None:
        """Reset every connection."""
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if isinstance(self.target, str):
            theirs, ours = await asyncio.open_unix_connection(self.target)
        else:
            theirs, ours = await asyncio.open_connection("127.0.0.1", self.target)
        pair = {writer, ours}
        self._open |= pair
        try:
            await asyncio.gather(self._ask(reader, ours), self._answer(theirs, writer))
        finally:
            self._open -= pair

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                kept, self.lose_after = self.lose_after, None
                writer.write(self.rewrite(data)[:kept])
                await writer.drain()
                if kept is not None:
                    self.lost += 1
                    break
        writer.close()


class Refusing:
    """A server that answers every command with one error; use it in `async with`."""

    def __init__(self, error: str) -> None:
        self._error = f"-{error}\r\n".encode()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while header := await reader.readline():
                for _ in range(int(header[1:])):
                    size = int((await reader.readline())[1:])
                    await reader.readexactly(size + 2)
                writer.write(self._error)
                await writer.drain()
        writer.close()
