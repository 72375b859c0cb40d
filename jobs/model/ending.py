"""How attempts went, and what came of them."""

from typing import Any, Literal

from msgspec import field

from jobs.model.submission import PayloadRef
from jobs.model.value import Column, Problem, Value, Warn

EncodedJson = bytes


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

    @property
    def stored_bytes(self) -> int:
        """How many bytes the result and its rejects take."""
        return self.bytes + (self.set_aside.bytes if self.set_aside else 0)


class Given(Value, frozen=True, kw_only=True):
    """What a job's end gave to those that waited for it: its result as their payload."""

    job: str
    payload: PayloadRef


class Outcome(Value, frozen=True, kw_only=True):
    """How an attempt ended; the record of a terminal job keeps the last one."""

    result: ResultInfo | None = None
    error: Problem | None = None
    warnings: tuple[Warn, ...] = ()
    timing: Timing = Timing()
    inputs: dict[str, InputInfo] = field(default_factory=dict)
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
