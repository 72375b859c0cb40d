"""Probes and metrics."""

from typing import Final

from service.negotiation import JSON
from service.operations import json_answer, operation, shown

LIVEZ: Final = operation(
    "Is the process alive",
    {200: {"description": "It is.", "content": {JSON: {"schema": {"type": "object"}, **shown("Live")}}}},
)
READYZ: Final = operation(
    "Can it take jobs",
    {
        200: json_answer("ReadyBody", "It can.", "Ready"),
        503: json_answer("ReadyBody", "It cannot; `problems` say why.", "NotReady"),
    },
)
METRICS: Final = operation(
    "Measure it",
    {
        200: {
            "description": "Every metric; docs/metrics.md lists them.",
            "content": {
                "text/plain": {"schema": {"type": "string"}, **shown("Metrics")},
                "application/openmetrics-text": {"schema": {"type": "string"}},
            },
        }
    },
    scope="admin",
    description="Where Redis is away, the metrics of this process alone, and `framequeue_redis_up 0`.",
)
