"""What a transform may ask of the job it runs in."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:  # importing pandas takes half a second, which `from jobs import Context, transform` need not cost
    import pandas as pd

JOB_LOGGER: Final = "framequeue.job"


def _nothing() -> None:
    return None


def _no_progress(_: float) -> None:
    return None


class SetAside(Protocol):
    """Takes bad rows out of a step's frame and keeps them with the job, where `on_row_error` is `reject`."""

    @property
    def room(self) -> int:
        """How many rows may still be set aside."""

    def __call__(
        self, frame: "pd.DataFrame", reasons: Mapping[int, str], *, code: str, column: str | None = None
    ) -> "pd.DataFrame":
        """The frame without the rows at these positions (from 0); `reasons` says why each is bad, `code` what it is.

        Raises RejectsExceeded where `max_rejects` does not allow so many.
        """


@dataclass(frozen=True, slots=True)
class Context:
    """Progress, a logger that is kept with the job, a cancel check, the job's other inputs, and a way out for bad rows.

    A user's transform receives it through a parameter annotated `Context`.
    """

    job_id: str = ""
    attempt: int = 1
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger(JOB_LOGGER))
    inputs: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)
    report_progress: Callable[[float], None] = _no_progress
    stop_check: Callable[[], None] = _nothing
    set_aside: SetAside | None = None
    """None where a bad row fails its job."""

    def progress(self, fraction: float) -> None:
        """Say how far this step is, in 0..1."""
        self.report_progress(min(1.0, max(0.0, fraction)))

    def check_canceled(self) -> None:
        """Raise JobCanceled or JobTimeout where the job is to stop; call it inside long loops."""
        self.stop_check()
