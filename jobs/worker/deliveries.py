"""Tells webhooks of the ends of jobs, beside the jobs: a slow receiver takes no job's slot.

At least once: a try whose worker dies is made again by another one when its lease has ended.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from config import Settings
from jobs.errors import StoreError
from jobs.metrics import DELIVERIES, Counts
from jobs.model import Job
from jobs.store import deliveries
from jobs.store.deliveries import Delivery, Try
from jobs.store.jobs import JobStore
from jobs.tracing import Tracing, delivering
from jobs.webhooks.events import delivery_id, event_of
from jobs.webhooks.payload import payload
from jobs.webhooks.schedule import Schedule
from jobs.webhooks.sender import Answer, HttpSender, Sender
from jobs.webhooks.signing import signed
from jobs.webhooks.target import AllowList, host_of
from jobs.worker.outage import within
from jobs.worker.receivers import Receivers

T = TypeVar("T")
logger = logging.getLogger(__name__)
_POLL_S: Final = 1.0
_OUTAGE_PAUSE_S: Final = 0.5
_GRACE_S: Final = 2.0  # for tries under way when the worker ends
_MARGIN_S: Final = 5.0  # of a lease over the longest try: for what is asked of Redis before and after it
_UNSIGNED: Final = Answer(error="its tenant has no secret to sign with (setting FRAMEQUEUE_WEBHOOKS__SECRETS)")
_FAULT: Final = Answer(error="a fault of framequeue itself; the worker's log has it")


class Deliveries:
    """One worker process' part in telling webhooks: up to `webhooks.concurrency` tries at a time."""

    def __init__(
        self,
        store: JobStore,
        settings: Settings,
        sender: Sender | None = None,
        *,
        tracing: Tracing | None = None,
        counts: Counts | None = None,
    ) -> None:
        self._tracing, self._counts = tracing, counts or Counts()
        ours = settings.webhooks
        self._store, self._redis, self._ours = store, store.redis, ours
        self._public_url = settings.api.public_url
        self._sender = sender or HttpSender(AllowList.of(ours.allow_hosts), ours.timeout_s)
        self._schedule = Schedule(ours.first_retry_s, ours.give_up_s)
        self._lease_ms = round((ours.timeout_s + _MARGIN_S) * 1000)
        self._chance = random.Random()  # noqa: S311  # jitter
        self._receivers = Receivers(ours.concurrency, ours.timeout_s)
        self._running: dict[asyncio.Task[None], Delivery] = {}
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """A job of this process has ended: look at once."""
        self._woken.set()

    async def keep(self) -> None:
        """Deliver until stopped; an outage is waited out."""
        try:
            while not self._stopping:
                self._woken.clear()
                pause_s = await self._round()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._woken.wait()
        finally:
            if not self._stopping:
                for task in self._running:
                    task.cancel()

    async def stop(self, ctx: dict[Any, Any]) -> None:  # noqa: ARG002  # ARQ's on_shutdown hook
        """Begin no more; tries under way have two seconds, and are handed back then."""
        self._stopping = True
        self.wake()
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=_GRACE_S)
        late = dict(self._running)
        for task in late:
            task.cancel()
        await within("handing back its deliveries", lambda: self._hand_back(late))

    async def _hand_back(self, late: dict[asyncio.Task[None], Delivery]) -> None:
        await asyncio.gather(*late, return_exceptions=True)
        for delivery in late.values():
            await deliveries.end(self._redis, delivery, None, delivery.at_ms)

    async def _round(self) -> float:
        """Begin what is due; how long to wait then, in seconds."""
        free = self._ours.concurrency - len(self._running)
        if not free:
            return _POLL_S
        try:
            claimed = await deliveries.claim(self._redis, free, self._lease_ms)
        except StoreError as error:
            logger.debug("deliveries: %s", error)
            return _OUTAGE_PAUSE_S
        except Exception:
            logger.exception("a round of the deliveries failed; they go on")
            return _OUTAGE_PAUSE_S
        began = time.monotonic()
        for delivery in claimed.taken:
            task = asyncio.create_task(self._deliver(delivery, began), name=delivery.entry)
            self._running[task] = delivery
            task.add_done_callback(self._ended)
        if claimed.next_due_ms is None:
            return _POLL_S
        return min(_POLL_S, max(0.0, (claimed.next_due_ms - claimed.now_ms) / 1000))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if len(self._running) >= self._ours.concurrency:
            self.wake()
        del self._running[task]

    async def _deliver(self, delivery: Delivery, began: float) -> None:
        try:
            job = await self._insist(lambda: self._store.get(delivery.job_id))
            if job is None or job.spec.webhook is None or event_of(job.state) != delivery.event:
                logger.warning("delivery %s: nothing to tell (any more)", delivery.entry)
                await deliveries.end(self._redis, delivery, None, None)
                return
            host, sent = host_of(job.spec.webhook.url), time.monotonic()
            if later_s := self._receivers.begin(host):
                await deliveries.end(self._redis, delivery, None, delivery.at_ms + round(later_s * 1000))
                return
            try:
                answer = await self._send(job, delivery)
            except Exception:  # a fault of ours is a try that failed, too: they go on for a day, not for ever
                logger.exception("delivery %s: it could not be sent", delivery.entry)
                answer = _FAULT
            finally:
                self._receivers.end(host, time.monotonic() - sent)
            now_ms = delivery.at_ms + round((time.monotonic() - began) * 1000)
            made = self._made(job, job.spec.webhook.url, delivery, answer, now_ms)
            await self._insist(lambda: deliveries.end(self._redis, delivery, made, made.next_ms))
            _log(delivery, made)
            self._counts.add(DELIVERIES, "failed" if made.error else "delivered")
        except Exception:  # one job's webhook must not end those of others: its lease ends, and it is tried again
            logger.exception("delivery %s: not brought to an end", delivery.entry)

    async def _send(self, job: Job, delivery: Delivery) -> Answer:
        keys = self._ours.secrets.get(job.spec.tenant)
        if not keys or job.spec.webhook is None:
            return _UNSIGNED
        body = payload(job, self._public_url)
        name = delivery_id(job.id, delivery.event)
        headers = [
            ("content-type", "application/json"),
            ("user-agent", "framequeue-webhooks/1"),
            ("accept", "*/*"),
            *signed(name, int(time.time()), body, [key.get_secret_value() for key in keys]),
        ]
        with delivering(self._tracing, job) as traceparent:
            if traceparent:
                headers.append(("traceparent", traceparent))
            return await self._sender.send(job.spec.webhook.url, headers, body)

    def _made(self, job: Job, url: str, delivery: Delivery, answer: Answer, now_ms: int) -> Try:
        next_ms = self._schedule.next_ms(
            tries=delivery.number,
            status=answer.status,
            now_ms=now_ms,
            ended_ms=job.finished_ms or now_ms,
            chance=self._chance,
            retry_after_s=answer.retry_after_s,
        )
        return Try(
            id=delivery_id(job.id, delivery.event),
            event=delivery.event,
            url=url,
            attempt=delivery.number,
            status=answer.status,
            error=answer.error,
            at_ms=delivery.at_ms,
            next_ms=next_ms,
        )

    async def _insist(self, what: Callable[[], Awaitable[T]]) -> T:
        """Call until Redis takes it: what a receiver has answered is worth an outage."""
        while True:
            try:
                return await what()
            except StoreError as error:
                logger.debug("deliveries: %s", error)
            await asyncio.sleep(_OUTAGE_PAUSE_S)


def _log(delivery: Delivery, made: Try) -> None:
    """Without the URL, which may be as good as a password."""
    if made.error is None:
        logger.info("delivery %s: told at try %d", delivery.entry, made.attempt)
    else:
        then = "given up" if made.next_ms is None else "to be tried again"
        logger.warning("delivery %s: try %d failed, %s: %s", delivery.entry, made.attempt, then, made.error)
