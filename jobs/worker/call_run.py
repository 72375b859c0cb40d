"""One plain ARQ call, from what its claim brought to its end: what ARQ's `run_job` does, as steps and without Redis."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import arq
from arq.cron import CronJob
from arq.jobs import SerializationError, deserialize_job_raw, serialize_result
from arq.utils import args_to_string, ms_to_datetime, timestamp_ms, truncate
from arq.worker import Function, JobExecutionFailed, Retry, RetryJob, logger

from jobs.store.calls import Call, CallEnd
from jobs.store.claims import Claim
from jobs.worker.call_ends import HeldEnd
from jobs.worker.stop import DrainedError, Stop


class NotRunError(Exception):
    """The call is not to be started; its failure is the argument."""


@dataclass(slots=True)
class CallRun:
    """A call that runs here, under the newest claim of its job. Its log lines are ARQ's, word for word."""

    worker: arq.Worker
    claim: Claim
    call: Call
    stop: Stop
    held: HeldEnd | None = None
    """Its end is on its way; nothing else may be written for it."""
    name: str = "<unknown>"
    args: Any = ()
    kwargs: Any = field(default_factory=dict)
    tries: int = 0
    enqueued_ms: int = 0
    ref: str = ""
    began_ms: int = field(default_factory=timestamp_ms)
    context: dict[Any, Any] = field(default_factory=dict)

    def adopt(self, claim: Claim, call: Call, stop: Stop) -> None:
        """An outage outlasted the lease, and this process has claimed the job again: it goes on under that claim."""
        self.claim, self.call, self.stop = claim, call, stop
        if self.held is not None:
            self.held.end = replace(self.held.end, token=claim.token, tries=call.tries)

    def read(self) -> Function | CronJob:
        """What is to be run; raises NotRunError where nothing is."""
        worker, job_id = self.worker, self.claim.id
        self.tries, self.ref = self.call.tries, f"{job_id}:{self.name}"
        if not self.call.data:
            logger.warning("job %s expired", job_id)
            raise NotRunError(JobExecutionFailed("job expired"))
        try:
            self.name, self.args, self.kwargs, first_try, self.enqueued_ms = deserialize_job_raw(
                self.call.data, deserializer=worker.job_deserializer
            )
        except SerializationError as error:
            logger.exception("deserializing job %s failed", job_id)
            raise NotRunError(error) from error
        self.ref = f"{job_id}:{self.name}"
        # one that was asked for before this call was put in the queue meant another call, or none
        if self.call.aborted_ms is not None and self.call.aborted_ms >= self.enqueued_ms:
            logger.info("%6.2fs ⊘ %s aborted before start", self._age_s(), self.ref)
            raise NotRunError(asyncio.CancelledError())
        function = worker.functions.get(self.name)
        if function is None:
            logger.warning("job %s, function %r not found", job_id, self.name)
            raise NotRunError(JobExecutionFailed(f"function {self.name!r} not found"))
        if isinstance(function, CronJob):
            self.ref = self.name
        self.tries = max(self.tries, first_try or 0)
        most = worker.max_tries if function.max_tries is None else function.max_tries
        if self.tries > most:
            logger.warning("%6.2fs ! %s max retries %d exceeded", self._age_s(), self.ref, most)
            raise NotRunError(JobExecutionFailed(f"max {most} retries exceeded"))
        return function

    async def run(self, function: Function | CronJob) -> CallEnd:
        """Run it between ARQ's hooks; how it ended."""
        worker = self.worker
        self.context = {
            **worker.ctx,
            "job_id": self.claim.id,
            "job_try": self.tries,
            "enqueue_time": ms_to_datetime(self.enqueued_ms),
            "score": self.claim.score,
        }
        if worker.on_job_start:
            await worker.on_job_start(self.context)
        self.began_ms = timestamp_ms()
        end = await self._call(function)
        if worker.on_job_end:
            await worker.on_job_end(self.context)
        return end

    async def _call(self, function: Function | CronJob) -> CallEnd:
        worker, job_id = self.worker, self.claim.id
        if logger.isEnabledFor(logging.INFO):
            logger.info("%6.2fs → %s(%s)%s", self._age_s(), self.ref, _Shown(self._call_text), self._notes())
        # the task itself: a second one for each call costs as much as the rest of its run
        task = worker.job_tasks[job_id] = asyncio.current_task()  # type: ignore[assignment]  # there is one
        try:
            async with asyncio.timeout(worker.job_timeout_s if function.timeout_s is None else function.timeout_s):
                result = await function.coroutine(self.context, *self.args, **self.kwargs)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # the function's, whatever it is
            if isinstance(error, asyncio.CancelledError) and task is not None:
                task.uncancel()
            return self._raised(function, error)
        finally:
            del worker.job_tasks[job_id]
        worker.jobs_complete += 1
        if logger.isEnabledFor(logging.INFO):
            shown = _Shown(lambda: "" if result is None or not worker.log_results else truncate(repr(result)))
            logger.info("%6.2fs ← %s ● %s", self._took_s(), self.ref, shown)
        return self._done(function, result, success=True)

    def _raised(self, function: Function | CronJob, error: BaseException) -> CallEnd:
        worker, job_id = self.worker, self.claim.id
        canceled = isinstance(error, asyncio.CancelledError)
        if canceled and job_id in worker.aborting_tasks:
            worker.aborting_tasks.remove(job_id)
            logger.info("%6.2fs ⊘ %s aborted", self._took_s(), self.ref)
        elif worker.retry_jobs and isinstance(error, Retry):
            delay_ms = error.defer_score or 0
            logger.info("%6.2fs ↻ %s retrying job in %0.2fs", self._took_s(), self.ref, delay_ms / 1000)
            return self._back(function, delay_ms + timestamp_ms() if delay_ms else self.claim.score)
        elif worker.retry_jobs and (canceled or isinstance(error, RetryJob)):
            logger.info("%6.2fs ↻ %s cancelled, will be run again", self._took_s(), self.ref)
            return self._back(function, self.claim.score)
        else:
            text = "%6.2fs ! %s failed, %s: %s"
            words = (self._took_s(), self.ref, type(error).__name__, _Shown(lambda: str(error)))
            logger.error(text, *words, exc_info=error, extra={"extra": _extra(error)})
        worker.jobs_failed += 1
        return self._done(function, error, success=False)

    def refused(self, failure: BaseException) -> CallEnd:
        """The end of a call that was not run."""
        worker = self.worker
        worker.jobs_failed += 1
        data = self._result(failure, success=False)
        return self._end(done=True, **_kept(data, worker.keep_result_forever, worker.keep_result_s))

    def given_back(self) -> CallEnd:
        """The end of a call that was stopped before it was run: the try does not count."""
        return self._end(done=False, counted=self.tries - 1)

    def _done(self, function: Function | CronJob, result: Any, *, success: bool) -> CallEnd:
        worker = self.worker
        forever = worker.keep_result_forever if function.keep_result_forever is None else function.keep_result_forever
        for_s = worker.keep_result_s if function.keep_result_s is None else function.keep_result_s
        data = self._result(result, success=success) if forever or for_s > 0 else None
        return self._end(done=True, keep_ms=_keep_ms(function), **_kept(data, forever, for_s))

    def _back(self, function: Function | CronJob, score: int) -> CallEnd:
        self.worker.jobs_retried += 1
        drained = isinstance(self.stop.reason, DrainedError)
        return self._end(done=False, score=score, counted=self.tries - drained, keep_ms=_keep_ms(function))

    def _end(self, *, done: bool, **more: Any) -> CallEnd:
        claim = self.claim
        return CallEnd(claim.id, claim.token, self.call.tries, done, more.pop("score", claim.score), **more)

    def _result(self, result: Any, *, success: bool) -> bytes | None:
        return serialize_result(
            self.name,
            self.args,
            self.kwargs,
            self.tries,
            self.enqueued_ms,
            success,
            result,
            self.began_ms,
            timestamp_ms(),
            self.ref,
            self.worker.queue_name,
            job_id=self.claim.id,
            serializer=self.worker.job_serializer,
        )

    def _age_s(self) -> float:
        return (timestamp_ms() - self.enqueued_ms) / 1000

    def _took_s(self) -> float:
        return (timestamp_ms() - self.began_ms) / 1000

    def _call_text(self) -> str:
        return args_to_string(self.args, self.kwargs)

    def _notes(self) -> str:
        late_ms = self.began_ms - self.claim.score
        again = f" try={self.tries}" if self.tries > 1 else ""
        return f"{again} delayed={late_ms / 1000:0.2f}s" if late_ms > 1200 else again


class _Shown:
    """A text that is only made where the line is written; a user's object may fail at it."""

    __slots__ = ("_text",)

    def __init__(self, text: Callable[[], str]) -> None:
        self._text = text

    def __str__(self) -> str:
        try:
            return self._text()
        except Exception as error:  # noqa: BLE001  # a log line must not cost the call
            return f"<{type(error).__name__} while it was to be shown>"


def _extra(error: BaseException) -> Any:
    """What an exception wants to have logged beside it."""
    try:
        extra = getattr(error, "extra", None)
        return extra() if callable(extra) else extra
    except Exception as second:  # noqa: BLE001  # same
        return repr(second)


def _keep_ms(function: Function | CronJob) -> int:
    keep_s = arq.worker.keep_cronjob_progress  # type: ignore[attr-defined]  # it is read where ARQ reads it
    return round(keep_s * 1000) if isinstance(function, CronJob) else 0


def _kept(data: bytes | None, forever: bool, for_s: float | None) -> dict[str, Any]:
    if not data or not (forever or for_s):
        return {}
    return {"result": data, "ttl_ms": 0 if forever else max(1, round((for_s or 0) * 1000))}
