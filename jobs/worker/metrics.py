"""What a worker counts of its attempts, and how it says that it is; told every few seconds, beside its renewals."""

import asyncio
import logging
import time
from collections.abc import Collection
from contextlib import suppress
from functools import cached_property

import msgspec

from jobs import metrics
from jobs.errors import StoreError
from jobs.metrics import Counts
from jobs.model import Job, Outcome
from jobs.state import JobState
from jobs.store import metrics as store
from jobs.store.metrics import Batch, WorkerReport
from jobs.store.redis import Redis
from jobs.transforms.catalogue import Catalogue
from jobs.worker.threads import ThreadPool

logger = logging.getLogger(__name__)
# where Redis was away for long, what was counted meanwhile is one batch all the same
_LAST_S = 2.0


class Meter:
    """The counts of one worker process: a few sums for each attempt, one call to Redis for all of some seconds."""

    def __init__(self, worker: str, pool: ThreadPool, catalogue: Catalogue) -> None:
        self.counts = Counts()
        self._worker, self._pool, self._catalogue = worker, pool, catalogue
        self._busy_at = time.monotonic()
        self._unsent: Batch | None = None
        self._telling: asyncio.Task[None] | None = None

    @cached_property
    def _ops(self) -> tuple[str, bytes]:
        return self._catalogue.fingerprint, msgspec.json.encode(self._catalogue.digests)

    def ended(self, job: Job | None, state: JobState, outcome: Outcome, seconds: float | None) -> None:
        """An attempt ended its job; `seconds` since its claim, None where nothing was run."""
        self.counts.add(metrics.JOBS_ENDED, state.value, outcome.error.code if outcome.error else "")
        if outcome.result is not None:
            self.counts.add(metrics.RESULT_BYTES, by=outcome.result.bytes)
        if job is None or seconds is None:
            return
        self._attempt(job, state.value, seconds, outcome.peak_memory_bytes)
        if state is JobState.SUCCEEDED:
            self._steps(job, outcome.timing.steps_ms)

    def retried(self, job: Job | None, code: str, seconds: float | None, peak_bytes: int | None) -> None:
        """An attempt failed, and its job is tried again."""
        self.counts.add(metrics.RETRIES, code)
        if job is not None and seconds is not None:
            self._attempt(job, "retried", seconds, peak_bytes)

    def handed_back(self) -> None:
        """An attempt went back with its try."""
        self.counts.add(metrics.HANDED_BACK)

    def claimed(self, job: Job | None) -> None:
        """An attempt begins."""
        self._busy_at = time.monotonic()
        if job is not None and job.attempt == 1 and job.started_ms is not None:
            waited_ms = job.started_ms - job.created_ms - job.spec.delay_s * 1000
            self.counts.observe(metrics.QUEUE_SECONDS, max(0.0, waited_ms) / 1000)

    def _attempt(self, job: Job, outcome: str, seconds: float, peak_bytes: int | None) -> None:
        self.counts.observe(metrics.ATTEMPT_SECONDS, seconds, outcome)
        self.counts.add(metrics.INPUT_BYTES, by=sum(given.payload.bytes for given in job.spec.inputs.values()))
        if peak_bytes:
            self.counts.observe(metrics.PEAK_BYTES, peak_bytes)

    def _steps(self, job: Job, steps_ms: Collection[float]) -> None:
        if len(steps_ms) != len(job.spec.pipeline):
            return
        for step, took_ms in zip(job.spec.pipeline, steps_ms, strict=True):
            op = str(step.get("op"))
            if op in self._catalogue:  # nothing that a caller wrote becomes a label by itself
                self.counts.observe(metrics.STEP_SECONDS, took_ms / 1000, op)

    def tell_soon(self, redis: Redis, held: int, lease_ms: int) -> None:
        """Begin to tell Redis what was counted, and how this worker is; where the last time is not over, it waits."""
        if self._telling is None or self._telling.done():
            self._telling = asyncio.get_running_loop().create_task(self._tell(redis, held, lease_ms))

    async def close(self, redis: Redis, lease_ms: int) -> None:
        """Tell what is left, or give it up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_S):
                if self._telling is not None:
                    await asyncio.wait({self._telling})
                await self._tell(redis, 0, lease_ms)

    async def _tell(self, redis: Redis, held: int, lease_ms: int) -> None:
        now = time.monotonic()
        if held:
            self._busy_at = now
        pool = self._pool
        report = WorkerReport(
            slots=pool.size, busy=held, threads=pool.size, threads_busy=pool.running, lease_ms=lease_ms
        )
        while True:
            batch = self._unsent or Batch(self.counts.take())
            last = self._unsent is None
            self._unsent = batch
            try:
                await store.tell(redis, self._worker, batch, report, round((now - self._busy_at) * 1000), self._ops)
            except StoreError as error:  # they are sent with the next renewal, under the same id
                logger.debug("counts not written: %s", error)
                return
            except Exception:
                logger.exception("counts not written")
                return
            self._unsent = None
            if last:
                return
