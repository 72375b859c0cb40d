"""The domain: durable DataFrame jobs. Knows nothing of HTTP."""

from jobs.transforms.context import Context
from jobs.transforms.declare import transform

__all__ = ["Context", "transform"]
