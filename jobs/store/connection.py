"""Connections to Redis: their options, TLS, and the way to the primary that Sentinels name.

Reads its settings by attribute alone (`RedisOptions`), so that a process without pydantic can connect too.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
    parse_url,
)
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    ConnectionError,  # noqa: A004  # redis-py's own name, used only here
    RedisError,
)

from jobs.errors import StoreUnavailable
from jobs.store.address import is_sentinel, parse_sentinel
from jobs.store.options import RedisOptions, Secret
from jobs.store.pool import Pool, Wire
from jobs.store.redis import Redis, deserialize, serialize

Find = Callable[[], Awaitable[tuple[str, int]]]


class _Tcp(Wire, Connection):
    pass


class _Tls(Wire, SSLConnection):
    pass


class _Unix(Wire, UnixDomainSocketConnection):
    pass


class _Led(Wire, Connection):
    """Asks where the primary is whenever it connects, and leaves a server that is not the primary."""

    def __init__(self, *, find: Find, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._find = find

    async def _connect(self) -> None:
        self.host, self.port = await self._find()
        await super()._connect()  # type: ignore[no-untyped-call]  # redis-py leaves it bare

    async def on_connect(self) -> None:
        await super().on_connect()
        await self.send_command("ROLE")
        role = (await self.read_response())[0]
        if role != b"master":
            raise ConnectionError(f"{self.host}:{self.port}, which the Sentinels name, is a {role.decode()} yet")


class _LedTls(_Led, SSLConnection):
    pass


_WATCHED: Final[dict[type[AbstractConnection], type[AbstractConnection]]] = {
    SSLConnection: _Tls,
    UnixDomainSocketConnection: _Unix,
}


class Sentinels:
    """Asks the Sentinels in turn for the primary of a service, on a connection of its own each time."""

    def __init__(
        self, addresses: tuple[tuple[str, int], ...], service: str, kind: type[Connection], **how: Any
    ) -> None:
        self._addresses, self._service = list(addresses), service
        self._kind, self._how = kind, how

    async def primary(self) -> tuple[str, int]:
        """Host and port of the primary, by the first Sentinel that knows it; raises ConnectionError where none does.

        The one that answered goes to the end: should it be behind the times, the next try asks another.
        """
        said: list[str] = []
        for address in tuple(self._addresses):
            try:
                found = await self._ask(*address)
            except (RedisError, OSError) as error:
                said.append(f"{address[0]}:{address[1]} {str(error) or type(error).__name__}")
                continue
            if found is not None:
                self._addresses.remove(address)
                self._addresses.append(address)
                return found
            said.append(f"{address[0]}:{address[1]} does not know it")
        raise ConnectionError(f"no Sentinel names the primary of {self._service!r}: {'; '.join(said)}")

    async def _ask(self, host: str, port: int) -> tuple[str, int] | None:
        connection = self._kind(host=host, port=port, **self._how)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]  # redis-py leaves it bare
            await connection.send_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._service)
            found = await connection.read_response()
        finally:
            await connection.disconnect(nowait=True)
        return (found[0].decode(), int(found[1])) if found else None


def connect(settings: RedisOptions) -> Redis:
    """A client for `settings.url`; nothing is opened before its first command.

    Raises StoreUnavailable where the URL cannot be one.
    """
    url = _plain(settings.url)
    if not url:
        raise StoreUnavailable("no Redis is configured: set REDIS_URL, or use `framequeue up`, which starts a Valkey")
    try:
        pool = _pool(url, settings)
    except (ValueError, TypeError, OSError) as error:  # OSError: a certificate that cannot be read
        # a malformed URL is not quoted: its password may stand anywhere in it
        said = "the URL is malformed" if isinstance(error, ValueError) and "Port" in str(error) else str(error)
        raise StoreUnavailable(f"the settings of redis cannot be used: {said}") from None
    return Redis(
        pool,
        job_serializer=serialize,
        job_deserializer=deserialize,
        default_queue_name=settings.queue,
        deadline_s=settings.command_timeout_s,
    )


def _pool(url: str, settings: RedisOptions) -> Pool:
    options = {
        "max_connections": settings.max_connections,
        "socket_connect_timeout": settings.connect_timeout_s,
        # every script may be sent again, so a reset connection costs a retry, not an error
        "retry": Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
        "retry_on_error": [ConnectionError],
        **(_led(url, settings) if is_sentinel(url) else _direct(url, settings)),
    }
    pool = Pool(**options)
    # opens nothing: what the URL's ?options cannot be is said now, not at the first command
    pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py leaves it bare
    return pool


def _direct(url: str, settings: RedisOptions) -> dict[str, Any]:
    how: dict[str, Any] = dict(parse_url(url))
    kind = how.get("connection_class", Connection)
    how["connection_class"] = _WATCHED.get(kind, _Tcp)
    if kind is not SSLConnection:
        return how
    how = _tls(settings) | how  # as in redis-py, what the URL says after its ? wins
    if how["ssl_cert_reqs"] == "none":
        how["ssl_check_hostname"] = False
    return how


def _led(url: str, settings: RedisOptions) -> dict[str, Any]:
    address = parse_sentinel(url)
    tls = _tls(settings) if address.tls else {}
    sentinels = Sentinels(
        address.sentinels,
        address.service,
        SSLConnection if address.tls else Connection,
        username=settings.sentinel_username or None,
        password=_plain(settings.sentinel_password),
        socket_timeout=settings.connect_timeout_s,
        **tls,
    )
    return {
        "connection_class": _LedTls if address.tls else _Led,
        "find": sentinels.primary,
        "db": address.db,
        "username": address.username,
        "password": address.password,
        **tls,
    }


def _tls(settings: RedisOptions) -> dict[str, Any]:
    for file in (settings.tls_ca_file, settings.tls_cert_file, settings.tls_key_file):
        if file is not None:
            Path(file).open("rb").close()
    given = {
        "ssl_ca_certs": settings.tls_ca_file,
        "ssl_certfile": settings.tls_cert_file,
        "ssl_keyfile": settings.tls_key_file or settings.tls_cert_file,
    }
    return {name: str(file) for name, file in given.items() if file is not None} | {
        "ssl_cert_reqs": "none" if settings.tls_verify == "none" else "required",
        "ssl_check_hostname": settings.tls_verify == "full",
    }


def _plain(value: Secret | None) -> str | None:
    return None if value is None else value.get_secret_value()
