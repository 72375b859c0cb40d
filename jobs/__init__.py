"""The domain: durable DataFrame jobs. Knows nothing of HTTP."""

from jobs.errors import Retry
from jobs.transforms.context import Context
from jobs.transforms.declare import transform

__all__ = ["Context", "Retry", "transform"]
