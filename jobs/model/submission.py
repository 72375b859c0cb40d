"""What was submitted: fixed for the life of a job."""

from enum import StrEnum
from typing import Any

from msgspec import field

from jobs.model.value import Column, Value

STORED_MEDIA_TYPE = "application/vnd.apache.arrow.stream"
"""The form in which results are stored."""


class PayloadRef(Value, frozen=True, kw_only=True):
    """An encoded frame in the store: the blob that holds its bytes and how to read them.

    `encoding` is a Content-Encoding (`gzip`, `zstd`); `bytes` the stored size; `charset` for text formats;
    `orient` for JSON (`records`, `columns`, `split`); `ours` says that a worker wrote the bytes, in the stored form.
    """

    blob: str
    media_type: str
    bytes: int
    sha256: str = ""
    encoding: str | None = None
    charset: str | None = None
    orient: str | None = None
    rows: int | None = None
    columns: tuple[Column, ...] | None = None
    ours: bool = False


class Input(Value, frozen=True, kw_only=True):
    """A named input of a job: a payload, where it came from, and the dtypes asked for.

    The payload of an input that is the result of an unfinished job (`job`, its id) has no bytes and no digest yet.
    """

    payload: PayloadRef
    frame: str | None = None
    job: str | None = None
    dtypes: dict[str, str] = field(default_factory=dict)

    @property
    def awaited(self) -> bool:
        """Whether it is the result of a job that had not ended when last looked at."""
        return self.job is not None and not self.payload.sha256


class OnRowError(StrEnum):
    """What a bad row does to its job."""

    FAIL = "fail"
    REJECT = "reject"


class Webhook(Value, frozen=True, kw_only=True):
    """Who is told of the job's end: `events` are those of `job.succeeded`, `job.failed` and `job.canceled` it wants."""

    url: str
    events: tuple[str, ...]


class JobSpec(Value, frozen=True, kw_only=True):
    """What was submitted: fixed for the life of the job."""

    tenant: str
    pipeline: list[dict[str, Any]]
    inputs: dict[str, Input]
    timeout_s: float
    max_attempts: int
    delay_s: float
    result_ttl_s: int
    on_row_error: OnRowError = OnRowError.FAIL
    max_rejects: int = 1000
    labels: dict[str, str] = field(default_factory=dict)
    group: str | None = None
    rerun_of: str | None = None
    trace_id: str = ""
    traceparent: str = ""  # W3C Trace Context: the span that submitted the job, or the caller's
    webhook: Webhook | None = None


class Frame(Value, frozen=True, kw_only=True):
    """An uploaded frame: a payload with an id of its own and a time to live.

    `decoded` is the same table in the stored form, from the check at upload; jobs read it unless they ask for `dtypes`.
    """

    id: str
    tenant: str
    payload: PayloadRef
    decoded: PayloadRef | None = None
    created_ms: int
    expires_ms: int
