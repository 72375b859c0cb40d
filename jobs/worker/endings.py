"""How an attempt ends: its result switched in, its failure kept, or its job given back. Every write is fenced."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pyarrow as pa

from config import Settings
from jobs.errors import (
    FramequeueError,
    InputGone,
    JobCanceled,
    JobTimeout,
    StoreError,
    StoreFull,
    WorkerDrained,
    WorkerLost,
)
from jobs.model import AttemptReport, Job, Outcome, ResultInfo
from jobs.state import JobState
from jobs.store import blobs
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore
from jobs.store.uploads import INLINE_BYTES
from jobs.worker import payloads, retry
from jobs.worker.compute import Product
from jobs.worker.logs import LogTeller
from jobs.worker.reporting import report_of
from jobs.worker.stop import DrainedError, Stop
from jobs.worker.watch import Watch

logger = logging.getLogger(__name__)
T = TypeVar("T")

# how long a finished result waits for room in a full Redis before its job fails as store.full
_FULL_PATIENCE_S = 30.0
# how long a job waits for a worker that knows its ops: a rolling deploy brings the API's new ops first
_OP_PATIENCE_S = 3_600.0
_OP_PAUSE_MS = 5_000
_HAND_BACK_S = 2.0


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of one attempt at one claimed job; who holds the job's token writes, others are refused."""

    store: JobStore
    settings: Settings
    claim: Claim
    job: Job
    stop: Stop
    worker: str
    chance: random.Random
    logs: LogTeller
    watch: Watch = field(default_factory=Watch)

    @property
    def number(self) -> int:
        """Which attempt this is, from 1."""
        return self.job.attempt

    async def succeed(self, product: Product) -> JobState | None:
        """Keep the result, then switch it in; None where another attempt holds the job."""
        outcome = product.outcome.changed(timing=product.outcome.timing.changed(queued_ms=self._queued_ms()))
        result, small = outcome.result, b"".join(product.pieces) if _is_small(outcome.result) else b""
        if result is not None and not small:
            result = result.changed(blob=await self._kept(product.pieces, result.sha256))
        if result is not None and result.set_aside is not None:
            kept = await self._kept(product.set_aside, result.set_aside.sha256)
            result = result.changed(set_aside=result.set_aside.changed(blob=kept))
        try:
            state = await self._finish(JobState.SUCCEEDED, outcome.changed(result=result), result=small)
        except InputGone:  # an outage outlasted a blob
            return await self.succeed(product)
        if state is None and result is not None:
            await blobs.delete(self.store.redis, *result.blobs)
        return state

    async def _kept(self, pieces: Sequence[pa.Buffer], sha256: str) -> str:
        """A blob of these pieces, for the end of the attempt to switch in."""
        ttl_s = self.settings.jobs.upload_ttl_s
        return await self._insist(lambda: payloads.keep(self.store.redis, pieces, sha256, ttl_s), _FULL_PATIENCE_S)

    async def fail(self, error: FramequeueError) -> JobState | None:
        """Keep the report, and try again later or end the job as failed."""
        if _misses_op(error) and self._age_s() < _OP_PATIENCE_S:
            logger.warning("job %s: this worker does not know its ops (%s); handed back", self.claim.id, error)
            await self._insist(lambda: self.store.release(self.claim, delay_ms=_OP_PAUSE_MS, refund=True))
            return None
        delay_ms = retry.delay_ms(error, self.number, self.claim.max_attempts, self.chance)
        # an attempt that lost its worker has its report from the claim that found it
        report = None if isinstance(error, WorkerLost) else self._report(error, _outcome(error, delay_ms))
        if delay_ms is None:
            return await self._finish(JobState.FAILED, Outcome(error=error.problem), report=report)
        logger.warning("job %s: attempt %d failed, the next in %d ms: %s", self.claim.id, self.number, delay_ms, error)
        await self._insist(lambda: self.store.release(self.claim, delay_ms=delay_ms, report=report))
        return None

    async def cancel(self) -> JobState | None:
        """End the job as canceled, as was asked."""
        error = JobCanceled()
        return await self._finish(
            JobState.CANCELED, Outcome(error=error.problem), report=self._report(error, "canceled")
        )

    async def hand_back(self) -> None:
        """The job goes back with its try, or its lease ends where Redis is away."""
        report = self._report(WorkerDrained(), "drained")
        released = asyncio.ensure_future(self.store.release(self.claim, refund=True, report=report))
        released.add_done_callback(lambda task: task.cancelled() or task.exception())  # it may end after our patience
        try:
            async with asyncio.timeout(_HAND_BACK_S):
                await asyncio.shield(released)
        except (StoreError, TimeoutError, asyncio.CancelledError) as error:
            logger.warning("job %s: not seen to be handed back (%r); else its lease ends", self.claim.id, error)

    async def _finish(
        self, state: JobState, outcome: Outcome, *, report: AttemptReport | None = None, result: bytes = b""
    ) -> JobState | None:
        ttl_s = self.job.spec.result_ttl_s
        done = await self._insist(
            lambda: self.store.finish(self.claim, state, outcome, report=report, result=result, result_ttl_s=ttl_s)
        )
        if not done:
            logger.warning("job %s: another attempt holds it; the end of this one is dropped", self.claim.id)
            return None
        level = logging.INFO if state is JobState.SUCCEEDED else logging.WARNING
        detail = f": {outcome.error.code}: {outcome.error.detail}" if outcome.error else ""
        logger.log(level, "job %s %s, attempt %d%s", self.claim.id, state, self.number, detail)
        return state

    async def _insist(self, what: Callable[[], Awaitable[T]], full_patience_s: float = float("inf")) -> T:
        """Call until Redis takes it: a finished attempt waits out an outage instead of being computed again."""
        pause_s, began = 0.1, time.monotonic()
        while True:
            try:
                return await what()
            except StoreError as error:
                if isinstance(error, StoreFull) and time.monotonic() - began > full_patience_s:
                    raise
                if self.stop.drained:
                    raise DrainedError from error
                logger.warning("job %s: holding the end of attempt %d: %s", self.claim.id, self.number, error)
            await self.stop.pause(pause_s)
            pause_s = min(2.0, pause_s * 2)

    def _report(self, error: FramequeueError, outcome: str) -> AttemptReport:
        return report_of(error, self.watch, attempt=self.number, outcome=outcome, worker=self.worker)

    def _age_s(self) -> float:
        """By Redis' clock on both sides: from the submit to this claim."""
        return ((self.job.started_ms or 0) - self.job.created_ms) / 1000

    def _queued_ms(self) -> float:
        return round(max(0.0, (self._age_s() - self.job.spec.delay_s) * 1000), 3)


def _is_small(result: ResultInfo | None) -> bool:
    return result is not None and result.bytes <= INLINE_BYTES


def _outcome(error: FramequeueError, delay_ms: int | None) -> str:
    if isinstance(error, JobTimeout):
        return "timed_out"
    return "failed" if delay_ms is None else "retried"


def _misses_op(error: FramequeueError) -> bool:
    return error.code == "pipeline.op_unknown" or any(place.code == "pipeline.op_unknown" for place in error.places)
