"""Running a pipeline here: what a worker's thread does with a job, and what each step took."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from config.sections import LimitSettings
from jobs.codecs import stored
from jobs.codecs.base import EncodeOptions
from jobs.codecs.format_warnings import format_warnings
from jobs.codecs.rendering import render
from jobs.codecs.table import by_name
from jobs.errors import FramequeueError
from jobs.local.failing import Failing
from jobs.local.inputs import LocalInput
from jobs.model import AttemptReport, InputInfo, JobSpec, OnRowError, Outcome, Timing, Warn
from jobs.pipeline import Step
from jobs.rejects import Rejects
from jobs.transforms.catalogue import Catalogue
from jobs.worker.compute import Product, Work, compute, decode_limits
from jobs.worker.inputs import read
from jobs.worker.reporting import report_of
from jobs.worker.stop import Stop
from jobs.worker.watch import Watch

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class LocalJob:
    """A pipeline and its inputs by name; a bad row fails the run, or is set aside up to `max_rejects` of them."""

    pipeline: list[dict[str, Any]]
    inputs: Mapping[str, LocalInput]
    on_row_error: OnRowError = OnRowError.FAIL
    max_rejects: int = 1000

    @property
    def spec(self) -> JobSpec:
        """The same as a submission; what a queue would do with it has no meaning here."""
        return JobSpec(
            tenant=LOCAL,
            pipeline=self.pipeline,
            inputs={name: one.given for name, one in self.inputs.items()},
            timeout_s=0,
            max_attempts=1,
            delay_s=0,
            result_ttl_s=0,
            on_row_error=self.on_row_error,
            max_rejects=self.max_rejects,
        )


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What a step did: `step` counts from 1, `rows` and `columns` are its result's.

    `memory_bytes`: what its frames and those with names took together, counted (not measured) when it had ended.
    """

    step: int
    op: str
    rows: int
    columns: int
    time_ms: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class LocalEnd:
    """How a run ended: with the product of a job that succeeded, or with the report of one that failed."""

    steps: tuple[StepFacts, ...]
    product: Product | None = None
    report: AttemptReport | None = None
    failing: Failing | None = None
    inputs: Mapping[str, InputInfo] = field(default_factory=dict)
    """Those that a run which failed had read, in `decode_ms` together."""
    decode_ms: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """The outcome as a job would keep it."""
        if self.product is None:
            return Outcome(
                error=None if self.report is None else self.report.error,
                timing=Timing(decode_ms=self.decode_ms),
                inputs=dict(self.inputs),
            )
        return self.product.outcome


@dataclass
class Noting(Watch):
    """A watch that keeps what each step took; a second run, with more columns, begins anew."""

    steps: dict[int, StepFacts] = field(default_factory=dict)
    named: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    _step: Step | None = None
    _began: float = 0.0

    def before_step(self, step: Step, frame: pd.DataFrame, named: Mapping[str, pd.DataFrame]) -> None:
        """A step begins."""
        if step.index == 0:
            self.steps.clear()
        super().before_step(step, frame, named)
        self.named = dict(named)
        self._step, self._began = step, time.perf_counter()

    def after_step(self, result: pd.DataFrame) -> None:
        """It has ended: its time is that until now, its memory what is counted now."""
        took_ms, memory, step = (time.perf_counter() - self._began) * 1e3, self.memory, self._step
        so_far, memory.peak = memory.peak, 0
        super().after_step(result)
        self.named = {}  # not kept alive longer than the pipeline does
        held, memory.peak = memory.peak, max(so_far, memory.peak)
        if step is not None:
            rows, columns = result.shape
            self.steps[step.index] = StepFacts(step.index + 1, step.op, rows, columns, round(took_ms, 3), held)


def _told_nobody(_done: int, _steps: int, _fraction: float) -> None:
    return None


def run(
    job: LocalJob,
    catalogue: Catalogue,
    limits: LimitSettings,
    on_progress: Callable[[int, int, float], None] = _told_nobody,
) -> LocalEnd:
    """Run the job in this thread; what is wrong with it or its data is in the end's report.

    `on_progress` is called with the steps done, the steps in all, and the fraction in 0..1.
    """
    watch = Noting()
    work = Work(
        job_id=LOCAL,
        attempt=1,
        spec=job.spec,
        payloads={name: one.data for name, one in job.inputs.items()},
        catalogue=catalogue,
        limits=limits,
        stop=Stop(),
        on_progress=on_progress,
        watch=watch,
    )
    try:
        product = compute(work)
    except FramequeueError as error:
        report = report_of(error, watch, attempt=1, outcome="failed", worker=LOCAL)
        given = watch.given
        return LocalEnd(
            tuple(watch.steps.values()),
            report=report,
            failing=Failing.of(error, watch.named),
            inputs={} if given is None else given.reader.infos,
            decode_ms=0.0 if given is None else given.decode_ms,
        )
    return LocalEnd(tuple(watch.steps.values()), product)


def inputs_of(job: LocalJob, limits: LimitSettings) -> dict[str, pd.DataFrame]:
    """The job's inputs, whole; raises FramequeueError where one cannot be read."""
    payloads = {name: one.data for name, one in job.inputs.items()}
    rejects = Rejects(job.max_rejects) if job.on_row_error is OnRowError.REJECT else None
    return read(job.spec.inputs, payloads, {}, decode_limits(limits), lambda: None, rejects).frames


def encoded(pieces: tuple[pa.Buffer, ...], form: str, warn: Callable[[Warn], None]) -> Iterator[bytes]:
    """A result (or rejects) in the stored form as the format `form`, piece by piece; `warn` hears what that maps.

    Raises FidelityLost where the format has no form for it.
    """
    whole = pa.py_buffer(b"".join(pieces)) if len(pieces) != 1 else pieces[0]
    reader, codec = stored.open_stored(whole), by_name(form)
    for one in format_warnings(reader.schema, codec):
        warn(one)
    return render(reader, codec, EncodeOptions(warn=warn))
