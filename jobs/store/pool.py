"""The pool of connections, and what each of them does otherwise than redis-py's: less, for every command."""

import asyncio
from typing import Any, Final

import hiredis
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import ResponseError

from jobs.store.redis import demoted

# what hiredis writes as redis-py does; of anything else (a bool, an enum) redis-py decides
_PLAIN: Final = frozenset({str, bytes, int, float})
# larger values are sent from where they are, uncopied
_COPIED_BYTES: Final = 6_000


class Wire(AbstractConnection):
    """Packs small commands in C, and remembers an answer that only a server gives which is no primary (any more)."""

    demoted = False

    def pack_command(self, *args: Any) -> list[bytes]:
        """A command's bytes; a small one of plain values in a sixth of the time that redis-py takes."""
        if not (type(args[0]) is str and args[0].isalpha() and self._utf8):
            return super().pack_command(*args)
        for value in args:
            kind = type(value)
            if kind not in _PLAIN or (kind is bytes and len(value) > _COPIED_BYTES):
                return super().pack_command(*args)
        return [hiredis.pack_command(args)]

    @property
    def _utf8(self) -> bool:
        """The URL may ask for another encoding."""
        encoder = self.encoder
        return bool(encoder.encoding == "utf-8" and encoder.encoding_errors == "strict")

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """The next answer."""
        try:
            return await super().read_response(*args, **kwargs)
        except ResponseError as error:
            self.demoted = self.demoted or demoted(error)
            raise


class Pool(ConnectionPool):
    """Lends at most `max_connections`; who comes when all are lent waits, as long as the deadline of its call.

    redis-py's own waits at a condition (a lock, twice a command), and looks at the socket before every command. The
    look costs two timers, and its timeout of zero is what swallows cancellations. Without it a connection that the
    server closed shows in the command itself, which is sent again on a new one; a cancelled command closes its
    connection, so that none comes back with an answer still in it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._free = asyncio.Semaphore(self.max_connections)

    async def get_connection(self, *_: Any, **__: Any) -> AbstractConnection:
        """An open connection."""
        await self._free.acquire()
        try:
            connection: AbstractConnection = self.get_available_connection()  # type: ignore[no-untyped-call]  # redis-py leaves it bare
        except BaseException:
            self._free.release()
            raise
        if connection.is_connected:
            return connection
        try:
            await self.ensure_connection(connection)
        except BaseException:
            await self.release(connection)
            raise
        return connection

    async def ensure_connection(self, connection: AbstractConnection) -> None:
        """Open it where it is not open."""
        await connection.connect()  # type: ignore[no-untyped-call]  # redis-py leaves it bare

    async def release(self, connection: AbstractConnection) -> None:
        """Take it back; where its server is no primary any more, the next command asks anew where to connect."""
        # without redis-py's word to its listeners: those are for credentials that change, which no setting gives
        self._in_use_connections.remove(connection)
        self._available_connections.append(connection)
        self._free.release()
        if isinstance(connection, Wire) and connection.demoted:
            connection.demoted = False
            await self.drop_idle()

    async def drop_idle(self) -> None:
        """Close what is not in use: behind it stands a server that hangs, or is not the one to talk to any more."""
        for connection in tuple(self._available_connections):
            await connection.disconnect(nowait=True)
