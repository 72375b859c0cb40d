"""A tenant's requests, counted in Redis for all API processes together."""

from dataclasses import dataclass

from jobs.store import keys, scripts
from jobs.store.redis import Redis, translated


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a request may go on, how many more may come at once, and in how many seconds one more, and all."""

    allowed: bool
    left: int
    next_s: float
    whole_s: float


async def take(redis: Redis, tenant: str, per_minute: int, burst: int) -> Taken:
    """Take one request of the tenant's; one round trip."""
    with translated():
        allowed, left, next_us, whole_us = await scripts.take(
            redis, [keys.tenant_requests(tenant)], [round(60_000_000 / per_minute), burst]
        )
    return Taken(allowed == 1, int(left), next_us / 1e6, whole_us / 1e6)
