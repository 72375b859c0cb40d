"""Traces: one from a caller's request through the job's attempts to its webhooks, where `telemetry.traces` is on.

Where it is off there is no span anywhere: callers hold None instead of a Tracing. The trace context goes with the job
itself (`JobSpec.traceparent`), so that it outlives every process.
"""

import importlib
import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TracerProvider,
    set_span_in_context,
)

from config.sections import TelemetrySettings
from config.settings import SettingsError
from jobs.model import Job, JobSpec, Outcome
from jobs.store.submits import NewJob

logger = logging.getLogger(__name__)
TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
"""W3C Trace Context: version, trace id, parent span id and flags."""
_EXTRA: Final = "setting FRAMEQUEUE_TELEMETRY__TRACES: otlp needs the extra `otel`: pip install 'framequeue[otel]'"
_current: ContextVar[str] = ContextVar("framequeue_traceparent", default="")


def current() -> str:
    """The `traceparent` of the request that is being answered; empty outside of one, or where it has none."""
    return _current.get()


def enter(traceparent: str) -> None:
    """What is submitted from now on in this task belongs to this trace."""
    _current.set(traceparent)


def traceparent_of(job: Job) -> str:
    """The `traceparent` to send on with what is done for a job, as a webhook does.

    It names the span that submitted the job; of a job without one, a span that nobody recorded in the job's trace.
    """
    spec = job.spec
    if spec.traceparent or not spec.trace_id:
        return spec.traceparent
    return f"00-{spec.trace_id}-{os.urandom(8).hex()}-00"


class AttemptTrace:
    """The span of one attempt, and those of its steps once it has ended."""

    def __init__(self, tracer: Tracer, job: Job) -> None:
        self._tracer, self._job = tracer, job
        self._span = tracer.start_span(
            "attempt",
            _context(job.spec.traceparent or traceparent_of(job)),
            SpanKind.CONSUMER,
            {
                "messaging.system": "framequeue",
                "messaging.operation.type": "process",
                "messaging.message.id": job.id,
                "framequeue.attempt": job.attempt,
            },
        )
        self._computed_ns: int | None = None

    def computed(self) -> None:
        """The steps are over."""
        self._computed_ns = time.time_ns()

    def end(self, how: str, outcome: Outcome | None) -> None:
        """The attempt has ended so."""
        self._span.set_attribute("framequeue.outcome", how)
        if outcome is not None and outcome.error is not None:
            self._span.set_attribute("error.type", outcome.error.code)
            self._span.set_status(Status(StatusCode.ERROR, outcome.error.title))
        if outcome is not None and outcome.result is not None and self._span.is_recording():
            self._parts(outcome)
        self._span.end()

    def _parts(self, outcome: Outcome) -> None:
        """Decoding, each step and encoding, from what their clock said: they followed one another in the thread."""
        timing, pipeline = outcome.timing, self._job.spec.pipeline
        parts: list[tuple[str, dict[str, Any], float]] = [("decode", {}, timing.decode_ms)]
        if len(timing.steps_ms) == len(pipeline):
            numbered = enumerate(zip(pipeline, timing.steps_ms, strict=True), 1)
            parts += [(f"step {step['op']}", {"framequeue.step": number}, took) for number, (step, took) in numbered]
        parts.append(("encode", {}, timing.encode_ms))
        context = set_span_in_context(self._span)
        at_ns = (self._computed_ns or time.time_ns()) - round(sum(took for *_, took in parts) * 1e6)
        for name, attributes, took_ms in parts:
            span = self._tracer.start_span(name, context, SpanKind.INTERNAL, attributes, start_time=at_ns)
            at_ns += round(took_ms * 1e6)
            span.end(at_ns)


