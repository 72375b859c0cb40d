"""What a call of the client can raise.

ClientError
├── ConnectionFailed      no answer came
├── AnswerUnreadable      an answer came that is not framequeue's
├── WaitTimeout           the job had not ended in the time given; `job` is as it stood
├── FrameRefused          a DataFrame, or another source, cannot travel as it is
└── ProblemError          the service answered with a problem: `code` says which
    ├── AuthError             auth.*
    ├── SpecError             json.*, header.*, precondition.*, multipart.*, cursor.*, range.*, http.*, spec.*, limit.*
    │   ├── WebhookRefused        webhook.*
    │   └── IdempotencyMismatch   idempotency.*
    ├── PipelineError         pipeline.*
    ├── ExpressionError       expression.*
    ├── TransformError        transform.*
    │   └── ColumnUnknown         transform.column_unknown
    ├── InputError            input.*
    ├── FormatError           format.*, result.not_representable
    ├── SizeExceeded          limit.*, where it is one of bytes (413)
    ├── NotFound              not_found
    ├── JobNotReady           job.not_ready
    ├── JobLive               job.live
    ├── ResultExpired         result.expired
    ├── JobStopped            job.*, worker.*
    │   ├── JobTimeout            job.timeout
    │   ├── JobCanceled           job.canceled
    │   └── WorkerLost            worker.lost
    ├── QuotaExceeded         quota.*
    ├── ServiceUnavailable    store.*, queue.*, service.*, request.*
    └── InternalError         internal

A code that this table does not know is its family's class, or ProblemError.
"""

from collections.abc import Mapping
from typing import Any, Final

from service.client.values import Place, Problem


class ClientError(Exception):
    """The root of what this client raises."""


class ConnectionFailed(ClientError):
    """No answer came, in all of the tries; the message says from where, why, and what to do."""


class AnswerUnreadable(ClientError):
    """Something answered, and not as framequeue does."""


class WaitTimeout(ClientError, TimeoutError):
    """The job had not ended in the time given; it goes on, and `job` is as it stood."""

    def __init__(self, job: Any, waited_s: float) -> None:
        super().__init__(f"the job {job.id} is {job.state} after {waited_s:g} s; wait again, or cancel it")
        self.job = job


class FrameRefused(ClientError, ValueError):
    """A source that would not arrive as it is; the message says what to do."""


class ProblemError(ClientError):
    """The service refused a call, or the job failed; `headers` are those of the answer.

    `status` is 424 where a job failed, and then `job_id` is its own.
    """

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.detail or problem.title or f"HTTP {problem.status}")
        self.problem = problem
        self.headers: Mapping[str, str] = headers or {}

    @property
    def code(self) -> str:
        """Which problem it is, such as `transform.column_unknown`; docs/errors.md has all of them."""
        return self.problem.code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def detail(self) -> str:
        """What is wrong, in a sentence."""
        return self.problem.detail

    @property
    def errors(self) -> tuple[Place, ...]:
        """The places that are meant."""
        return self.problem.errors

    @property
    def trace_id(self) -> str:
        """By which the service's log knows it."""
        return self.problem.trace_id

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.problem.retryable

    @property
    def job_id(self) -> str | None:
        """The job that is meant, where one is."""
        for text in (self.problem.instance, self.headers.get("location", "")):
            _, found, rest = text.partition("/jobs/")
            if found:
                return rest.partition("/")[0]
        return None

    @property
    def retry_after_s(self) -> float | None:
        """When to ask again, in seconds, where the service says so."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isascii() and text.isdigit() else None


class AuthError(ProblemError):
    """The key is missing or unknown, or may not do this."""


class SpecError(ProblemError):
    """The request is not what the contract describes."""


class WebhookRefused(SpecError):
    """The webhook's address is not one that may be called."""


class IdempotencyMismatch(SpecError):
    """The idempotency key was used for another request."""


class PipelineError(ProblemError):
    """The steps cannot be a pipeline."""


class ExpressionError(ProblemError):
    """The text of an expression is refused."""


class TransformError(ProblemError):
    """A step met data that it cannot work on."""


class ColumnUnknown(TransformError):
    """A step names a column that its frame has not."""


class InputError(ProblemError):
    """An input cannot be had or read."""


class FormatError(ProblemError):
    """A format that is not there, or cannot hold what it should."""


class SizeExceeded(ProblemError):
    """Something is larger than the service takes."""


class NotFound(ProblemError):
    """There is no such thing, or it is another tenant's."""


class JobNotReady(ProblemError):
    """The job has not ended."""


class JobLive(ProblemError):
    """The job has not ended, and so can be neither deleted nor run again."""


class ResultExpired(ProblemError):
    """The result has outlived its time."""


class JobStopped(ProblemError):
    """The job's attempt ended from outside."""


class JobTimeout(JobStopped):
    """An attempt ran longer than `timeout_s`."""


class JobCanceled(JobStopped):
    """The job was canceled on request."""


class WorkerLost(JobStopped):
    """The worker died in each of the attempts."""


class QuotaExceeded(ProblemError):
    """The tenant has used up what it may."""


class ServiceUnavailable(ProblemError):
    """The service cannot take this at the moment."""


class InternalError(ProblemError):
    """A fault of framequeue itself; its log has the traceback under the trace id."""


SIZE_STATUS: Final = 413
_BY_CODE: Mapping[str, type[ProblemError]] = {
    "transform.column_unknown": ColumnUnknown,
    "result.not_representable": FormatError,
    "result.expired": ResultExpired,
    "job.not_ready": JobNotReady,
    "job.live": JobLive,
    "job.timeout": JobTimeout,
    "job.canceled": JobCanceled,
    "worker.lost": WorkerLost,
}
_BY_FAMILY: Mapping[str, type[ProblemError]] = {
    "auth": AuthError,
    **dict.fromkeys(
        ("json", "header", "precondition", "multipart", "cursor", "range", "http", "spec", "limit"), SpecError
    ),
    "webhook": WebhookRefused,
    "idempotency": IdempotencyMismatch,
    "pipeline": PipelineError,
    "expression": ExpressionError,
    "transform": TransformError,
    "input": InputError,
    "format": FormatError,
    "not_found": NotFound,
    **dict.fromkeys(("job", "worker"), JobStopped),
    "quota": QuotaExceeded,
    **dict.fromkeys(("store", "queue", "service", "request"), ServiceUnavailable),
    "internal": InternalError,
}


def error_of(problem: Problem, headers: Mapping[str, str] | None = None) -> ProblemError:
    """The error that a problem is: by its code, else by its code's family, else ProblemError."""
    if problem.code.startswith("limit.") and problem.status == SIZE_STATUS:
        return SizeExceeded(problem, headers)
    family = _BY_FAMILY.get(problem.code.partition(".")[0], ProblemError)
    return _BY_CODE.get(problem.code, family)(problem, headers)
