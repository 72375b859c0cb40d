"""What happens to jobs and to the store: not ready, stopped, lost, away, full."""

from typing import ClassVar

from jobs.errors.base import FramequeueError


class NotFound(FramequeueError):
    code = "not_found"
    title = "Not found"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} {name!r}")


class JobNotReady(FramequeueError):
    code = "job.not_ready"
    title = "Job not finished"
    retryable = True

    def __init__(self, job_id: str, state: str) -> None:
        super().__init__(f"job {job_id} is {state}; ask again, or wait with Prefer: wait=30 on the job")


class ResultExpired(FramequeueError):
    code = "result.expired"
    title = "Result expired"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"the result of job {job_id} has expired; submit it again, with a larger result_ttl_s")


class JobStopped(FramequeueError):
    """An attempt ended from outside."""


class JobTimeout(JobStopped):
    code = "job.timeout"
    title = "Job timed out"

    def __init__(self, timeout_s: float, step: str = "") -> None:
        where = f" in {step}" if step else ""
        super().__init__(f"the attempt ran longer than {timeout_s:g} s{where}; raise timeout_s or do less")


class JobCanceled(JobStopped):
    code = "job.canceled"
    title = "Job canceled"

    def __init__(self) -> None:
        super().__init__("the job was canceled on request")


class WorkerLost(JobStopped):
    code = "worker.lost"
    title = "Worker lost"
    retryable = True

    def __init__(self, attempts: int, evidence: str = "") -> None:
        when = "in the attempt" if attempts == 1 else f"in each of {attempts} attempts"
        because = f" ({evidence})" if evidence else ""
        super().__init__(f"the worker died or vanished {when}{because}")


class MemoryExceeded(JobStopped):
    code = "job.memory_exceeded"
    title = "Job too large for its worker"

    def __init__(self, given: int, least: int, budget: int) -> None:
        super().__init__(
            f"its inputs of {given:,} bytes take at least {least:,} bytes of memory, and a worker may use {budget:,}; "
            "give the worker more (setting worker.memory_bytes, or its container's limit) or send less"
        )


class WorkerDrained(JobStopped):
    code = "worker.drained"
    title = "Worker stopped"
    retryable = True

    def __init__(self) -> None:
        super().__init__("the worker was stopped before the attempt ended; the job went back with its try")


class JobLive(FramequeueError):
    code = "job.live"
    title = "Job has not ended"
    retryable = True

    def __init__(self, job_id: str, state: str, what: str) -> None:
        super().__init__(f"job {job_id} is {state}, and only a job that has ended can be {what}; cancel it, or wait")


class QuotaExceeded(FramequeueError):
    """A tenant has used up what it may; `retry_after_s` says when asking again may help.

    `policy` names the quota and `limit` its size, None where the answer tells it already.
    """

    retryable = True
    policy: ClassVar[str] = ""
    limit: int | None = None

    def __init__(self, detail: str, retry_after_s: int) -> None:
        self.retry_after_s = max(1, retry_after_s)
        super().__init__(detail)


class RequestQuota(QuotaExceeded):
    code = "quota.requests"
    title = "Too many requests"


class QueueQuota(QuotaExceeded):
    code = "quota.queued_jobs"
    title = "Too many unfinished jobs"
    policy = "queued_jobs"

    def __init__(self, limit: int, retry_after_s: int = 1) -> None:
        self.limit = limit
        super().__init__(
            f"this tenant may have {limit:,} jobs that have not ended (setting quotas.queued_jobs); wait for some, or "
            "cancel them",
            retry_after_s,
        )


class StorageQuota(QuotaExceeded):
    code = "quota.stored_bytes"
    title = "Too much stored"
    policy = "stored_bytes"

    def __init__(self, limit: int, stored: int, more: int, retry_after_s: int) -> None:
        self.limit = limit
        super().__init__(
            f"this tenant has {stored:,} bytes stored, and {more:,} more would be beyond the {limit:,} it may have "
            "(setting quotas.stored_bytes); delete jobs or frames, or wait until they expire",
            retry_after_s,
        )


class StoreError(FramequeueError):
    """Redis is away or full; asking again later helps."""

    retryable = True
    retry_after_s: ClassVar[int] = 2


class StoreUnavailable(StoreError):
    code = "store.unavailable"
    title = "Store unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Redis does not answer ({reason}); try again (what was to be stored may be there, or not)")


class StoreFull(StoreError):
    code = "store.full"
    title = "Store full"

    def __init__(self) -> None:
        super().__init__("Redis is out of memory (maxmemory); nothing was stored, try again when jobs have ended")


class QueueFull(StoreError):
    code = "queue.full"
    title = "Queue full"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit:,} jobs are queued, the limit (setting limits.queued_jobs); nothing was stored, try again"
        )
