"""One subscription a process: who waits for a job is told of each of its changes, without polling."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from jobs.errors import StoreError
from jobs.state import JobState
from jobs.store import keys
from jobs.store.redis import Redis, end, translated

logger = logging.getLogger(__name__)
_ENDS = frozenset(state.value for state in JobState if state.terminal)
_RETRY_S = 0.5
_LISTEN_S = 5.0  # under the socket timeout, so that silence is not taken for an outage


class Watch:
    """The changes of one job that its waiter wants to hear of: all, or its end alone; a new subscription tells too."""

    def __init__(self, *, every: bool) -> None:
        self._every = every
        self._told = asyncio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Until something was told after the last call, or until the time is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), timeout_s)
        self._told.clear()

    def tell(self, state: str) -> None:
        """The job is in this state now; the empty one says that a change may have been missed."""
        if self._every or not state or state in _ENDS:
            self._told.set()


class ChangeFeed:
    """Listens to the changes of all jobs for the watches of this process."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen; an outage is waited out, and every watch is woken when the subscription is back."""
        self._task = asyncio.create_task(self._listen_for_ever())

    async def close(self) -> None:
        """End the subscription."""
        if self._task is not None:
            await end(self._task)

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
                logger.debug("changes: %s; subscribing again", error)
            except Exception:
                logger.exception("changes: subscribing again")
            await asyncio.sleep(_RETRY_S)

    async def _listen(self) -> None:
        with translated():
            async with self._redis.pubsub(ignore_subscribe_messages=False) as feed:
                await feed.subscribe(keys.CHANGES_CHANNEL)
                while True:
                    message = await feed.get_message(timeout=_LISTEN_S)
                    if message is None:
                        continue
                    if message["type"] == "subscribe":
                        self.wake_all()
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
