"""What real workers say of their work: counts in Redis, spans, and lines with the job's id."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from config import Settings
from jobs import metrics, tracing
from jobs.metrics import WORK, Series, read
from jobs.model import Job, JobSpec
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store.metrics import counted
from jobs.store.redis import Redis
from jobs.tracing import traceparent_of
from tests.acceptance.running import GROUPED, Running, submit, until

CALLER = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Where the spans of this process go, instead of over the wire."""
    found = InMemorySpanExporter()

    def provider(*_: object) -> TracerProvider:
        made = TracerProvider(shutdown_on_exit=False)
        made.add_span_processor(SimpleSpanProcessor(found))
        return made

    monkeypatch.setattr(tracing, "_provider", provider)
    return found


@pytest.fixture
def ours(settings: Callable[..., Settings], valkey: str) -> Settings:
    """Renewals, and with them counts, are three a second."""
    return settings(redis={"url": valkey}, worker={"lease_s": 1}, transforms={"modules": ("tests.acceptance.telling",)})


async def work_of(redis: Redis) -> dict[str, list[Series]]:
    return read(WORK, await counted(redis))


async def test_a_worker_counts_its_attempts(redis: Redis, queue: JobQueue, worker: Running) -> None:
    """Contract: GET /metrics covers durations by op, bytes, memory, retries and losses."""
    done = await submit(queue, [*GROUPED, {"op": "head", "n": 1}])
    failed = await submit(queue, [{"op": "groupby", "by": ["nope"], "agg": {"x": ["amount", "sum"]}}])
    delayed = await submit(queue, GROUPED, wait_s=0, delay_s=100)
    await queue.cancel("t", delayed.id)
    assert (done.state, failed.state) == (JobState.SUCCEEDED, JobState.FAILED)

    async def told() -> dict[str, list[Series]] | None:
        found = await work_of(redis)
        return found if len(found.get(metrics.JOBS_ENDED.name, ())) == 3 else None

    found: dict[str, list[Series]] = await until(told)
    assert {one.labels: one.value for one in found[metrics.JOBS_ENDED.name]} == {
        ("succeeded", ""): 1,
        ("failed", "transform.column_unknown"): 1,
        ("canceled", "job.canceled"): 1,
    }
    assert {one.labels: sum(one.buckets) for one in found[metrics.STEP_SECONDS.name]} == {("groupby",): 1, ("head",): 1}
    assert {one.labels: sum(one.buckets) for one in found[metrics.ATTEMPT_SECONDS.name]} == {
        ("succeeded",): 1,
        ("failed",): 1,
    }
    assert sum(found[metrics.QUEUE_SECONDS.name][0].buckets) == 2
    assert sum(found[metrics.PEAK_BYTES.name][0].buckets) == 2
    assert found[metrics.INPUT_BYTES.name][0].value > 100
    assert found[metrics.RESULT_BYTES.name][0].value > 100


async def test_a_retry_is_counted_by_its_error(redis: Redis, queue: JobQueue, worker: Running) -> None:
    await submit(queue, [{"op": "fails_once"}])

    async def told() -> list[Series] | None:
        return (await work_of(redis)).get(metrics.RETRIES.name)

    (series,) = await until(told)
    assert (series.labels, series.value) == (("transform.retry",), 1)


async def test_one_trace_from_the_submit_to_the_steps(ours: Settings, exporter: InMemorySpanExporter) -> None:
    """Contract: the job's trace_id is that of the caller's traceparent."""
    traced = ours.model_copy(update={"telemetry": ours.telemetry.model_copy(update={"traces": "otlp"})})
    queue, worker = JobQueue.from_settings(traced), Running(traced)
    await queue.start()
    tracing.enter(CALLER)
    try:
        job = await submit(queue, GROUPED, trace_id="ab" * 16)
    finally:
        tracing.enter("")
        await worker.stop()
        await queue.close()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert spans.keys() == {"submit", "attempt", "decode", "step groupby", "encode"}
    assert {f"{span.context.trace_id:032x}" for span in spans.values() if span.context} == {"ab" * 16}
    submitted, attempt = spans["submit"], spans["attempt"]
    assert (submitted.kind, attempt.kind) == (SpanKind.PRODUCER, SpanKind.CONSUMER)
    assert submitted.parent is not None
    assert attempt.parent is not None
    assert attempt.context is not None
    assert submitted.context is not None
    assert f"{submitted.parent.span_id:016x}" == "cd" * 8
    assert attempt.parent.span_id == submitted.context.span_id
    for name in ("decode", "step groupby", "encode"):
        part = spans[name]
        assert part.parent is not None
        assert part.parent.span_id == attempt.context.span_id
        assert (attempt.start_time or 0) <= (part.start_time or 0) <= (part.end_time or 0) <= (attempt.end_time or 0)
    assert job.spec.traceparent == traceparent_of(job) == f"00-{'ab' * 16}-{submitted.context.span_id:016x}-01"


async def test_a_failed_attempt_says_so_in_its_span(ours: Settings, exporter: InMemorySpanExporter) -> None:
    traced = ours.model_copy(update={"telemetry": ours.telemetry.model_copy(update={"traces": "otlp"})})
    queue, worker = JobQueue.from_settings(traced), Running(traced)
    await queue.start()
    try:
        await submit(queue, [{"op": "groupby", "by": ["nope"], "agg": {"x": ["amount", "sum"]}}])
    finally:
        await worker.stop()
        await queue.close()
    (attempt,) = [span for span in exporter.get_finished_spans() if span.name == "attempt"]
    assert dict(attempt.attributes or {})["error.type"] == "transform.column_unknown"
    assert not attempt.status.is_ok


async def test_without_traces_the_callers_context_is_kept(queue: JobQueue) -> None:
    tracing.enter(CALLER)
    try:
        job = await submit(queue, GROUPED, wait_s=0, trace_id="ab" * 16)
    finally:
        tracing.enter("")
    assert (queue.tracing, traceparent_of(job)) == (None, CALLER)


def test_a_job_without_a_span_is_sent_on_in_its_trace() -> None:
    spec = JobSpec(
        tenant="t", pipeline=[], inputs={}, timeout_s=1, max_attempts=1, delay_s=0, result_ttl_s=1, trace_id="ab" * 16
    )
    job = Job(id="job_a", spec=spec, state=JobState.QUEUED, version=1, attempt=0, created_ms=0)
    assert tracing.TRACEPARENT.fullmatch(traceparent_of(job))
    assert traceparent_of(job).startswith(f"00-{'ab' * 16}-")


@pytest.fixture
async def lines(worker: Running) -> AsyncIterator[list[dict[str, Any]]]:
    """What is logged, with the facts that every line of its task or thread has."""
    said: list[dict[str, Any]] = []

    class Hear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append({"event": record.getMessage(), **structlog.contextvars.get_contextvars()})

    handler, root = Hear(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)


async def test_every_line_about_a_job_has_its_id_and_trace(
    queue: JobQueue, worker: Running, lines: list[dict[str, Any]]
) -> None:
    jobs = await asyncio.gather(*(submit(queue, [{"op": "speaks"}], trace_id=f"{n:032x}") for n in range(1, 4)))
    for job in jobs:
        about = [one for one in lines if one.get("job_id") == job.id]
        assert {one["trace_id"] for one in about} == {job.spec.trace_id}
        assert any(f"job {job.id} succeeded" in one["event"] for one in about)
        assert any(one["event"] == "a transform speaks" for one in about)
