"""What runs in the thread: payloads in, stored bytes out. No event loop and no Redis here."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd
import pyarrow as pa

from config.logging import about
from config.sections import LimitSettings
from jobs.codecs import stored
from jobs.codecs.base import DecodeLimits, DecodeOptions
from jobs.codecs.frames import from_pandas
from jobs.codecs.preview import preview
from jobs.codecs.schema import columns_of
from jobs.errors import FramequeueError, JobStopped, RejectsExceeded
from jobs.model import JobSpec, OnRowError, Outcome, PayloadRef, ResultInfo, Timing
from jobs.pipeline import Bounds, ParsedPipelines, Pipeline, Reading, Step, final
from jobs.rejects import Rejects
from jobs.transforms.catalogue import Catalogue
from jobs.transforms.context import JOB_LOGGER, Context
from jobs.worker.capture import heard_by
from jobs.worker.clock import Clock
from jobs.worker.inputs import Given, Reader
from jobs.worker.logs import LogTeller
from jobs.worker.step_rejects import StepRejects
from jobs.worker.stop import Stop
from jobs.worker.watch import Watch

# bytes of payloads below which threads of their own cost branches more than they save
_WORTHWHILE: Final = 1024**2


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt's work: the payloads' bytes by input name, and what to do with them."""

    job_id: str
    attempt: int
    spec: JobSpec
    payloads: dict[str, pa.Buffer]
    """Each is taken out once it is decoded for the last time, so that its memory is free while the steps run."""
    catalogue: Catalogue
    limits: LimitSettings
    stop: Stop
    on_progress: Callable[[int, int, float], None]
    """Called with the steps done, the steps in all, and the fraction in 0..1."""
    parsed: ParsedPipelines | None = None
    """What the worker remembers of pipelines over `catalogue`; without it each is parsed anew."""
    watch: Watch = field(default_factory=Watch)
    branches: int = 1
    """Branches of one pipeline that are worked on at a time."""
    logs: LogTeller | None = None
    """Who hears what the transforms say; it hears only where `capture.installed`."""


@dataclass(frozen=True, slots=True)
class Product:
    """A finished attempt: its outcome (without blobs), and the stored forms of its result and its rejects in pieces."""

    outcome: Outcome
    pieces: tuple[pa.Buffer, ...]
    set_aside: tuple[pa.Buffer, ...] = ()


class Steps:
    """Watches a pipeline run: checks the stop flag before each step, times it, and tells the progress after it."""

    def __init__(self, work: Work, pipeline: Pipeline, rejects: Rejects | None) -> None:
        self._work, self._total = work, len(pipeline.steps)
        self.timings: list[float] = []
        self.aside = None if rejects is None else StepRejects(rejects, pipeline)

    def before_step(self, step: Step, frame: pd.DataFrame, named: Mapping[str, pd.DataFrame]) -> None:
        """A chance to stop."""
        self._work.stop.check()
        self._work.watch.before_step(step, frame, named)
        if self.aside is not None:
            self.aside.at_step(step)
        if self._work.logs is not None:
            self._work.logs.at_step(step.index + 1)

    def after_step(self, step: Step, result: pd.DataFrame, elapsed_ms: float) -> None:
        """One step more is done."""
        self.timings.append(round(elapsed_ms, 3))
        self._work.watch.after_step(result)
        if self._work.logs is not None:
            self._work.logs.at_step(None)
        self._work.on_progress(step.index + 1, self._total, (step.index + 1) / self._total)

    def within_step(self, fraction: float) -> None:
        """A user's transform says how far it is."""
        done = len(self.timings)
        self._work.on_progress(done, self._total, (done + fraction) / self._total)


def compute(work: Work) -> Product:
    """Decode, run the pipeline, encode. Raises FramequeueError for whatever goes wrong with the data."""
    about(job_id=work.job_id, trace_id=work.spec.trace_id)  # the thread goes on to another attempt, which says its own
    work.watch.enter(sum(len(payload) for payload in work.payloads.values()))
    try:
        with heard_by(work.logs):
            return _read_less(work)
    except FramequeueError as error:
        if not isinstance(error, JobStopped):
            work.watch.note(error)
        raise
    finally:
        work.watch.leave()


