"""Every way a request or a job can fail, each with a stable code and a message built from facts.

FramequeueError
├── SpecError             the submission is not what the contract describes
│   ├── JsonMalformed         json.malformed
│   ├── SpecInvalid           spec.invalid
│   ├── FieldUnknown          spec.field_unknown
│   └── CountExceeded         limit.count
├── PipelineError         the list of steps cannot be a pipeline
│   ├── OpUnknown             pipeline.op_unknown
│   ├── ArgumentInvalid       pipeline.argument_invalid
│   ├── ArgumentUnknown       pipeline.argument_unknown
│   ├── NameUnknown           pipeline.name_unknown
│   └── NameTaken             pipeline.name_taken
├── ExpressionError       the text of an expression is refused
│   ├── ExpressionSyntax      expression.syntax
│   ├── ExpressionForbidden   expression.forbidden
│   └── ExpressionTooLarge    expression.too_large
├── TransformError        a step met data that it cannot work on
│   ├── ColumnUnknown         transform.column_unknown
│   ├── ColumnTaken           transform.column_taken
│   ├── ColumnAmbiguous       transform.column_ambiguous
│   ├── DtypeUnsuitable       transform.dtype_unsuitable
│   ├── OutputTooLarge        transform.output_too_large
│   └── StepFailed            transform.failed
├── InputError            an input cannot be had or read
│   ├── InputMissing          input.missing
│   ├── InputUnknown          input.unknown
│   ├── InputGone             input.gone
│   ├── InputMalformed        input.malformed
│   ├── InputEmpty            input.empty
│   ├── CastFailed            input.cast_failed
│   └── FidelityLost          result.not_representable
├── FormatError           a media type is not one of the table
│   ├── FormatUnsupported     format.unsupported
│   └── FormatNotAcceptable   format.not_acceptable
├── SizeExceeded              limit.bytes
├── NotFound                  not_found
├── JobNotReady               job.not_ready
├── ResultExpired             result.expired
├── JobStopped            an attempt ended from outside
│   ├── JobTimeout            job.timeout
│   ├── JobCanceled           job.canceled
│   └── WorkerLost            worker.lost
├── StoreError            Redis is away or full; asking again later helps
│   ├── StoreUnavailable      store.unavailable
│   ├── StoreFull             store.full
│   └── QueueFull             queue.full
└── InternalError             internal
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

from jobs.hints import did_you_mean, listing
from jobs.model import Place, Problem


class FramequeueError(Exception):
    """The root: a code that stays, a title, a detail built from facts, and the places that are meant."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, places: Iterable[Place] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.places = tuple(places)
        self.moment: object = None  # what jobs.pipeline knows of the step that failed, for its report

    def inside(self, pointer: str, label: str = "") -> Self:
        """Move the places below `pointer` (`/pipeline/1`) and put `label` (`step 2 (groupby)`) before the detail.

        Changes this error in place and returns it, so that its traceback stays the one of the failure.
        """
        if label:
            self.detail = f"{label}: {self.detail}"
            self.args = (self.detail,)
        self.places = tuple(place.below(pointer) for place in self.places) or (
            Place(pointer=pointer, code=self.code, detail=self.detail),
        )
        return self

    @staticmethod
    def restored(problem: Problem) -> "FramequeueError":
        """The error that a stored problem was: same class, detail and places."""
        error = FramequeueError.__new__(_by_code(FramequeueError, problem.code) or InternalError)
        Exception.__init__(error, problem.detail)
        error.detail, error.places = problem.detail, problem.errors
        return error

    @property
    def problem(self) -> Problem:
        """What is stored of this error."""
        return Problem(
            code=self.code, title=self.title, detail=self.detail, retryable=self.retryable, errors=self.places
        )

    def _place(self, pointer: str, *, input: str | None = None, row: int | None = None) -> Place:
        return Place(pointer=pointer, code=self.code, detail=self.detail, input=input, row=row)


