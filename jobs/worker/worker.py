"""ARQ's Worker, woken instead of polling: claims in one call by free slots, leases, and no death by an outage."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from signal import Signals
from typing import Any

from jobs.errors import StoreError
from jobs.state import JobState
from jobs.store import cancels, factors, wake
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore
from jobs.store.redis import end, translated
from jobs.worker.admission import Admission
from jobs.worker.broken import end_broken
from jobs.worker.calls import CallWorker
from jobs.worker.leases import LeaseKeeper
from jobs.worker.link import Link
from jobs.worker.outage import Outage, within
from jobs.worker.stop import DrainedError, Stop

logger = logging.getLogger(__name__)
RunAttempt = Callable[[Claim, Stop], Awaitable[JobState | None]]
_OUTAGE_PAUSE_S = 0.5


class Worker(CallWorker):
    """Runs framequeue's jobs through `run_attempt`, plain ARQ functions as CallWorker does; takes ARQ's arguments."""

    def __init__(
        self,
        *args: Any,
        store: JobStore,
        leases: LeaseKeeper,
        worker_id: str,
        run_attempt: RunAttempt,
        admission: Admission | None = None,
        link: Link | None = None,
        beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, store=store, leases=leases, **kwargs)
        self._admission, self._link = admission or Admission(0), link or Link(None)
        self._run_attempt, self._worker_id, self._more = run_attempt, worker_id, beside
        self._draining = self._looked = False
        self._due_ms: float | None = None
        self._redis_ahead_ms = 0.0  # of our own clock
        self._beside: list[asyncio.Task[None]] = []
        self._nonce = secrets.token_hex(8)
        self._outage = Outage()

    async def main(self) -> None:
        """Claim and run until stopped (or, in burst mode, until the queue is empty)."""
        logger.info("worker %s starts: %d jobs at a time, queue %s", self._worker_id, self.max_jobs, self.queue_name)
        self._say_functions()
        self.ctx["redis"] = self.pool
        await self._say_what_redis_is()
        if self.on_startup:
            await self.on_startup(self.ctx)
        # until close(): running jobs outlive this loop
        self._beside = [
            self.loop.create_task(self._leases.keep()),
            self.loop.create_task(self._link.keep_alive(self._leases)),
            self.loop.create_task(cancels.listen(self._store.redis, self._leases.cancel)),
            *([self.loop.create_task(self._more())] if self._more else ()),
        ]
        while not self._stopping and not await self._round():
            pass

    async def _round(self) -> bool:
        """One claim and one wait; True where a burst is over."""
        try:
            await self._leases.renew_if_late()
            await self._beat()  # first: in burst mode, what cron puts in the queue is to be run
            if not self._looked:
                self._due_ms = await self._claim_due()
            self._looked = False
            self._outage.over()
            if self.burst and not self.tasks and (self._due_ms is None or self._burst_is_full()):
                return True
            await self._wait(self._due_ms)
        except StoreError as error:
            self._outage.goes_on(error)
            await asyncio.sleep(_OUTAGE_PAUSE_S)
        except Exception:
            logger.exception("a round of the worker failed; it goes on")
            await asyncio.sleep(_OUTAGE_PAUSE_S)
        return False

    def _burst_is_full(self) -> bool:
        return 0 <= self.max_burst_jobs <= self._jobs_started()

    def _free_slots(self) -> int:
        free = self.max_jobs - len(self.tasks) + self._ending if self.allow_pick_jobs else 0
        if self.burst and self.max_burst_jobs >= 0:
            free = min(free, self.max_burst_jobs - self._jobs_started())
        return max(0, min(free, self.queue_read_limit))

    async def _claim_due(self, wait_s: float = 0) -> float | None:
        """Start what is due now, or on the next wake within `wait_s`; ms to the next entry, None for an empty queue."""
        slots = self._free_slots()
        if not slots:
            return 0.0
        patience_ms = wait_s * 1000 + self._leases.lease_ms / 8
        claims = await self._store.claim(
            self._worker_id,
            slots,
            self._leases.lease_ms,
            room=self._admission.room,
            aborts=self.allow_abort_jobs,
            nonce=self._nonce,
            wait_s=wait_s,
            before_ms=round(self._redis_ahead_ms + time.monotonic() * 1000 + patience_ms) if wait_s else 0,
        )
        self._redis_ahead_ms = claims.now_ms - time.monotonic() * 1000
        self._nonce = secrets.token_hex(8)  # only now: a claim whose answer was lost is asked for again
        self._link.begun(claims.taken)
        for claim in claims.taken:
            self._begin(claim)
        if claims.next_due_ms is None:
            return None
        return max(0.0, claims.next_due_ms - claims.now_ms)

    async def _wait(self, due_ms: float | None) -> None:
        """Until there is something to claim, or a slot to claim for."""
        if self._free_slots():
            # our own leases outlast the wait; zero would be for ever
            longest_s = min(self.poll_delay_s, self._leases.lease_ms / 4000)
            timeout_s = max(0.001, longest_s if due_ms is None else min(longest_s, due_ms / 1000))
            if self.burst:  # it is over only where a claim after the last job finds nothing
                await wake.wait(self._store.redis, self._store.queue, timeout_s)
            else:
                self._due_ms, self._looked = await self._claim_due(timeout_s), True
        elif self.tasks:
            self._slot_freed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.poll_delay_s):
                    await self._slot_freed.wait()
        else:
            await asyncio.sleep(self.poll_delay_s)

    async def _beat(self) -> None:
        if learned := self._admission.learned():
            await factors.learn(self._store.redis, learned)
        with translated():
            await self.heart_beat()

    async def _poll_iteration(self) -> None:
        """ARQ's round: one look at the queue, no waiting."""
        await self._beat()
        await self._claim_due()

    def _begin(self, claim: Claim) -> None:
        if self._adopt(claim):
            return
        self._admission.hold(claim)
        task = self.loop.create_task(self._run(claim), name=claim.id)
        # by token: an attempt that lost its job may still be running beside its successor
        self.tasks[claim.token] = task
        task.add_done_callback(lambda _: self._free(claim))

    def _free(self, claim: Claim) -> None:
        self.tasks.pop(claim.token, None)
        self._slot_freed.set()

    async def _run(self, claim: Claim) -> None:
        stop = self._leases.hold(claim)
        if not self.allow_pick_jobs:  # the claim was on its way when the worker was told to end
            stop.ask(DrainedError())
        try:
            if claim.broken:
                self._count(await end_broken(self._store, claim))
            elif claim.job is not None:
                self._count(await self._run_attempt(claim, stop))
            elif claim.call is not None:
                await self._run_call(claim, claim.call, stop)
        except asyncio.CancelledError:
            self.jobs_retried += 1
        except Exception:
            # one job's hook or result must not end the worker; its lease ends and it is tried again
            logger.exception("job %s: not brought to an end", claim.id)
        finally:
            self._let_go(claim)

    def _let_go(self, claim: Claim) -> None:
        super()._let_go(claim)
        self._admission.drop(claim)
        self._link.ended(claim)

    def handle_sig_wait_for_completion(self, signum: Signals) -> None:
        """The first signal drains; the second hands everything back at once."""
        if self._draining:
            self.handle_sig(signum)
            return
        self._draining = True
        super().handle_sig_wait_for_completion(signum)

    def handle_sig(self, signum: Signals) -> None:
        """Hand everything back and end; the flag ends the loop where a cancellation is lost."""
        self._stopping, self.allow_pick_jobs = True, False
        self._leases.stop_all(DrainedError())
        super().handle_sig(signum)

    async def _sleep_until_tasks_complete(self) -> None:
        """As ARQ's, but a thread whose job is answered is not waited for: it may never end."""
        while waited := [task for token, task in self.tasks.items() if not self._leases.answered(token)]:
            await asyncio.wait(waited, timeout=0.1)

    async def _wait_for_tasks_to_complete(self, signum: Signals) -> None:
        """ARQ's drain; who has not ended by then is asked once more in a way that no library can swallow."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sleep_until_tasks_complete(), self._job_completion_wait)
        self._leases.stop_all(DrainedError())
        if len(self._calls) == len(self.tasks):
            self._job_completion_wait = 0  # plain calls hear nothing but ARQ's cancellation, which comes next
        await super()._wait_for_tasks_to_complete(signum)
        self._stopping = True

    async def close(self) -> None:
        """End: the tasks, their ends, ARQ's part, the leases; neither an outage nor a Redis that hangs prevents it."""
        if not self._handle_signals:
            self.handle_sig(Signals.SIGUSR1)
        if not self._pool:
            return
        await within("the ends of its jobs", self._settle)
        if self.on_shutdown:
            await self.on_shutdown(self.ctx)
        await within("a word to Redis", self._leave)
        await within("closing its connections", lambda: self.pool.aclose(close_connection_pool=True))
        self._pool = None
        for task in self._beside:
            await end(task)

    async def _settle(self) -> None:
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        await self._ends.close()

    async def _leave(self) -> None:
        await wake.raise_flag(self._store.redis, self._store.queue)
        await self._leases.leave()
        # Redis may have made the claim that waited when this worker was told to end; it is handed back
        late = await self._store.claim(self._worker_id, 0, self._leases.lease_ms, nonce=self._nonce)
        for claim in late.taken:
            self._begin(claim)
        await self._settle()
        await self.pool.delete(self.health_check_key)
