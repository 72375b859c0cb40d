"""What leaves the service about itself."""

from typing import Literal

from pydantic import Field

from config.sections.base import Section


class TelemetrySettings(Section):
    """Traces; they need the extra `otel`. Metrics are always at `/metrics`."""

    traces: Literal["off", "otlp"] = "off"
    """`otlp`: spans of requests, submits, attempts and webhooks go to a collector by OTLP over HTTP."""
    endpoint: str = Field("", pattern=r"^(https?://\S+)?$")
    """The collector's base URL, without `/v1/traces`; empty: what OTEL_EXPORTER_OTLP_ENDPOINT and its kin say."""
    sample_ratio: float = Field(1.0, ge=0, le=1)
    """The share of traces that are kept where the caller's `traceparent` does not decide."""
