"""The client: ARQ's, with our serializer, one-call enqueueing, a deadline for every call, and our errors."""

import asyncio
import re
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
from arq.connections import ArqRedis
from arq.constants import result_key_prefix
from arq.jobs import Job as ArqJob
from arq.jobs import serialize_job
from arq.utils import timestamp_ms, to_ms, to_unix_ms
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import ConnectionPool
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,  # noqa: A004  # redis-py's own name, used only here
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from jobs.errors import StoreFull, StoreUnavailable
from jobs.store import keys, scripts

T = TypeVar("T")
# where the code of an error stands: at the start, after a script's own words, or quoted by redis-py's pipeline
_AT = r"(?:^|[-'\"])"
_UNUSABLE = re.compile(
    _AT + r"(OOM|READONLY|LOADING|MISCONF|MASTERDOWN|UNBLOCKED|NOREPLICAS|CLUSTERDOWN|NOPERM|NOAUTH|UNKILLABLE|BUSY)\b"
)
_DEMOTED = re.compile(_AT + r"(READONLY|MASTERDOWN|UNBLOCKED)\b")
# once a call has gone unanswered, the next ones are given no more than this until one is answered: a request that
# makes several calls is refused about one deadline later, not several
_SUSPECT_S = 1.0


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


def demoted(error: ResponseError) -> bool:
    """Whether only a server answers so that is not the primary (any more)."""
    return isinstance(error, ReadOnlyError) or _DEMOTED.search(str(error)) is not None


class Clock:
    """The deadline of every call of one client, connecting and waiting for a connection included.

    In place of redis-py's own timeout of each socket operation, which costs a task and two timers a command (measured:
    a quarter of a small one) and adds up over a call.
    """

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._suspect = False
        self._patient_at = 0.0

    async def within(self, pool: ConnectionPool, call: Awaitable[T], blocking_s: float = 0) -> T:
        """The call's answer; raises redis-py's TimeoutError and drops idle connections where none came in time."""
        limit_s = self._limit_s() + blocking_s
        try:
            async with asyncio.timeout(limit_s) as limit:
                answer = await call
        except TimeoutError:
            if not limit.expired():
                raise
            if not self._suspect:
                self._suspect, self._patient_at = True, time.monotonic() + 2 * self._deadline_s
            for connection in tuple(pool._available_connections):  # noqa: SLF001  # redis-py has no public way to it
                await connection.disconnect(nowait=True)
            raise RedisTimeoutError(f"no answer within {limit_s:g} s") from None
        self._suspect = False
        return answer

    def _limit_s(self) -> float:
        if not self._suspect:
            return self._deadline_s
        now = time.monotonic()
        if now < self._patient_at:
            return min(self._deadline_s, _SUSPECT_S)
        # one call now and then has all its time: a Redis that is slow, not gone, is found again by it
        self._patient_at = now + 2 * self._deadline_s
        return self._deadline_s


def _blocking_s(command: tuple[Any, ...]) -> float:
    """How long a command may wait by its own will."""
    return float(command[-1]) if command[0] == "BLPOP" else 0


class BoundedPipeline(Pipeline):
    """A pipeline whose `execute` has a deadline."""

    def __init__(self, clock: Clock, *args: Any) -> None:
        super().__init__(*args)
        self._clock = clock

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # redis-py's signature
        """All commands, in one round trip."""
        blocking_s = sum(_blocking_s(command) for command, _ in self.command_stack)
        return await self._clock.within(self.connection_pool, super().execute(raise_on_error), blocking_s)


class Redis(ArqRedis):
    """ARQ's client whose calls have a deadline, and whose `enqueue_job` is one atomic call that wakes a worker."""

    def __init__(self, *args: Any, deadline_s: float = 10.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deadline_s = deadline_s
        self._clock = Clock(deadline_s)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """One command; raises redis-py's TimeoutError where it is not answered within the deadline."""
        call = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py leaves it bare
        return await self._clock.within(self.connection_pool, call, _blocking_s(args))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> BoundedPipeline:
        """Commands to be sent together."""
        return BoundedPipeline(self._clock, self.connection_pool, self.response_callbacks, transaction, shard_hint)

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
    except AuthenticationError as error:
        raise StoreUnavailable(f"it refuses the login that redis.url gives: {_reason(error)}") from error
    except (ConnectionError, RedisTimeoutError, ReadOnlyError, NoPermissionError, OSError) as error:
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
