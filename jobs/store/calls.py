"""Plain ARQ calls in the store: what a claim brings of one, and the fenced writing of their ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from arq.constants import result_key_prefix
from redis.asyncio import Redis

from jobs.store import keys, scripts
from jobs.store.redis import translated


@dataclass(frozen=True, slots=True)
class Call:
    """What ARQ's worker reads of a call before it runs it; `data` None: the call has expired in the queue."""

    data: bytes | None
    tries: int
    """Which try this is, from 1."""
    aborted_ms: int | None = None
    """When ARQ's `abort` was asked for this id, by the asker's clock; the asking is used up."""


@dataclass(frozen=True, slots=True)
class CallEnd:
    """How a claimed call ended: done, with a result to keep or none (empty), or given back, due at `score`."""

    id: str
    token: str
    tries: int
    """The count of tries that its claim found."""
    done: bool
    score: int
    result: bytes = b""
    ttl_ms: int = 0
    """Of the result; 0: for ever."""
    keep_ms: int = 0
    """How long ARQ's in-progress key is kept beyond the end (its cron jobs want that)."""
    counted: int = 0
    """Of a call given back: the tries that count."""


def switches(*, aborts: bool) -> str:
    """The claim script's last argument: ARQ's key prefixes, and its set of aborts where these are to be heard."""
    return " ".join([keys.ARQ_JOB_PREFIX, keys.ARQ_RETRY_PREFIX, *([keys.ARQ_ABORT] if aborts else [])])


def read_call(answer: Sequence[Any]) -> Call:
    """The claim script's part about a plain call."""
    data, tries, aborted = answer
    return Call(data, int(tries), None if aborted is None else int(float(aborted)))


async def finish_calls(redis: Redis, queue: str, ends: Sequence[CallEnd]) -> list[bool]:
    """Write ends, in one round trip: False for each that was refused, as another attempt has its call."""
    flat: list[scripts.Argument] = []
    for end in ends:
        # few arguments: packing each costs the event loop as much as reading all the numbers costs Redis
        numbers = f"{end.tries} {end.done:d} {end.ttl_ms} {end.score} {end.keep_ms} {end.counted}"
        flat += [end.id, end.token, end.result, numbers]
    with translated():
        answers = await scripts.finish_calls(
            redis,
            [queue, keys.wake(queue), keys.ARQ_ABORT],
            [keys.ARQ_JOB_PREFIX, keys.ARQ_LEASE_PREFIX, keys.ARQ_RETRY_PREFIX, result_key_prefix, *flat],
        )
    return [bool(answer) for answer in answers]
