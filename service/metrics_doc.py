"""`docs/metrics.md`: every metric of /metrics, from the tables that the code counts by."""

from collections.abc import Sequence
from typing import Final

from jobs.metrics import WORK, Metric
from service.metrics import HTTP, SEEN

_HEAD: Final = """# Metrics
<!-- written by `make docs`; change the code, not this page -->

`GET /metrics` gives them in Prometheus' text format, or as OpenMetrics where `Accept` asks for it. Where the service
has keys it needs one with the scope `admin`. No label is made of what a caller sent: there is no tenant, no job id
and no path in them, and an op's name is one of the catalogue's.
"""
_TABLES: Final = (
    (
        "Looked at when asked",
        "Every API process gives the same, from Redis. Where Redis is away they are missing, but for the first two.",
        SEEN,
    ),
    (
        "The work",
        (
            "Workers and supervisors add their counts to one hash in Redis, with each renewal of their leases (every "
            "third of `worker.lease_s`) and at their end; every API process gives the same sums. A worker that is "
            "killed with -9 takes with it what it counted since the last time. After thirty days without any count "
            "they begin anew."
        ),
        WORK,
    ),
    ("HTTP", "Each API process counts its own.", HTTP),
)


def render() -> str:
    """The page."""
    return "\n".join([_HEAD, *(_section(*table) for table in _TABLES)])


def _section(title: str, about: str, metrics: Sequence[Metric]) -> str:
    rows = [
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels) or ' '} | {one.help} |"
        for one in metrics
    ]
    return "\n".join(
        [f"## {title}", "", about, "", "| metric | type | labels | meaning |", "|---|---|---|---|", *rows, ""]
    )