def _by_code(root: type[FramequeueError], code: str) -> type[FramequeueError] | None:
    for kind in root.__subclasses__():
        found = kind if kind.__dict__.get("code") == code else _by_code(kind, code)
        if found is not None:
            return found
    return None


class PlacedError(FramequeueError):
    """An error whose detail stands at one JSON pointer."""

    def __init__(self, detail: str, pointer: str = "", *, input: str | None = None, row: int | None = None) -> None:
        super().__init__(detail)
        self.places = (self._place(pointer, input=input, row=row),)


class SpecError(PlacedError):
    """The submission is not what the contract describes."""


class JsonMalformed(SpecError):
    code = "json.malformed"
    title = "Malformed JSON"


class SpecInvalid(SpecError):
    code = "spec.invalid"
    title = "Invalid value"


class FieldUnknown(SpecError):
    code = "spec.field_unknown"
    title = "Unknown field"

    def __init__(self, name: str, known: Iterable[str], pointer: str = "", *, kind: str = "field") -> None:
        super().__init__(f"unknown {kind} {name!r}{did_you_mean(name, known)}", pointer)


class CountExceeded(SpecError):
    code = "limit.count"
    title = "Too many"

    def __init__(self, what: str, count: int, limit: int, setting: str, pointer: str = "") -> None:
        super().__init__(f"{count:,} {what}, and the limit is {limit:,} (setting {setting})", pointer)


class PipelineError(PlacedError):
    """The list of steps cannot be a pipeline."""


class OpUnknown(PipelineError):
    code = "pipeline.op_unknown"
    title = "Unknown op"

    def __init__(self, op: str, known: Iterable[str], pointer: str = "/op") -> None:
        hint = did_you_mean(op, known) or "; GET /v1/transforms lists the ops there are"
        super().__init__(f"no op {op!r}{hint}", pointer)


class ArgumentInvalid(PipelineError):
    code = "pipeline.argument_invalid"
    title = "Invalid argument"


class ArgumentUnknown(PipelineError):
    code = "pipeline.argument_unknown"
    title = "Unknown argument"

    def __init__(self, op: str, name: str, known: Iterable[str], pointer: str = "") -> None:
        names = sorted(known)
        hint = did_you_mean(name, names) or f"; {op} takes {listing(names)}"
        super().__init__(f"{op} has no argument {name!r}{hint}", pointer)


class NameUnknown(PipelineError):
    code = "pipeline.name_unknown"
    title = "Unknown frame name"

    def __init__(self, name: str, known: Iterable[str], pointer: str = "") -> None:
        names = sorted(known)
        hint = did_you_mean(name, names) or f"; there is {listing(names)}"
        super().__init__(f"no input or saved frame {name!r} at this step{hint}", pointer)


class NameTaken(PipelineError):
    code = "pipeline.name_taken"
    title = "Frame name taken"

    def __init__(self, name: str, pointer: str = "") -> None:
        super().__init__(f"an input or an earlier step already has the name {name!r}; save under another", pointer)


class ExpressionError(FramequeueError):
    """The text of an expression is refused; `position` counts its characters from 0."""

    def __init__(self, detail: str, *, text: str = "", position: int | None = None, pointer: str = "") -> None:
        self.text, self.position = text, position
        at = "" if position is None else f" at character {position + 1}"
        shown = text if len(text) <= 120 else text[:117] + "..."
        super().__init__(f"{detail}{at} in {shown!r}" if text else f"{detail}{at}")
        self.places = (self._place(pointer),)


class ExpressionSyntax(ExpressionError):
    code = "expression.syntax"
    title = "Malformed expression"


class ExpressionForbidden(ExpressionError):
    code = "expression.forbidden"
    title = "Not allowed in an expression"


class ExpressionTooLarge(ExpressionError):
    code = "expression.too_large"
    title = "Expression too large"


class TransformError(PlacedError):
    """A step met data that it cannot work on; `column`, `dtype` and the positions of `rows` go into the report."""

    column: str | None = None
    dtype: str | None = None
    rows: tuple[int, ...] = ()