class Tracing:
    """Makes the spans of one process."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("framequeue", version("framequeue"))

    @classmethod
    def from_settings(cls, settings: TelemetrySettings, role: str) -> "Tracing | None":
        """None where traces are off; raises SettingsError where the extra is not installed."""
        return None if settings.traces == "off" else cls(_provider(settings, role))

    def request(self, method: str, traceparent: str) -> Span:
        """The span of a request that comes with this `traceparent`, or none."""
        return self._tracer.start_span(method, _context(traceparent), SpanKind.SERVER, {"http.request.method": method})

    @contextmanager
    def client(self, name: str, traceparent: str, attributes: dict[str, Any]) -> Iterator[Span]:
        """The span of a call that goes out, as a webhook's; `traceparent_span` of it is what is sent along."""
        span = self._tracer.start_span(name, _context(traceparent), SpanKind.CLIENT, attributes)
        try:
            yield span
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            span.end()

    def submit(self) -> Span:
        """The span of a submit, below that of its request."""
        attributes = {"messaging.system": "framequeue", "messaging.operation.type": "send"}
        return self._tracer.start_span("submit", _context(current()), SpanKind.PRODUCER, attributes)

    def attempt(self, job: Job) -> AttemptTrace:
        """The span of an attempt that has just been claimed."""
        return AttemptTrace(self._tracer, job)

    def close(self) -> None:
        """Send what is left, for a few seconds at most; blocks."""
        flush, shutdown = getattr(self._provider, "force_flush", None), getattr(self._provider, "shutdown", None)
        if flush is not None:
            flush(3_000)
        if shutdown is not None:
            shutdown()


@contextmanager
def delivering(tracing: Tracing | None, job: Job) -> Iterator[str]:
    """The `traceparent` to send with a webhook of this job, in a span of its own where traces are on."""
    if tracing is None:
        yield traceparent_of(job)
        return
    with tracing.client("POST webhook", traceparent_of(job), {"framequeue.state": job.state.value}) as span:
        yield traceparent_span(span)


@contextmanager
def producing(tracing: Tracing | None, new: Sequence[NewJob]) -> Iterator[Sequence[NewJob]]:
    """The jobs as they are to be stored, with the trace they belong to; in a span where traces are on."""
    if tracing is None:
        yield _within(current(), new)
        return
    span = tracing.submit()
    try:
        yield _within(traceparent_span(span), new)
    except BaseException as error:
        span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        span.end()


def _within(traceparent: str, new: Sequence[NewJob]) -> Sequence[NewJob]:
    if all(one.spec.traceparent == traceparent for one in new):
        return new
    return [replace(one, spec=_spec_within(traceparent, one.spec)) for one in new]


def _spec_within(traceparent: str, spec: JobSpec) -> JobSpec:
    return spec.changed(traceparent=traceparent, trace_id=spec.trace_id or traceparent[3:35])


def traceparent_span(span: Span) -> str:
    """The `traceparent` that names this span."""
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _context(traceparent: str) -> Context:
    match = TRACEPARENT.fullmatch(traceparent)
    if match is None:
        return Context()
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    return set_span_in_context(
        NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & 1))), Context()
    )


def _provider(settings: TelemetrySettings, role: str) -> TracerProvider:
    # an extra: not imported where nobody asked for it
    try:
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
        sampling = importlib.import_module("opentelemetry.sdk.trace.sampling")
        resources = importlib.import_module("opentelemetry.sdk.resources")
        otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError:
        raise SettingsError(_EXTRA) from None
    endpoint = f"{settings.endpoint.rstrip('/')}/v1/traces" if settings.endpoint else None
    about = {"service.version": version("framequeue"), "framequeue.role": role}
    resource = resources.Resource.create(about)
    if str(resource.attributes["service.name"]).startswith("unknown_service"):  # else the OTEL_* variables name it
        resource = resources.Resource.create({"service.name": "framequeue", **about})
    provider: TracerProvider = sdk.TracerProvider(
        resource=resource,
        sampler=sampling.ParentBased(sampling.TraceIdRatioBased(settings.sample_ratio)),
        shutdown_on_exit=False,
    )
    processor = export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=endpoint))
    provider.add_span_processor(processor)  # type: ignore[attr-defined]  # the SDK's own; the API knows no processors
    return provider
