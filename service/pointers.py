"""JSON pointers (RFC 6901) into what was sent."""

from jobs.pointers import escaped

__all__ = ["escaped"]
