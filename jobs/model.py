"""The values of the domain: frozen, comparable, and stored as msgpack (never pickle).

Durations carry their unit in the name; `*_ms` timestamps are Unix milliseconds of Redis' clock.
"""

from enum import StrEnum
from typing import Any, Literal, Self

import msgspec

from jobs.state import JobState

EncodedJson = bytes


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of every stored value."""

    def changed(self, **changes: Any) -> Self:
        """A copy with these fields changed."""
        return msgspec.structs.replace(self, **changes)


class Place(Value, frozen=True, kw_only=True, omit_defaults=False):
    """Where an error is: a JSON pointer into the submission, and an input and its row (from 1) where there is one."""

    pointer: str
    code: str
    detail: str
    input: str | None = None
    row: int | None = None

    def below(self, pointer: str) -> Self:
        """The same place seen from further out."""
        return self.changed(pointer=pointer + self.pointer)


class Warn(Value, frozen=True, kw_only=True, omit_defaults=False):
    """Something that was mapped, not lost in silence."""

    code: str
    detail: str
    column: str | None = None


class Column(Value, frozen=True, kw_only=True, omit_defaults=False):
    """A column of a schema; `dtype` is pandas' name, or Arrow's where pandas has none."""

    name: str
    dtype: str
    nullable: bool


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
    """A named input of a job: a payload, where it came from, and the dtypes asked for."""

    payload: PayloadRef
    frame: str | None = None
    dtypes: dict[str, str] = {}


class OnRowError(StrEnum):
    """What a bad row does to its job."""

    FAIL = "fail"
    REJECT = "reject"


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
    labels: dict[str, str] = {}
    group: str | None = None
    rerun_of: str | None = None
    trace_id: str = ""


class Progress(Value, frozen=True, kw_only=True, omit_defaults=False):
    """How far an attempt is: steps done of steps in all, and the fraction in 0..1."""

    step: int
    steps: int
    fraction: float


class Timing(Value, frozen=True, kw_only=True, omit_defaults=False):
    """Where an attempt's time went, in milliseconds."""

    queued_ms: float = 0.0
    decode_ms: float = 0.0
    steps_ms: tuple[float, ...] = ()
    encode_ms: float = 0.0


class InputInfo(Value, frozen=True, kw_only=True, omit_defaults=False):
    """What is known of an input once it was decoded."""

    rows: int | None
    column_count: int | None
    bytes: int


class ResultInfo(Value, frozen=True, kw_only=True):
    """A finished result: `blob` is None where its bytes stand beside the record; `bytes` is the stored (Arrow) size.

    `rejects` rows were set aside; `set_aside` is the frame of these, None where there are none.
    """

    rows: int
    columns: tuple[Column, ...]
    bytes: int
    sha256: str
    blob: str | None = None
    preview: EncodedJson = b"[]"
    preview_complete: bool = False
    rejects: int = 0
    set_aside: PayloadRef | None = None

    @property
    def blobs(self) -> tuple[str, ...]:
        """Every blob that lives and ends with the result."""
        return tuple(blob for blob in (self.blob, self.set_aside and self.set_aside.blob) if blob)


class Problem(Value, frozen=True, kw_only=True, omit_defaults=False):
    """A failure as the outside sees it (RFC 9457 without what only HTTP knows)."""

    code: str
    title: str
    detail: str
    retryable: bool
    errors: tuple[Place, ...] = ()


class Outcome(Value, frozen=True, kw_only=True):
    """How an attempt ended; the record of a terminal job keeps the last one."""

    result: ResultInfo | None = None
    error: Problem | None = None
    warnings: tuple[Warn, ...] = ()
    timing: Timing = Timing()
    inputs: dict[str, InputInfo] = {}
    peak_memory_bytes: int | None = None
    """The most that payloads, frames and stored pieces held together at one time, as counted (not measured)."""


class AttemptReport(Value, frozen=True, kw_only=True, omit_defaults=False):
    """The story of an attempt without result. `samples` are up to five rows of the step's input; `shape` rows, columns.

    `outcome` is `failed` (the last one), `retried`, `timed_out`, `canceled`, `drained` (handed back with its try) or
    `lost` (its worker died or vanished). Where the end came from outside the step (`timed_out`, `canceled`, `drained`)
    the step is the one that ran then, and `traceback` where its thread was.
    """

    attempt: int
    outcome: str
    error: Problem
    step: int | None = None
    op: str | None = None
    column: str | None = None
    dtype: str | None = None
    exception: str | None = None
    samples: tuple[dict[str, Any], ...] = ()
    shape: tuple[int, int] | None = None
    peak_memory_bytes: int | None = None
    worker: str = ""
    traceback: str | None = None


class LogRecord(Value, frozen=True, kw_only=True, omit_defaults=False):
    """A line that a transform logged, printed or warned, at `at_ms` by the worker's clock; `step` counts from 1."""

    at_ms: int
    attempt: int
    step: int | None
    level: str
    message: str
    source: Literal["log", "print", "warning"]


class Job(Value, frozen=True, kw_only=True):
    """A job as it stands: what was submitted, where it is, and how it ended."""

    id: str
    spec: JobSpec
    state: JobState
    version: int
    attempt: int
    created_ms: int
    started_ms: int | None = None
    finished_ms: int | None = None
    cancel_requested_ms: int | None = None
    expires_ms: int | None = None
    progress: Progress | None = None
    outcome: Outcome | None = None


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
