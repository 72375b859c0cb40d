"""What is counted of the work, and how: a table of metrics, and counts that a process adds up before it tells them.

No label is ever made of what a caller sent: labels are states, error codes, and the names of ops in the catalogue.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]
_SECONDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
_BYTES: Final = tuple(float(4**power) for power in range(8, 19))
_SEPARATOR: Final = "|"
_SUM: Final = "sum"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, by its Prometheus name; the `buckets` of a histogram are their upper bounds."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """What was counted of a metric under one set of labels; `buckets` are not cumulated, the last is what is above."""

    labels: tuple[str, ...]
    value: float = 0.0
    buckets: tuple[float, ...] = ()


JOBS_ENDED: Final = Metric(
    "framequeue_jobs_ended_total",
    "counter",
    "Jobs that reached a terminal state; `code` is that of the error, empty without one.",
    ("state", "code"),
)
RETRIES: Final = Metric(
    "framequeue_retries_total", "counter", "Attempts that failed and are tried again, by their error.", ("code",)
)
HANDED_BACK: Final = Metric(
    "framequeue_handed_back_total", "counter", "Attempts that a worker gave back with their try, as at a deploy."
)
WORKERS_LOST: Final = Metric(
    "framequeue_workers_lost_total", "counter", "Worker processes that died or had to be killed, seen by supervisors."
)
ATTEMPTS_LOST: Final = Metric(
    "framequeue_attempts_lost_total",
    "counter",
    "Attempts whose worker was lost: given back by its supervisor, or found by the next claim after their lease.",
)
ATTEMPT_SECONDS: Final = Metric(
    "framequeue_attempt_duration_seconds",
    "histogram",
    "From the claim of an attempt to its end being written, in seconds.",
    ("outcome",),
    _SECONDS,
)
QUEUE_SECONDS: Final = Metric(
    "framequeue_queue_wait_seconds",
    "histogram",
    "From the submit (and its delay) of a job to the claim of its first attempt, in seconds.",
    (),
    _SECONDS,
)
STEP_SECONDS: Final = Metric(
    "framequeue_step_duration_seconds",
    "histogram",
    "Steps of attempts that succeeded, by op, in seconds.",
    ("op",),
    _SECONDS,
)
INPUT_BYTES: Final = Metric("framequeue_input_bytes_total", "counter", "Stored bytes of the inputs of ended attempts.")
RESULT_BYTES: Final = Metric("framequeue_result_bytes_total", "counter", "Stored bytes of results.")
PEAK_BYTES: Final = Metric(
    "framequeue_attempt_peak_memory_bytes",
    "histogram",
    "The most that an attempt's payloads and frames held together, as counted.",
    (),
    _BYTES,
)
DELIVERIES: Final = Metric(
    "framequeue_webhook_deliveries_total", "counter", "Tries to deliver a webhook.", ("outcome",)
)
CANCELED_UNRUN: Final = f"{JOBS_ENDED.name}{_SEPARATOR}canceled{_SEPARATOR}job.canceled"
TIMED_OUT_UNANSWERED: Final = f"{JOBS_ENDED.name}{_SEPARATOR}failed{_SEPARATOR}job.timeout"
WORK: Final = (
    JOBS_ENDED,
    RETRIES,
    HANDED_BACK,
    WORKERS_LOST,
    ATTEMPTS_LOST,
    ATTEMPT_SECONDS,
    QUEUE_SECONDS,
    STEP_SECONDS,
    INPUT_BYTES,
    RESULT_BYTES,
    PEAK_BYTES,
    DELIVERIES,
)
"""What workers and supervisors count, in a hash of Redis."""


class Counts:
    """Counts that are not told yet: adding one costs a look-up and a sum. Not for several threads at once."""

    __slots__ = ("_sums", "_tallies")

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], float] = {}
        # of a histogram: how many fell into each bucket, and then their sum
        self._tallies: dict[tuple[str, ...], list[float]] = {}

    def add(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Count up."""
        series = (metric.name, *labels)
        self._sums[series] = self._sums.get(series, 0.0) + by

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Put a value into a histogram."""
        series = (metric.name, *labels)
        tally = self._tallies.get(series)
        if tally is None:
            tally = self._tallies[series] = [0.0] * (len(metric.buckets) + 2)
        tally[bisect_left(metric.buckets, value)] += 1.0
        tally[-1] += value

    @property
    def so_far(self) -> dict[str, float]:
        """What was counted and not taken, by field of the hash."""
        fields = {_SEPARATOR.join(series): value for series, value in self._sums.items()}
        for series, (*buckets, total) in self._tallies.items():
            name = _SEPARATOR.join(series)
            fields |= {f"{name}{_SEPARATOR}{place}": count for place, count in enumerate(buckets) if count}
            fields[f"{name}{_SEPARATOR}{_SUM}"] = total
        return fields

    def take(self) -> dict[str, float]:
        """What was counted since the last call, by field of the hash."""
        taken = self.so_far
        self._sums, self._tallies = {}, {}
        return taken


def read(metrics: Iterable[Metric], counts: Mapping[str, float]) -> dict[str, list[Series]]:
    """The series of each metric by its name, from fields as Counts names them; fields of other metrics are left out."""
    known = {metric.name: metric for metric in metrics}
    plain: dict[str, dict[tuple[str, ...], float]] = {}
    for name, value in counts.items():
        metric_name, *labels = name.split(_SEPARATOR)
        metric = known.get(metric_name)
        if metric is not None and len(labels) == len(metric.labels) + (metric.kind == "histogram"):
            plain.setdefault(metric_name, {})[tuple(labels)] = value
    return {
        name: _histogram(known[name], found)
        if known[name].kind == "histogram"
        else [Series(labels, value) for labels, value in sorted(found.items())]
        for name, found in plain.items()
    }


def _histogram(metric: Metric, found: Mapping[tuple[str, ...], float]) -> list[Series]:
    labels = sorted({one[:-1] for one in found})
    places = [str(place) for place in range(len(metric.buckets) + 1)]
    return [
        Series(one, found.get((*one, _SUM), 0.0), tuple(found.get((*one, place), 0.0) for place in places))
        for one in labels
    ]
