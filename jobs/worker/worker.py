"""ARQ's Worker, woken instead of polling: claims in one call by free slots, leases, and no death by an outage."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from signal import Signals
from typing import Any

import arq
from arq.connections import log_redis_info

from jobs.errors import StoreError
from jobs.store.jobs import Claim, JobStore
from jobs.store.redis import end, translated
from jobs.worker.leases import LeaseKeeper
from jobs.worker.threads import Stop

logger = logging.getLogger(__name__)
RunAttempt = Callable[[Claim, Stop], Awaitable[None]]
_OUTAGE_PAUSE_S = 0.5


class Worker(arq.Worker):
    """Runs framequeue's jobs through `run_attempt`, and plain ARQ functions through ARQ's own `run_job`.

    Takes ARQ's arguments; `store` and `leases` share one Redis client, which is ARQ's `redis_pool`.
    """

    def __init__(
        self, *args: Any, store: JobStore, leases: LeaseKeeper, worker_id: str, run_attempt: RunAttempt, **kwargs: Any
    ) -> None:
        super().__init__(*args, redis_pool=store.redis, queue_name=store.queue, **kwargs)
        self._store, self._leases, self._run_attempt = store, leases, run_attempt
        self._worker_id = worker_id
        self._scores: dict[str, int] = {}
        self._draining = self._stopping = False

    async def main(self) -> None:
        """Claim and run until stopped (or, in burst mode, until the queue is empty)."""
        logger.info("worker %s starts: %d jobs at a time, queue %s", self._worker_id, self.max_jobs, self.queue_name)
        self.ctx["redis"] = self.pool
        await self._say_what_redis_is()
        if self.on_startup:
            await self.on_startup(self.ctx)
        keeping = self.loop.create_task(self._leases.keep())
        try:
            while not self._stopping and not await self._round():
                pass
        finally:
            await end(keeping)

    async def _say_what_redis_is(self) -> None:
        try:
            with translated():
                await log_redis_info(self.pool, logger.info)
        except StoreError as error:
            logger.warning("%s; the worker waits for it", error)

    async def _round(self) -> bool:
        """One claim and one wait; True where a burst is over."""
        try:
            due_ms = await self._claim_due()
            await self._beat()
            if self.burst and due_ms is None and not self.tasks:
                return True
            await self._wait(due_ms)
        except StoreError as error:
            logger.warning("%s; running jobs go on", error)
            await asyncio.sleep(_OUTAGE_PAUSE_S)
        return False

    def _free_slots(self) -> int:
        free = self.max_jobs - len(self.tasks) if self.allow_pick_jobs else 0
        if self.burst and self.max_burst_jobs >= 0:
            free = min(free, self.max_burst_jobs - self._jobs_started())
        return max(0, free)

    async def _claim_due(self) -> float | None:
        """Start what is due; how long until the next entry is, in ms, or None where the queue holds nothing more."""
        slots = self._free_slots()
        if not slots:
            return 0.0
        claims = await self._store.claim(self._worker_id, slots, self._leases.lease_ms)
        for claim in claims.taken:
            self._begin(claim)
        if claims.next_due_ms is None:
            return None
        return max(0.0, claims.next_due_ms - claims.now_ms)

    async def _wait(self, due_ms: float | None) -> None:
        """Until there is something to claim, or a slot to claim for."""
        if self._free_slots():
            timeout_s = self.poll_delay_s if due_ms is None else min(self.poll_delay_s, max(due_ms / 1000, 0.001))
            await self._store.wait_for_work(timeout_s)
        elif self.tasks:
            await asyncio.wait(self.tasks.values(), timeout=self.poll_delay_s, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(self.poll_delay_s)

    async def _beat(self) -> None:
        with translated():
            await self.heart_beat()
            if self.allow_abort_jobs:
                await self._cancel_aborted_jobs()

    def _begin(self, claim: Claim) -> None:
        task = self.loop.create_task(self._run(claim), name=claim.id)
        self.tasks[claim.id] = task
        task.add_done_callback(lambda _: self.tasks.pop(claim.id, None))

    async def _run(self, claim: Claim) -> None:
        stop = self._leases.hold(claim)
        try:
            if claim.job is not None:
                await self._run_attempt(claim, stop)
                self.jobs_complete += 1
            else:
                self._scores[claim.id] = claim.score
                await self.run_job(claim.id, claim.score)
        except asyncio.CancelledError:
            self.jobs_retried += 1
        except Exception:
            # one job's hook or result must not end the worker; its lease ends and it is tried again
            logger.exception("job %s: not brought to an end", claim.id)
        finally:
            self._scores.pop(claim.id, None)
            self._leases.drop(claim)

    async def finish_job(
        self,
        job_id: str,
        finish: bool,
        result_data: bytes | None,
        result_timeout_s: float | None,
        keep_result_forever: bool,
        incr_score: int | None,
        keep_in_progress: float | None,
    ) -> None:
        """ARQ's end of a plain call; one that goes back gets its own score again, which the claim had moved ahead."""
        if not finish:
            with translated():
                await self.pool.zadd(self.queue_name, {job_id: self._scores.get(job_id, 0)}, xx=True)
        await super().finish_job(
            job_id, finish, result_data, result_timeout_s, keep_result_forever, incr_score, keep_in_progress
        )

    async def heart_beat(self) -> None:
        """ARQ's health key and cron, with a cron window of the poll interval."""
        await self.record_health()
        if self.cron_jobs:
            await self.run_cron(datetime.now(tz=self.timezone), max(self.poll_delay_s, 0.5))

    def handle_sig_wait_for_completion(self, signum: Signals) -> None:
        """The first signal drains; the second hands everything back at once."""
        if self._draining:
            self.handle_sig(signum)
            return
        self._draining = True
        super().handle_sig_wait_for_completion(signum)

    def handle_sig(self, signum: Signals) -> None:
        """Hand everything back and end; the flag ends the loop where a cancellation is lost."""
        self._stopping = True
        super().handle_sig(signum)

    async def _wait_for_tasks_to_complete(self, signum: Signals) -> None:
        await super()._wait_for_tasks_to_complete(signum)
        self._stopping = True

    async def close(self) -> None:
        """End ARQ's part; an outage does not turn a clean stop into an error."""
        with suppress(StoreError), translated():
            await super().close()
