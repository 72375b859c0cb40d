"""The connection to Redis: ARQ's client, with our serializer, one-call enqueueing, and our errors."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
from arq.connections import ArqRedis
from arq.constants import result_key_prefix
from arq.jobs import Job as ArqJob
from arq.jobs import serialize_job
from arq.utils import timestamp_ms, to_ms, to_unix_ms
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004  # redis-py's own name, used only here
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004  # same
)

from jobs.errors import StoreFull, StoreUnavailable
from jobs.store import keys, scripts
from jobs.store.options import RedisOptions

_UNUSABLE = re.compile(
    r"(?:^|-)(OOM|READONLY|LOADING|MISCONF|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|NOPERM|NOAUTH|UNKILLABLE|BUSY)\b"
)


def _plain(value: Any) -> str:
    """How msgpack writes what it does not know: the exception of a plain ARQ function becomes its text."""
    return f"{type(value).__name__}: {value}"


def serialize(value: dict[str, Any]) -> bytes:
    """ARQ's job serializer: msgpack."""
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def deserialize(data: bytes) -> dict[str, Any]:
    """ARQ's job deserializer: msgpack."""
    decoded: dict[str, Any] = msgspec.msgpack.decode(data)
    return decoded


class Redis(ArqRedis):
    """ARQ's client whose `enqueue_job` is one atomic call that also wakes an idle worker."""

    _at_ms = 0
    _ids_then: frozenset[str] | set[str] = frozenset()

    def _now_ms(self, job_id: str) -> int:
        """The time, never the same for two calls of one id: the second is not the first one sent again."""
        now = max(timestamp_ms(), self._at_ms + (job_id in self._ids_then))
        if now > self._at_ms:
            self._at_ms, self._ids_then = now, {job_id}
        else:
            self._ids_then |= {job_id}
        return now

    async def enqueue_job(
        self,
        function: str,
        *args: Any,
        _job_id: str | None = None,
        _queue_name: str | None = None,
        _defer_until: datetime | None = None,
        _defer_by: int | float | timedelta | None = None,
        _expires: int | float | timedelta | None = None,
        _job_try: int | None = None,
        **kwargs: Any,
    ) -> ArqJob | None:
        """Enqueue a plain ARQ function; None where a job or result with this id is there. See ARQ's method."""
        if _defer_until and _defer_by:
            raise RuntimeError("use either 'defer_until' or 'defer_by' or neither, not both")
        queue, job_id = _queue_name or self.default_queue_name, _job_id or uuid4().hex
        now = self._now_ms(job_id)
        score = to_unix_ms(_defer_until) if _defer_until else now + (to_ms(_defer_by) or 0)
        expires_ms = to_ms(_expires) or max(score - now, 0) + self.expires_extra_ms
        call = serialize_job(function, args, kwargs, _job_try, now, serializer=self.job_serializer)
        enqueued = await scripts.enqueue(
            self,
            [keys.arq_job(job_id), result_key_prefix + job_id, queue, keys.wake(queue)],
            [job_id, call, score, expires_ms],
        )
        return ArqJob(job_id, self, queue, self.job_deserializer) if enqueued else None


class Pool(BlockingConnectionPool):
    """redis-py's pool without its look at the socket before every command.

    The look costs two timers a command, and its timeout of zero is what swallows cancellations. Without it a connection
    that the server closed shows in the command itself, which is sent again on a new one; a cancelled command closes its
    connection, so that none comes back with an answer still in it.
    """

    async def ensure_connection(self, connection: AbstractConnection) -> None:
        """Open it where it is not open."""
        await connection.connect()  # type: ignore[no-untyped-call]  # redis-py leaves it bare


def connect(settings: RedisOptions) -> Redis:
    """A client for `settings.url`; nothing is opened before its first command."""
    if settings.url is None:
        raise StoreUnavailable("no Redis is configured: set REDIS_URL, or use `framequeue up`, which starts a Valkey")
    pool = Pool.from_url(
        settings.url.get_secret_value(),
        max_connections=settings.max_connections,
        timeout=settings.command_timeout_s,
        socket_connect_timeout=settings.connect_timeout_s,
        socket_timeout=settings.command_timeout_s,
        # every script may be sent again, so a reset connection costs a retry, not an error
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
        retry_on_error=[ConnectionError],
    )
    return Redis(
        pool,
        job_serializer=serialize,
        job_deserializer=deserialize,
        default_queue_name=settings.queue,
    )


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel a task that talks to Redis, and see it ended.

    redis-py 5.3 loses a cancellation that meets one of its own timeouts (measured: with its look at the socket before
    every command, one in fifty; see Pool), so one `cancel()` is not always enough.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)


@contextmanager
def translated() -> Iterator[None]:
    """Turn redis-py's errors into ours: StoreFull for a full Redis, StoreUnavailable for one that cannot be used."""
    try:
        yield
    except OutOfMemoryError:
        raise StoreFull from None
    except (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError, AuthenticationError, OSError) as error:
        raise StoreUnavailable(_reason(error)) from error
    except ResponseError as error:
        # Redis 6 wraps what a script met: "ERR Error running script ...: -OOM command not allowed"
        found = _UNUSABLE.search(str(error))
        if found is None:
            raise
        if found[1] == "OOM":
            raise StoreFull from None
        raise StoreUnavailable(_reason(error)) from error
    except RedisError as error:
        raise StoreUnavailable(_reason(error)) from error


def _reason(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
