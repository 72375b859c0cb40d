"""Plain ARQ calls: ARQ's own `run_job`, its first pipeline answered from the claim, its ends written many at a time."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, cast

import arq
from arq.connections import ArqRedis
from arq.jobs import SerializationError, deserialize_job_raw, serialize_result
from arq.worker import JobExecutionFailed

from jobs.errors import StoreError
from jobs.store.calls import Call, CallEnd, finish_calls
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore
from jobs.store.keys import ARQ_ABORT
from jobs.store.redis import translated
from jobs.worker.call_ends import CallEnds
from jobs.worker.hooks import guard_hooks
from jobs.worker.leases import LeaseKeeper
from jobs.worker.running_call import HERE, Answer, Running
from jobs.worker.stop import Stop

logger = logging.getLogger(__name__)


class CallWorker(arq.Worker):
    """ARQ's worker, as far as it runs single calls: claimed by us, and every end fenced by its claim's token."""

    def __init__(self, *args: Any, store: JobStore, leases: LeaseKeeper, **kwargs: Any) -> None:
        super().__init__(*args, redis_pool=store.redis, queue_name=store.queue, **kwargs)
        self._store, self._leases = store, leases
        self._stopping = False
        self._ends = CallEnds(self._write_ends)
        self._calls: dict[str, Running] = {}
        self._answer: Answer | None = None
        self._slot_freed = asyncio.Event()
        self._ending = 0
        self._looked_for_aborts = 0.0
        guard_hooks(self)

    @property
    def pool(self) -> ArqRedis:
        """The client; for the first look of a `run_job` that is just starting, what its claim has brought."""
        answer, self._answer = self._answer, None
        return cast(ArqRedis, self._pool if answer is None else answer)

    def _say_functions(self) -> None:
        # under ARQ's name: its command line shows that alone
        arq.worker.logger.info("Starting worker for %d functions: %s", len(self.functions), ", ".join(self.functions))

    async def _write_ends(self, ends: Sequence[CallEnd]) -> list[bool]:
        return await finish_calls(self._store.redis, self._store.queue, ends)

    def _adopt(self, claim: Claim) -> bool:
        """Whether this call still runs here, or its end is still held: an outage outlasted its lease."""
        running = self._calls.get(claim.id)
        # without a lost lease it is a new call: the same id again, or one that went back a moment ago
        if running is None or claim.call is None or running.stop.reason is None:
            return False
        if running.held is None:
            running.refund += 1
        elif running.held.written.done():
            return False
        else:
            running.held.adopt(claim.token, claim.call.tries)
        self._let_go(running.claim)
        running.claim, running.stop = claim, self._leases.hold(claim)
        return True

    def _let_go(self, claim: Claim) -> None:
        """Its lease is not kept any more."""
        self._leases.drop(claim)

    async def _run_call(self, claim: Claim, call: Call, stop: Stop) -> None:
        """Run one claimed call to its end."""
        running = self._calls[claim.id] = Running(claim, stop)
        HERE.set(running)
        values: list[object] = [call.data, call.tries, True]
        if self.allow_abort_jobs:
            values.append(self._is_aborted(call))
        try:
            with translated():
                # runs up to its first look at `pool` without giving way to anything else
                self._answer = Answer(*values)
                await self.run_job(claim.id, claim.score)
        except (asyncio.CancelledError, StoreError):
            self._give_back(running)
            raise
        except Exception as error:
            await self._give_up(running, call, error)
            raise
        finally:
            self._let_go(running.claim)
            self._ending -= running.held is not None
            if self._calls.get(claim.id) is running:
                del self._calls[claim.id]

    def _is_aborted(self, call: Call) -> bool:
        """An abort that was asked for before this call was put in the queue meant another one, or none."""
        if call.aborted_ms is None:
            return False
        if call.data is None:
            return True
        try:
            *_, enqueued_ms = deserialize_job_raw(call.data, deserializer=self.job_deserializer)
        except SerializationError:
            return True
        return call.aborted_ms >= enqueued_ms

    def _give_back(self, running: Running) -> None:
        """`run_job` was stopped before it came to an end: the try does not count."""
        if running.held is None:
            running.refund += 1
            self._put(running, done=False, score=running.claim.score)

    async def _give_up(self, running: Running, call: Call, error: Exception) -> None:
        """`run_job` itself cannot run this call, and never will."""
        if running.held is not None:
            return
        self.jobs_failed += 1
        job_id, now = running.claim.id, round(time.time() * 1000)
        result = serialize_result(
            "<unknown>",
            (),
            {},
            call.tries,
            0,
            success=False,
            result=JobExecutionFailed(f"the call cannot be run: {error!r}"),
            start_ms=now,
            finished_ms=now,
            ref=job_id,
            queue_name=self.queue_name,
            job_id=job_id,
            serializer=self.job_serializer,
        )
        await self.finish_failed_job(job_id, result)

    def _running(self, job_id: str) -> Running | None:
        """The call whose `run_job` asks; None where ARQ's own `start_jobs` started it."""
        running = HERE.get(None)
        return running if running is not None and running.claim.id == job_id and running.held is None else None

    def _put(self, running: Running, **how: Any) -> "asyncio.Future[bool]":
        self._ending += 1
        self._slot_freed.set()  # while its end is written, the next may run
        claim = running.claim
        tries = claim.call.tries if claim.call else 0
        running.held = self._ends.put(CallEnd(claim.id, claim.token, tries, refund=running.refund, **how))
        return running.held.written

    def _kept(self, data: bytes | None, forever: bool, for_s: float | None) -> dict[str, Any]:
        if not data or not (forever or for_s):
            return {}
        return {"result": data, "ttl_ms": 0 if forever else max(1, round((for_s or 0) * 1000))}

    def finish_job(  # type: ignore[override]  # awaitable as ARQ's is, without a task of its own for each call
        self,
        job_id: str,
        finish: bool,
        result_data: bytes | None,
        result_timeout_s: float | None,
        keep_result_forever: bool,
        incr_score: int | None,
        keep_in_progress: float | None,
    ) -> Awaitable[Any]:
        """ARQ's end of a call, written with others; a call that goes back gets back the score that its claim moved."""
        running = self._running(job_id)
        if running is None:
            return super().finish_job(
                job_id, finish, result_data, result_timeout_s, keep_result_forever, incr_score, keep_in_progress
            )
        if self._stopping and not finish and not incr_score:
            running.refund += 1
        return self._put(
            running,
            done=finish,
            score=running.claim.score + (incr_score or 0),
            keep_ms=round((keep_in_progress or 0) * 1000),
            **self._kept(result_data, keep_result_forever, result_timeout_s) if finish else {},
        )

    def finish_failed_job(self, job_id: str, result_data: bytes | None) -> Awaitable[Any]:  # type: ignore[override]  # same
        """ARQ's end of a call that was never started, written with others."""
        running = self._running(job_id)
        if running is None:
            return super().finish_failed_job(job_id, result_data)
        kept = self._kept(result_data, self.keep_result_forever, self.keep_result_s)
        return self._put(running, done=True, score=running.claim.score, **kept)

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
