"""What is wrong with data: a step that cannot work on it, an input that cannot be read, a format that is not there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.errors.base import FramequeueError, PlacedError, text_of
from jobs.hints import did_you_mean, listing
from jobs.model import Place


class TransformError(PlacedError):
    """A step met data that it cannot work on; `column`, `dtype` and the positions of `rows` go into the report."""

    column: str | None = None
    dtype: str | None = None
    rows: tuple[int, ...] = ()


class ColumnUnknown(TransformError):
    code = "transform.column_unknown"
    title = "Unknown column"

    def __init__(self, column: object, known: Iterable[object], pointer: str = "", *, why: str | None = None) -> None:
        names = [str(name) for name in known]
        hint = f"; {why}" if why else did_you_mean(str(column), names) or f"; the columns are {listing(names)}"
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


@dataclass(frozen=True, slots=True)
class Unmet:
    """One rule of `expect` that `count` rows break: `rows` are the positions of the first, `values` what stands there.

    `what` says what is wrong with a value (`is not >= 0`), `pointer` is the rule's; a value untold is "".
    """

    columns: tuple[str, ...]
    what: str
    count: int
    rows: tuple[int, ...]
    values: tuple[str, ...]
    pointer: str

    def told(self) -> str:
        """The rule as a clause: `column 'amount' is not >= 0 in 2 rows (row 3: -1.0, row 9: -2.5)`."""
        cells = zip(self.rows, self.values, strict=True)
        shown = ", ".join(f"row {row + 1}: {value}" if value else f"row {row + 1}" for row, value in cells)
        more = ", …" if self.count > len(self.rows) else ""
        subject = f"column{'s' if len(self.columns) > 1 else ''} {', '.join(map(repr, self.columns))}"
        return f"{subject} {self.what} in {self.count:,} row{'s' if self.count > 1 else ''} ({shown}{more})"


class ExpectationFailed(TransformError):
    code = "transform.expectation_failed"
    title = "Rows are not as expected"

    def __init__(self, unmet: Sequence[Unmet]) -> None:
        self.column = unmet[0].columns[0]
        self.rows = tuple(dict.fromkeys(row for rule in unmet for row in rule.rows))
        super().__init__("; ".join(rule.told() for rule in unmet[:_TOLD]) + _and_more(len(unmet) - _TOLD))
        self.places = tuple(Place(pointer=rule.pointer, code=self.code, detail=rule.told()) for rule in unmet[:_PLACES])


def _and_more(count: int) -> str:
    return f"; and {count} more rules" if count > 0 else ""


_TOLD = 10
_PLACES = 100


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
        message = text_of(error).strip() or "no message"
        super().__init__(f"{type(error).__name__}: {message[:2000]}", pointer)


class Retry(TransformError):
    """Raised by a transform of your own: end this attempt, and try the job again.

    The next attempt starts after `delay_s` seconds (at most a day), or after a delay that doubles with each attempt.
    When `max_attempts` are used up the job fails with this error.
    """

    code = "transform.retry"
    title = "Asked to be tried again"
    retryable = True

    def __init__(self, reason: str = "the transform gave no reason", *, delay_s: float | None = None) -> None:
        self.delay_s = None if delay_s is None else float(delay_s)
        super().__init__(str(reason)[:2000])


class ConnectionLost(TransformError):
    code = "transform.connection_lost"
    title = "Connection lost"
    retryable = True

    def __init__(self, error: BaseException, pointer: str = "") -> None:
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


class RejectsExceeded(InputError):
    code = "input.rejects_exceeded"
    title = "Too many rows were set aside"


class UpstreamFailed(InputError):
    code = "input.upstream_failed"
    title = "Upstream job has no result"

    def __init__(self, job_id: str, state: str, pointer: str = "") -> None:
        super().__init__(f"the upstream job {job_id} {state}, so this input has no rows to come from", pointer)


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