class ColumnUnknown(TransformError):
    code = "transform.column_unknown"
    title = "Unknown column"

    def __init__(self, column: object, known: Iterable[object], pointer: str = "") -> None:
        names = [str(name) for name in known]
        hint = did_you_mean(str(column), names) or f"; the columns are {listing(names)}"
        self.column = str(column)
        super().__init__(f"no column {column!r}{hint}", pointer)


class ColumnTaken(TransformError):
    code = "transform.column_taken"
    title = "Column name taken"

    def __init__(self, column: object, pointer: str = "") -> None:
        self.column = str(column)
        super().__init__(f"the result would have two columns {column!r}; choose another name", pointer)


class ColumnAmbiguous(TransformError):
    code = "transform.column_ambiguous"
    title = "Ambiguous column"

    def __init__(self, column: object, pointer: str = "") -> None:
        self.column = str(column)
        super().__init__(
            f"several columns are named {column!r} and one is needed; rename or select them apart", pointer
        )


class DtypeUnsuitable(TransformError):
    code = "transform.dtype_unsuitable"
    title = "Unsuitable dtype"

    def __init__(self, detail: str, *, column: str | None = None, dtype: str | None = None, pointer: str = "") -> None:
        self.column, self.dtype = column, dtype
        super().__init__(detail, pointer)


class OutputTooLarge(TransformError):
    code = "transform.output_too_large"
    title = "Result too large"

    def __init__(self, what: str, count: int, limit: int, setting: str, pointer: str = "") -> None:
        super().__init__(
            f"the result would have {count:,} {what}, and the limit is {limit:,} (setting {setting})", pointer
        )


class StepFailed(TransformError):
    code = "transform.failed"
    title = "Step failed"

    def __init__(
        self, error: BaseException, pointer: str = "", *, column: str | None = None, dtype: str | None = None
    ) -> None:
        self.column, self.dtype = column, dtype
        message = str(error).strip() or "no message"
        super().__init__(f"{type(error).__name__}: {message[:2000]}", pointer)


class InputError(PlacedError):
    """An input cannot be had or read."""


class InputMissing(InputError):
    code = "input.missing"
    title = "No input"


class InputUnknown(InputError):
    code = "input.unknown"
    title = "Unknown input"


class InputGone(InputError):
    code = "input.gone"
    title = "Input gone"


class InputMalformed(InputError):
    code = "input.malformed"
    title = "Malformed input"


class InputEmpty(InputError):
    code = "input.empty"
    title = "Empty input"


class CastFailed(InputError):
    code = "input.cast_failed"
    title = "Value does not fit the dtype"


class FidelityLost(InputError):
    code = "result.not_representable"
    title = "Not representable in this format"


class FormatError(FramequeueError):
    """A media type or format name is not one of the table."""

    def __init__(self, detail: str, formats: Sequence[str] = ()) -> None:
        self.formats = tuple(formats)
        super().__init__(f"{detail}; there is {listing(self.formats)}" if formats else detail)


class FormatUnsupported(FormatError):
    code = "format.unsupported"
    title = "Unsupported format"


class FormatNotAcceptable(FormatError):
    code = "format.not_acceptable"
    title = "No acceptable format"


class SizeExceeded(FramequeueError):
    code = "limit.bytes"
    title = "Too large"

    def __init__(self, what: str, limit: int, setting: str, hint: str = "") -> None:
        super().__init__(f"{what} is larger than {limit:,} bytes (setting {setting}){hint}")


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
        because = f" ({evidence})" if evidence else ""
        super().__init__(f"the worker died or vanished in each of {attempts} attempts{because}")


class StoreError(FramequeueError):
    """Redis is away or full; nothing was stored, and asking again later helps."""

    retryable = True
    retry_after_s: ClassVar[int] = 2


class StoreUnavailable(StoreError):
    code = "store.unavailable"
    title = "Store unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Redis does not answer ({reason}); nothing was stored, try again")


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


class InternalError(FramequeueError):
    """A fault of framequeue itself; the log has the traceback under the trace id."""
