"""Removes what nothing refers to any more (a crash between two versions of a script, a key deleted by hand).

Nothing that is young or unknown is touched: a key goes only once it was found to be nobody's, an hour and a whole pass
over all keys have gone by since, and the script that removes it still finds it so.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jobs.store import keys, scripts
from jobs.store.indexes import is_index, trim
from jobs.store.redis import Redis, translated
from jobs.store.soundness import Watchman

logger = logging.getLogger(__name__)
_BATCH: Final = 500
_STATE_TTL_S: Final = 14 * 86_400
_REASONS: Final = {
    "blob": "no live job and no frame refers to this blob, and it had no time to live",
    "part": "its job's record is gone, and it had no time to live",
    "call": "its job's record is gone, and it had no time to live",
    "lease": "a lease without an end",
    "entry": "nothing is stored under this id of the queue",
    "wake": "more wake tokens than one",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the pass over all keys is: on which server, and when this pass and the last whole one began, in ms."""

    server: str
    began_ms: int
    before_ms: int = 0
    cursor: int = 0
    queue_cursor: int = 0


class Sweeper:
    """Sweeps the Redis of one queue, so many keys a run; the next run goes on where this one stopped."""

    def __init__(
        self, redis: Redis, queue: str, *, grace_s: float = 3_600, keys_a_run: int = 50_000, seconds_a_run: float = 10
    ) -> None:
        self._redis, self._queue = redis, queue
        self._watchman = Watchman(redis)
        self._grace_ms = round(grace_s * 1000)
        self._batches, self._seconds = max(1, keys_a_run // _BATCH), seconds_a_run

    async def run(self) -> tuple[str, ...]:
        """One run; the names of what was removed. Raises StoreError where Redis is away."""
        place, removed = await self._place(), []
        ends = time.monotonic() + self._seconds
        for _ in range(self._batches):
            pairs, tenants, place = await self._next(place)
            removed += await self._sweep(pairs, place.before_ms)
            for index in tenants:
                await trim(self._redis, index)
            if place.cursor == 0:
                place = replace(place, before_ms=place.began_ms, began_ms=await self._now_ms())
                break
            if time.monotonic() > ends:
                break
        await self._keep(place)
        return tuple(removed)

    async def _next(self, place: _Place) -> tuple[list[str], list[str], _Place]:
        """The next keys and queue entries, as kind and name in turn; and the tenants' indexes among them."""
        with translated():
            cursor, names = await self._redis.scan(place.cursor, count=_BATCH)
            queue_cursor, entries = await self._redis.zscan(self._queue, place.queue_cursor, count=_BATCH)
        pairs = list(_kinds(names))
        for entry, _ in entries:
            pairs += ["entry", entry]
        tenants = [name.decode() for name in names if is_index(name.decode(errors="replace"))]
        return pairs, tenants, replace(place, cursor=int(cursor), queue_cursor=int(queue_cursor))

    async def _sweep(self, pairs: Sequence[str], before_ms: int) -> list[str]:
        names = [self._queue, keys.wake(self._queue), keys.WORKERS, keys.found(self._queue)]
        prefixes = [keys.JOB_PREFIX, keys.BLOB_PREFIX, keys.ARQ_LEASE_PREFIX, keys.ARQ_JOB_PREFIX]
        with translated():
            flat = await scripts.sweep(self._redis, names, [self._grace_ms, before_ms, *prefixes, *pairs])
        removed = []
        for kind, name in zip(flat[::2], flat[1::2], strict=True):
            logger.warning("housekeeping removed %s: %s", name.decode(errors="replace"), _REASONS[kind.decode()])
            removed.append(name.decode(errors="replace"))
        return removed

    async def _place(self) -> _Place:
        server = await self._watchman.look()
        with translated():
            kept = await self._redis.hgetall(keys.housekeeping(self._queue))  # type: ignore[misc]  # stub: sync or async
        if kept.get(b"server", b"").decode() != server:
            # another server walks its keys in another order: half a pass here and half there is not a whole one
            return _Place(server, await self._now_ms())
        numbers = {name: int(kept[name.encode()]) for name in ("began_ms", "before_ms", "cursor", "queue_cursor")}
        return _Place(server, **numbers)

    async def _keep(self, place: _Place) -> None:
        fields = {name: getattr(place, name) for name in _Place.__dataclass_fields__}
        key = keys.housekeeping(self._queue)
        with translated():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hset(key, mapping=fields)
                pipe.expire(key, _STATE_TTL_S)
                await pipe.execute()

    async def _now_ms(self) -> int:
        with translated():
            seconds, micros = await self._redis.time()
        return int(seconds) * 1000 + int(micros) // 1000


def _kinds(names: Iterable[bytes]) -> Iterator[str]:
    for name in names:
        try:
            text = name.decode()
        except UnicodeDecodeError:
            continue
        kind = _kind(text)
        if kind is not None:
            yield kind
            yield text


def _kind(name: str) -> str | None:
    if name.startswith(keys.BLOB_PREFIX):
        return "blob"
    if name.startswith(keys.JOB_PREFIX):
        _, colon, part = name.removeprefix(keys.JOB_PREFIX).partition(":")
        return "record" if not colon else "part" if part in keys.JOB_PARTS else None
    if name.startswith(keys.ARQ_JOB_PREFIX):
        return "call"
    return "lease" if name.startswith(keys.ARQ_LEASE_PREFIX) else None
