"""One subscription a process: who waits for a job is told of each of its changes, without polling."""

import asyncio
import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from jobs.errors import StoreError, StoreUnavailable
from jobs.state import JobState
from jobs.store import keys
from jobs.store.redis import Redis, end, translated
from jobs.store.soundness import Watchman

logger = logging.getLogger(__name__)
_ENDS = frozenset(state.value for state in JobState if state.terminal)
_RETRY_S = 0.5
# how often the feed sends itself a message: one that does not come back says that others did not come either
_BEAT_S = 5.0


class Watch:
    """The changes of one job that its waiter wants to hear of: all, or its end alone; a new subscription tells too."""

    def __init__(self, *, every: bool) -> None:
        self._every = every
        self._told = asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        """Until something was told after the last call, or until the time is over; whether something was."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), timeout_s)
        told = self._told.is_set()
        self._told.clear()
        return told

    def tell(self, state: str) -> None:
        """The job is in this state now; the empty one says that a change may have been missed."""
        if self._every or not state or state in _ENDS:
            self._told.set()


class ChangeFeed:
    """Listens to the changes of all jobs for the watches of this process.

    Its cost is one subscription and one small message to itself every few seconds, however many watches there are. That
    message proves the whole way (the subscription, and that it stands at the server which writes go to); where it does
    not come back, the feed subscribes anew and lets every watch look again.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._watchman = Watchman(redis)
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._away = False
        self._own = f"{keys.CHANGES_CHANNEL}:{secrets.token_hex(8)}"
        self._beat_sent_at: float | None = None
        self._next_beat_at = 0.0

    def start(self) -> None:
        """Begin to listen; an outage is waited out, and every watch is woken when the subscription is back."""
        self._task = asyncio.create_task(self._listen_for_ever())

    async def close(self) -> None:
        """End the subscription."""
        if self._task is not None:
            await end(self._task)

    @property
    def watching(self) -> int:
        """How many watches there are."""
        return sum(map(len, self._watches.values()))

    @contextmanager
    def watch(self, job_id: str, *, every: bool = False) -> Iterator[Watch]:
        """A watch on a job's end, or on `every` change; open it before reading the job, so that none falls between."""
        watch = Watch(every=every)
        self._watches[job_id].add(watch)
        try:
            yield watch
        finally:
            self._watches[job_id].discard(watch)
            if not self._watches[job_id]:
                del self._watches[job_id]

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except StoreError as error:
                if not self._away:
                    logger.warning("%s; who waits for jobs is kept, and told when it is back", error)
                self._away = True
            except Exception:
                logger.exception("changes: subscribing again")
            await asyncio.sleep(_RETRY_S)

    async def _listen(self) -> None:
        self._beat_sent_at, self._next_beat_at = None, time.monotonic() + _BEAT_S
        with translated():
            async with self._redis.pubsub(ignore_subscribe_messages=False) as feed:
                async with asyncio.timeout(self._redis.deadline_s):
                    await feed.subscribe(keys.CHANGES_CHANNEL, self._own)
                while True:
                    # redis-py subscribes again by itself where the connection was closed, and that may hang too
                    async with asyncio.timeout(_BEAT_S + self._redis.deadline_s):
                        message = await feed.get_message(timeout=max(0.01, self._next_beat_at - time.monotonic()))
                    if message is not None:
                        await self._take(message)
                    if time.monotonic() >= self._next_beat_at:
                        await self._beat()

    async def _beat(self) -> None:
        if self._beat_sent_at is not None:
            waited_s = time.monotonic() - self._beat_sent_at
            raise StoreUnavailable(f"the subscription has heard nothing for {waited_s:.0f} s; subscribing again")
        await self._redis.publish(self._own, b"")
        self._beat_sent_at = time.monotonic()
        self._next_beat_at = self._beat_sent_at + _BEAT_S

    async def _take(self, message: dict[str, Any]) -> None:
        if message["channel"] == self._own.encode():
            if message["type"] == "message":
                self._beat_sent_at = None
        elif message["type"] == "subscribe":
            self.wake_all()
            if self._away:
                logger.info("Redis is back: who waits for jobs looks again")
                self._away = False
            await self._watchman.look()
        elif message["type"] == "message":
            self._wake(message["data"])

    def _wake(self, data: bytes) -> None:
        job_id, _, rest = data.decode(errors="replace").partition(" ")
        for watch in self._watches.get(job_id, ()):
            watch.tell(rest.rpartition(" ")[2])

    def wake_all(self) -> None:
        """Let every watch look again."""
        for watches in self._watches.values():
            for watch in watches:
                watch.tell("")
