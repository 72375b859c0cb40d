"""What scripts say of a tenant's quota of stored bytes."""

import math

from jobs.errors import StorageQuota

_LONGEST_RETRY_S = 60


def too_much(limit: int, stored: str, more: str, wait_ms: str) -> StorageQuota:
    """The error of a script that found too much stored; some of it expires in so many ms, or when a job has ended."""
    wait_s = math.ceil(float(wait_ms) / 1000)
    return StorageQuota(limit, int(float(stored)), int(float(more)), min(wait_s, _LONGEST_RETRY_S))
