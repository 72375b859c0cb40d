"""Plain ARQ calls on our worker: read with the claim, their ends written many at a time."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from signal import Signals
from typing import Any

import arq
from arq.connections import log_redis_info
from arq.worker import JobExecutionFailed

from jobs.errors import StoreError
from jobs.state import JobState
from jobs.store.calls import Call, CallEnd, finish_calls
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore
from jobs.store.keys import ARQ_ABORT
from jobs.store.redis import translated
from jobs.worker.call_ends import CallEnds
from jobs.worker.call_run import CallRun, NotRunError
from jobs.worker.hooks import guard_hooks
from jobs.worker.leases import LeaseKeeper
from jobs.worker.stop import DrainedError, Stop

logger = logging.getLogger(__name__)


class CallWorker(arq.Worker):
    """ARQ's worker, as far as it runs single calls: claimed by us, and every end fenced by its claim's token."""

    def __init__(self, *args: Any, store: JobStore, leases: LeaseKeeper, **kwargs: Any) -> None:
        super().__init__(*args, redis_pool=store.redis, queue_name=store.queue, **kwargs)
        self._store, self._leases = store, leases
        self._stopping = False
        self._ends = CallEnds(self._write_ends)
        self._calls: dict[str, CallRun] = {}
        self._slot_freed = asyncio.Event()
        self._ending = 0
        self._looked_for_aborts = 0.0
        guard_hooks(self)

    def heed_signals(self) -> None:
        """Drain at SIGTERM and SIGINT from now on; to be called in the running loop."""
        self._handle_signals = True
        for signum in (Signals.SIGTERM, Signals.SIGINT):
            self._add_signal_handler(signum, self.handle_sig_wait_for_completion)

    def _say_functions(self) -> None:
        # under ARQ's name: its command line shows that alone
        arq.worker.logger.info("Starting worker for %d functions: %s", len(self.functions), ", ".join(self.functions))

    async def _say_what_redis_is(self) -> None:
        try:
            with translated():
                await log_redis_info(self.pool, logger.info)
        except StoreError as error:
            logger.warning("%s; the worker waits for it", error)

    async def _write_ends(self, ends: Sequence[CallEnd]) -> list[bool]:
        return await finish_calls(self._store.together, self._store.queue, ends)

    def _adopt(self, claim: Claim) -> bool:
        """Whether this call still runs here, or its end is still held: an outage outlasted its lease."""
        run = self._calls.get(claim.id)
        # without a lost lease it is a new call: the same id again, or one that went back a moment ago
        if run is None or claim.call is None or run.stop.reason is None:
            return False
        if run.held is not None and run.held.written.done():
            return False
        self._let_go(run.claim)
        run.adopt(claim, claim.call, self._leases.hold(claim))
        return True

    def _count(self, state: JobState | None) -> None:
        if state is None:
            self.jobs_retried += 1
        elif state is JobState.SUCCEEDED:
            self.jobs_complete += 1
        else:
            self.jobs_failed += 1

    def _let_go(self, claim: Claim) -> None:
        """Its lease is not kept any more."""
        self._leases.drop(claim)

    async def _run_call(self, claim: Claim, call: Call, stop: Stop) -> None:
        """Run one claimed call to its end, and see that written."""
        run = self._calls[claim.id] = CallRun(self, claim, call, stop)
        try:
            await self._put(run, await self._end_of(run))
            if self.after_job_end and run.context:
                await self.after_job_end(run.context)
        except asyncio.CancelledError:
            if run.held is None:  # else its end is on its way, and nobody needs to wait for that
                self._put(run, run.given_back())
                raise
        finally:
            self._ending -= run.held is not None
            self._let_go(run.claim)
            if self._calls.get(claim.id) is run:
                del self._calls[claim.id]

    async def _end_of(self, run: CallRun) -> CallEnd:
        if isinstance(run.stop.reason, DrainedError):
            run.tries = run.call.tries
            return run.given_back()
        try:
            return await run.run(run.read())
        except NotRunError as refused:
            return run.refused(refused.args[0])
        except Exception as error:
            logger.exception("job %s cannot be run", run.claim.id)
            return run.refused(JobExecutionFailed(f"the call cannot be run: {error!r}"))

    def _put(self, run: CallRun, end: CallEnd) -> "asyncio.Future[bool]":
        run.held = self._ends.put(end)
        self._ending += 1
        self._slot_freed.set()  # while this end is written, the next call may run
        return run.held.written

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """ARQ's own way to start what it is told to, without a claim of ours."""
        await super().start_jobs(job_ids)
        for job_id in map(bytes.decode, job_ids):
            if job_id in self.tasks:
                self.tasks[job_id].add_done_callback(partial(self._forget, job_id))

    def _forget(self, key: str, _: "asyncio.Task[Any]") -> None:
        self.tasks.pop(key, None)

    async def heart_beat(self) -> None:
        """ARQ's health key and cron, with a cron window of the poll interval, and aborts of what runs here."""
        await self.record_health()
        if self.cron_jobs:
            await self.run_cron(datetime.now(tz=self.timezone), max(self.poll_delay_s, 0.5))
        now = time.monotonic()
        if self.allow_abort_jobs and self.job_tasks and now - self._looked_for_aborts >= self.poll_delay_s:
            self._looked_for_aborts = now
            await self._cancel_aborted_jobs()

    async def _cancel_aborted_jobs(self) -> None:
        """Cancel what runs here and is to be aborted; ARQ's own way reads every abort there ever was."""
        here = list(self.job_tasks)
        asked = await self.pool.zmscore(ARQ_ABORT, here)
        aborted = {job_id for job_id, score in zip(here, asked, strict=True) if score is not None}
        for job_id in aborted & self.job_tasks.keys():
            self.aborting_tasks.add(job_id)
            self.job_tasks[job_id].cancel()
        if aborted:
            await self.pool.zrem(ARQ_ABORT, *aborted)
