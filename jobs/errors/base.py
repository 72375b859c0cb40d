"""The root of the error tree, and the way of an error into the store and back."""

from collections.abc import Iterable
from typing import ClassVar, Self

from jobs.model import Place, Problem


def printable(text: str) -> str:
    """The text as UTF-8 can hold it: a lone surrogate (names of files have them) becomes its escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def text_of(value: object) -> str:
    """Its text, whatever its own way of making one does."""
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  # a user's code
        return f"<{type(value).__name__}, whose text cannot be had: {type(error).__name__}>"


class FramequeueError(Exception):
    """The root: a code that stays, a title, a detail built from facts, and the places that are meant."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, places: Iterable[Place] = ()) -> None:
        detail = printable(detail)
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


class InternalError(FramequeueError):
    """A fault of framequeue itself; the log has the traceback under the trace id."""
