"""ARQ's Worker, woken instead of polling: claims in one call by free slots, leases, and no death by an outage."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from signal import Signals
from typing import Any

import arq
from arq.connections import log_redis_info

from jobs.errors import InternalError, StoreError
from jobs.model import Outcome
from jobs.state import JobState
from jobs.store.jobs import Claim, JobStore
from jobs.store.redis import end, translated
from jobs.worker.leases import LeaseKeeper
from jobs.worker.threads import DrainedError, Stop

logger = logging.getLogger(__name__)
RunAttempt = Callable[[Claim, Stop], Awaitable[JobState | None]]
_OUTAGE_PAUSE_S = 0.5
_CLOSE_S = 5.0
_BROKEN_TTL_S = 86_400


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
        self._keeping: asyncio.Task[None] | None = None
        self._away_since: float | None = None

    async def main(self) -> None:
        """Claim and run until stopped (or, in burst mode, until the queue is empty)."""
        logger.info("worker %s starts: %d jobs at a time, queue %s", self._worker_id, self.max_jobs, self.queue_name)
        self.ctx["redis"] = self.pool
        await self._say_what_redis_is()
        if self.on_startup:
            await self.on_startup(self.ctx)
        self._keeping = self.loop.create_task(self._leases.keep())  # until close(): running jobs outlive this loop
        while not self._stopping and not await self._round():
            pass

    async def _say_what_redis_is(self) -> None:
        try:
            with translated():
                await log_redis_info(self.pool, logger.info)
        except StoreError as error:
            logger.warning("%s; the worker waits for it", error)

    async def _round(self) -> bool:
        """One claim and one wait; True where a burst is over."""
        try:
            await self._leases.renew_if_late()
            due_ms = await self._claim_due()
            await self._beat()
            self._say_outage(None)
            if self.burst and not self.tasks and (due_ms is None or self._burst_is_full()):
                return True
            await self._wait(due_ms)
        except StoreError as error:
            self._say_outage(error)
            await asyncio.sleep(_OUTAGE_PAUSE_S)
        except Exception:
            logger.exception("a round of the worker failed; it goes on")
            await asyncio.sleep(_OUTAGE_PAUSE_S)
        return False

    def _say_outage(self, error: StoreError | None) -> None:
        """One line when it begins and one when it is over, however long it lasts."""
        if error is not None and self._away_since is None:
            self._away_since = time.monotonic()
            logger.warning("%s; running jobs go on, and the worker waits for it", error)
        elif error is None and self._away_since is not None:
            logger.info("Redis answers again after %.1f s", time.monotonic() - self._away_since)
            self._away_since = None

    def _burst_is_full(self) -> bool:
        return 0 <= self.max_burst_jobs <= self._jobs_started()

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
            timeout_s = self.poll_delay_s if due_ms is None else min(self.poll_delay_s, due_ms / 1000)
            # zero would be for ever
            await self._store.wait_for_work(max(timeout_s, 0.001))
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
        # by token: an attempt that lost its job may still be running beside its successor
        self.tasks[claim.token] = task
        task.add_done_callback(lambda _: self.tasks.pop(claim.token, None))

    async def _run(self, claim: Claim) -> None:
        stop = self._leases.hold(claim)
        try:
            if claim.broken:
                await self._end_broken(claim)
            elif claim.job is not None:
                self._count(await self._run_attempt(claim, stop))
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

    def _count(self, state: JobState | None) -> None:
        if state is None:
            self.jobs_retried += 1
        elif state is JobState.SUCCEEDED:
            self.jobs_complete += 1
        else:
            self.jobs_failed += 1

    async def _end_broken(self, claim: Claim) -> None:
        logger.error("job %s: %s", claim.id, claim.broken)
        self.jobs_failed += 1
        outcome = Outcome(error=InternalError(claim.broken).problem)
        await self._store.finish(claim, JobState.FAILED, outcome, result_ttl_s=_BROKEN_TTL_S)

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
        if not finish and job_id in self._scores:
            with translated():
                await self.pool.zadd(self.queue_name, {job_id: self._scores[job_id]}, xx=True)
        await super().finish_job(
            job_id, finish, result_data, result_timeout_s, keep_result_forever, incr_score, keep_in_progress
        )

    async def heart_beat(self) -> None:
        """ARQ's health key and cron, with a cron window of the poll interval."""
        await self.record_health()
        if self.cron_jobs:
            await self.run_cron(datetime.now(tz=self.timezone), max(self.poll_delay_s, 0.5))

    def heed_signals(self) -> None:
        """Drain at SIGTERM and SIGINT from now on; to be called in the running loop."""
        self._handle_signals = True
        for signum in (Signals.SIGTERM, Signals.SIGINT):
            self._add_signal_handler(signum, self.handle_sig_wait_for_completion)

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
        self._leases.stop_all(DrainedError())
        super().handle_sig(signum)

    async def _wait_for_tasks_to_complete(self, signum: Signals) -> None:
        """ARQ's drain; who has not ended by then is asked once more in a way that no library can swallow."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sleep_until_tasks_complete(), self._job_completion_wait)
        self._leases.stop_all(DrainedError())
        await super()._wait_for_tasks_to_complete(signum)
        self._stopping = True

    async def close(self) -> None:
        """End ARQ's part, then the leases; neither an outage nor a Redis that hangs keeps the process from ending."""
        try:
            async with asyncio.timeout(_CLOSE_S):
                with suppress(StoreError), translated():
                    await self._store.wake()
                    await super().close()
        except TimeoutError:
            logger.warning("Redis hangs; the worker ends without its answer")
        finally:
            if self._keeping is not None:
                await end(self._keeping)
