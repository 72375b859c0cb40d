"""What is more than a setting allows. Each setting of `limits` has a class here, and its code is made of its name."""

from typing import Any, ClassVar

from jobs.errors.base import FramequeueError, PlacedError


class LimitExceeded(PlacedError):
    """There is more of something than its setting allows; `class X(…, setting="rows")` has the code `limit.rows`."""

    setting: ClassVar[str] = ""

    def __init_subclass__(cls, *, setting: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if setting:
            cls.setting, cls.code = setting, f"limit.{setting}"


class SizeExceeded(LimitExceeded):
    """Bytes: 413 over HTTP."""

    def __init__(self, what: str, limit: float, hint: str = "", pointer: str = "", *, input: str | None = None) -> None:
        detail = f"{what} is larger than {limit:,.0f} bytes (setting limits.{self.setting}){hint}"
        if pointer or input is not None:
            super().__init__(detail, pointer, input=input)
        else:
            FramequeueError.__init__(self, detail)


class CountExceeded(LimitExceeded):
    """Counts: 422 over HTTP."""

    def __init__(self, what: str, count: int, limit: int, pointer: str = "", *, input: str | None = None) -> None:
        detail = f"{count:,} {what}, and the limit is {limit:,} (setting limits.{self.setting})"
        super().__init__(detail, pointer, input=input)


class BodyTooLarge(SizeExceeded, setting="body_bytes"):
    title = "Body too large"


class EnvelopeTooLarge(SizeExceeded, setting="envelope_bytes"):
    title = "Envelope too large"


class PipelineTooLarge(SizeExceeded, setting="pipeline_bytes"):
    title = "Pipeline too large"


class LabelsTooLarge(SizeExceeded, setting="labels_bytes"):
    title = "Labels too large"


class DtypesTooLarge(SizeExceeded, setting="dtypes_bytes"):
    title = "Dtypes too large"


class DecodedTooLarge(SizeExceeded, setting="decoded_bytes"):
    title = "Decoded input too large"


class RatioTooLarge(SizeExceeded, setting="compression_ratio"):
    title = "Expands too much"


class CellTooLarge(SizeExceeded, setting="cell_bytes"):
    title = "Value too large"


class TooManyRows(CountExceeded, setting="rows"):
    title = "Too many rows"


class TooManyColumns(CountExceeded, setting="columns"):
    title = "Too many columns"


class NestedTooDeep(CountExceeded, setting="json_depth"):
    title = "Nested too deep"


class TooManySteps(CountExceeded, setting="steps"):
    title = "Too many steps"


class TooManyInputs(CountExceeded, setting="inputs"):
    title = "Too many inputs"


class TooManyLabels(CountExceeded, setting="labels"):
    title = "Too many labels"


class TooManyDependents(CountExceeded, setting="dependents"):
    title = "Too many jobs wait for one"


class TooManyJobs(CountExceeded, setting="batch_jobs"):
    title = "Too many jobs in a batch"
