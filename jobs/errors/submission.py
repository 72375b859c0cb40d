"""What is wrong with a submission: its fields, its pipeline, its expressions."""

from collections.abc import Iterable

from jobs.errors.base import FramequeueError, PlacedError
from jobs.hints import did_you_mean, listing


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


class WebhookRefused(SpecError):
    code = "webhook.refused"
    title = "Webhook refused"


class IdempotencyMismatch(SpecError):
    code = "idempotency.mismatch"
    title = "Idempotency key used for another request"

    def __init__(self) -> None:
        super().__init__(
            "the Idempotency-Key was used for another request (its route, query, content type or body differ); "
            "repeat that request unchanged, or take a new key"
        )


class PipelineError(PlacedError):
    """The list of steps cannot be a pipeline."""


class OpUnknown(PipelineError):
    code = "pipeline.op_unknown"
    title = "Unknown op"

    def __init__(self, op: str, known: Iterable[str], pointer: str = "/op", *, why: str | None = None) -> None:
        nearest = did_you_mean(op, known) or "; GET /v1/transforms lists the ops there are"
        hint = nearest if why is None else f": {why}"
        super().__init__(f"no op {op!r}{hint}", pointer)


class ArgumentInvalid(PipelineError):
    code = "pipeline.argument_invalid"
    title = "Invalid argument"


class ArgumentUnknown(PipelineError):
    code = "pipeline.argument_unknown"
    title = "Unknown argument"

    def __init__(
        self,
        op: str,
        name: str,
        known: Iterable[str],
        pointer: str = "",
        *,
        why: str | None = None,
        kind: str = "argument",
    ) -> None:
        names = sorted(known)
        hint = f"; {why}" if why is not None else did_you_mean(name, names) or f"; {op} takes {listing(names)}"
        super().__init__(f"{op} has no {kind} {name!r}{hint}", pointer)


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
