"""The report of an attempt that has no result."""

import logging

from jobs.errors import FramequeueError, JobStopped
from jobs.errors.base import printable
from jobs.model import AttemptReport
from jobs.worker.watch import Watch

logger = logging.getLogger(__name__)


def report_of(error: FramequeueError, watch: Watch, *, attempt: int, outcome: str, worker: str) -> AttemptReport:
    """What is to be told of `error`: the step it stands for, as far as `watch` knows it, and the memory it took."""
    report = AttemptReport(
        attempt=attempt,
        outcome=outcome,
        error=error.problem,
        peak_memory_bytes=watch.memory.peak or None,
        worker=worker,
        # what came from without says nothing of where it met the thread
        traceback=watch.stack() if isinstance(error, JobStopped) else None,
    )
    try:
        details = watch.details(error)
    except Exception:  # a user's object whose text cannot be had must not keep its job from failing
        logger.exception("attempt %d: the details of its failure could not be put together", attempt)
        details = None
    if details is None:  # it failed outside the steps: in decoding, or from without
        return report.changed(exception=printable(f"{type(error).__name__}: {error}"))
    return report.changed(
        step=details.step,
        op=details.op,
        column=details.column,
        dtype=details.dtype,
        exception=details.exception,
        samples=details.samples,
        shape=details.shape,
        traceback=report.traceback or details.traceback,
    )
