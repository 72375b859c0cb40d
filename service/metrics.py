"""The metrics of the service: requests counted in this process, the work as all processes counted it in Redis."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from jobs.health import Work
from jobs.metrics import WORK, Counts, Metric, Series, read
from service.exchange import Exchange

_OPENMETRICS: Final = "application/openmetrics-text"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ROUTE: Final = ("route", "method")

BUILD: Final = Metric(
    "framequeue_build_info", "gauge", "Always 1; the labels tell the versions.", ("version", "python")
)
REDIS_UP: Final = Metric(
    "framequeue_redis_up", "gauge", "1 where Redis answered this scrape; else its metrics are missing."
)
JOBS: Final = Metric(
    "framequeue_jobs", "gauge", "Unfinished jobs: delayed, due, or held by workers as they last said.", ("state",)
)
OLDEST: Final = Metric(
    "framequeue_oldest_queued_job_age_seconds",
    "gauge",
    "How long the oldest job that is due has been so; 0 without one.",
)
WORKERS: Final = Metric("framequeue_workers", "gauge", "Worker processes that are present.")
SLOTS: Final = Metric("framequeue_worker_slots", "gauge", "Jobs that the workers may hold at once, by use.", ("use",))
THREADS: Final = Metric("framequeue_worker_threads", "gauge", "The workers' threads for transforms, by use.", ("use",))
REDIS_USED: Final = Metric("framequeue_redis_memory_used_bytes", "gauge", "Memory that Redis has allocated.")
REDIS_MOST: Final = Metric("framequeue_redis_memory_max_bytes", "gauge", "Redis' maxmemory; 0 for no limit.")
SEEN: Final = (BUILD, REDIS_UP, JOBS, OLDEST, WORKERS, SLOTS, THREADS, REDIS_USED, REDIS_MOST)
"""What is looked at when /metrics is asked for."""

REQUESTS: Final = Metric(
    "framequeue_http_requests_total", "counter", "Answers of this process, by route template.", (*_ROUTE, "status")
)
REQUEST_SECONDS: Final = Metric(
    "framequeue_http_request_duration_seconds",
    "histogram",
    "From a request's head to the last byte of its answer, the wait of `Prefer: wait` included.",
    _ROUTE,
    _BUCKETS,
)
REQUEST_BYTES: Final = Metric("framequeue_http_request_bytes_total", "counter", "Bytes of bodies received.", _ROUTE)
ANSWER_BYTES: Final = Metric("framequeue_http_response_bytes_total", "counter", "Bytes of bodies sent.", _ROUTE)
OPEN: Final = Metric(
    "framequeue_http_requests_open",
    "gauge",
    "Requests of this process that are not answered yet: waiters and streams, too.",
)
WAITERS: Final = Metric(
    "framequeue_waiters_open",
    "gauge",
    "Requests of this process that wait for a change of a job: long polls and streams.",
)
HTTP: Final = (REQUESTS, REQUEST_SECONDS, REQUEST_BYTES, ANSWER_BYTES, OPEN, WAITERS)
"""What each API process counts by itself."""


class HttpMeter:
    """Counts the requests of this process; some two microseconds for each."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.open = 0

    def answered(self, exchange: Exchange) -> None:
        """A request was answered, or broke off (its status is 0 where it had none)."""
        route, method = exchange.route, exchange.method
        self.counts.add(REQUESTS, route, method, str(exchange.status))
        self.counts.observe(REQUEST_SECONDS, exchange.seconds, route, method)
        if exchange.bytes_in:
            self.counts.add(REQUEST_BYTES, route, method, by=exchange.bytes_in)
        if exchange.bytes_out:
            self.counts.add(ANSWER_BYTES, route, method, by=exchange.bytes_out)


def exposition(http: HttpMeter, waiters: int, work: Work | None, accept: str) -> tuple[bytes, str]:
    """All metrics as text, and its media type: OpenMetrics where `accept` names it, else Prometheus' own."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape(http, waiters, work))
    # not the header itself: parts of it would come back in ours
    encode, media_type = choose_encoder(f"{_OPENMETRICS}; version=1.0.0" if _OPENMETRICS in accept else "text/plain")
    return encode(registry), media_type


class _Scrape(Collector):
    """The metrics of one moment."""

    def __init__(self, http: HttpMeter, waiters: int, work: Work | None) -> None:
        self._http, self._waiters, self._work = http, waiters, work

    def describe(self) -> Iterator[Family]:
        """Nothing: it is asked once."""
        yield from ()

    def collect(self) -> Iterator[Family]:
        """Every metric there is something to say of; counters without labels from the start."""
        seen = _seen(self._work) | {
            OPEN.name: [Series((), self._http.open)],
            WAITERS.name: [Series((), self._waiters)],
        }
        counted = read(HTTP, self._http.counts.so_far)
        if self._work is not None:
            counted |= read(WORK, self._work.counts)
        for metric in (*SEEN, *WORK, *HTTP):
            series = counted.get(metric.name) or seen.get(metric.name)
            if series is None and self._work is not None and not metric.labels and metric.kind == "counter":
                series = [Series(())]
            if series is not None:
                yield _family(metric, series)


def _seen(work: Work | None) -> dict[str, list[Series]]:
    seen = {
        BUILD.name: [Series((version("framequeue"), platform.python_version()), 1)],
        REDIS_UP.name: [Series((), int(work is not None))],
    }
    if work is None:
        return seen
    queue = work.queue
    reports = [one.report for one in queue.workers if one.report is not None]
    return seen | {
        JOBS.name: _by_label({"waiting": queue.waiting, "queued": queue.due, "running": queue.running}),
        OLDEST.name: [Series((), queue.oldest_due_s)],
        WORKERS.name: [Series((), len(queue.workers))],
        SLOTS.name: _used(sum(one.busy for one in reports), sum(one.slots for one in reports)),
        THREADS.name: _used(sum(one.threads_busy for one in reports), sum(one.threads for one in reports)),
        REDIS_USED.name: [Series((), float(work.memory.get("used_memory", 0)))],
        REDIS_MOST.name: [Series((), float(work.memory.get("maxmemory", 0)))],
    }


def _by_label(values: Mapping[str, float]) -> list[Series]:
    return [Series((label,), value) for label, value in values.items()]


def _used(busy: int, total: int) -> list[Series]:
    return _by_label({"busy": busy, "free": max(0, total - busy)})


def _family(metric: Metric, series: Sequence[Series]) -> Family:
    if metric.kind == "histogram":
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for one in series:
            histogram.add_metric(one.labels, _cumulated(metric, one), one.value)
        return histogram
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for one in series:
        family.add_metric(one.labels, one.value)
    return family


def _cumulated(metric: Metric, series: Series) -> list[tuple[str, float]]:
    total, cumulated = 0.0, []
    for bound, count in zip((*metric.buckets, float("inf")), series.buckets, strict=True):
        total += count
        cumulated.append((floatToGoString(bound), total))  # type: ignore[no-untyped-call]  # prometheus-client leaves it bare
    return cumulated