def _read_less(work: Work) -> Product:
    clock, pipeline = Clock(), _parsed(work)
    kept = work.spec.on_row_error is OnRowError.REJECT and any(step.transform.sets_aside for step in pipeline.steps)
    readings = {} if kept else pipeline.readings
    try:
        return _computed(work, pipeline, readings, clock)
    except JobStopped:
        raise
    except FramequeueError as error:
        if final(error) or isinstance(error, RejectsExceeded) or _all_whole(readings):
            raise
    # the report shows frames whole, and a message names all columns there are: so once more, with all of them
    return _computed(work, pipeline, {}, clock)


def _computed(work: Work, pipeline: Pipeline, readings: Mapping[str, Reading], clock: Clock) -> Product:
    memory, rejects = work.watch.memory, _collector(work.spec)
    given = Given(_reader(work, readings, rejects), work.payloads, work.watch.memory, last=_all_whole(readings))
    work.watch.given = given
    result, steps = _run(work, pipeline, given, rejects)
    clock.lap()
    table, mapped = from_pandas(result)
    memory.see((result,))
    del result
    pieces = tuple(stored.store(table))
    info, set_aside = _with_rejects(_described(table, pieces), rejects)
    memory.see((), table.get_total_buffer_size() + info.bytes)
    outcome = Outcome(
        result=info,
        warnings=(*given.reader.warnings, *mapped),
        timing=Timing(decode_ms=given.decode_ms, steps_ms=tuple(steps), encode_ms=clock.lap()),
        inputs=given.reader.infos,
        peak_memory_bytes=memory.peak,
    )
    return Product(outcome, pieces, set_aside)


def _reader(work: Work, readings: Mapping[str, Reading], rejects: Rejects | None) -> Reader:
    return Reader(work.spec.inputs, work.payloads, readings, DecodeOptions(limits=decode_limits(work.limits)), rejects)


def _collector(spec: JobSpec) -> Rejects | None:
    """Where this try sets rows aside; None where a bad row fails its job."""
    return Rejects(spec.max_rejects) if spec.on_row_error is OnRowError.REJECT else None


def _all_whole(readings: Mapping[str, Reading]) -> bool:
    return all(reading.whole for reading in readings.values())


def decode_limits(limits: LimitSettings) -> DecodeLimits:
    """The settings' limits, as codecs know them."""
    return DecodeLimits(**{name: getattr(limits, name) for name in DecodeLimits.__dataclass_fields__})


def _run(work: Work, pipeline: Pipeline, given: Given, rejects: Rejects | None) -> tuple[pd.DataFrame, list[float]]:
    steps = Steps(work, pipeline, rejects)
    context = Context(
        job_id=work.job_id,
        attempt=work.attempt,
        logger=logging.getLogger(JOB_LOGGER),
        report_progress=steps.within_step,
        stop_check=work.stop.check,
        set_aside=steps.aside,
    )
    result = pipeline.run(
        given.frames(work.stop.check),
        context=context,
        observer=steps,
        max_rows=work.limits.rows,
        max_columns=work.limits.columns,
        done=given.reader.done,
        branches=work.branches if sum(map(len, work.payloads.values())) >= _WORTHWHILE else 1,
    )
    work.stop.check()
    return result, steps.timings


def _parsed(work: Work) -> Pipeline:
    steps, inputs, bounds = work.spec.pipeline, tuple(work.spec.inputs), Bounds.of(work.limits)
    if work.parsed is not None:
        return work.parsed.parse(steps, inputs, bounds=bounds)
    return Pipeline.parse(steps, inputs, work.catalogue, bounds=bounds)


def _described(table: pa.Table, pieces: tuple[pa.Buffer, ...]) -> ResultInfo:
    shown, complete = preview(table)
    return ResultInfo(
        rows=table.num_rows,
        columns=columns_of(table.schema),
        bytes=sum(len(piece) for piece in pieces),
        sha256=_digest(pieces),
        preview=shown,
        preview_complete=complete,
    )


def _with_rejects(info: ResultInfo, rejects: Rejects | None) -> tuple[ResultInfo, tuple[pa.Buffer, ...]]:
    """The result with what is known of its rejects, and the stored form of these; nothing is stored of none."""
    if rejects is None or not rejects.count:
        return info, ()
    table = rejects.table()
    pieces = tuple(stored.store(table))
    ref = PayloadRef(
        blob="",
        media_type=stored.MEDIA_TYPE,
        bytes=sum(len(piece) for piece in pieces),
        sha256=_digest(pieces),
        rows=table.num_rows,
        columns=columns_of(table.schema),
        ours=True,
    )
    return info.changed(rejects=table.num_rows, set_aside=ref), pieces


def _digest(pieces: tuple[pa.Buffer, ...]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
