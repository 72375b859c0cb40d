"""How many requests a tenant may send."""

import asyncio
import logging
import math
from dataclasses import dataclass
from typing import Final

from config.sections import QuotaSettings
from jobs.errors import StoreError
from jobs.store.redis import Redis
from jobs.store.requests import take

logger = logging.getLogger(__name__)
WINDOW_S: Final = 60
# a Redis that hangs must not keep those waiting whom it would only have counted
_PATIENCE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a request was told of its tenant's quota: `left` may come at once, the whole burst is back in `whole_s`."""

    allowed: bool
    left: int
    retry_after_s: int
    whole_s: int


class Requests:
    """The requests quota of the settings."""

    def __init__(self, redis: Redis, quotas: QuotaSettings) -> None:
        self._redis, self.per_minute = redis, quotas.requests_per_minute
        self.burst = quotas.burst or quotas.requests_per_minute

    async def take(self, tenant: str) -> Allowance | None:
        """Take one; None where Redis does not answer: a quota is no reason to refuse whom nobody has counted."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                taken = await take(self._redis, tenant, self.per_minute, self.burst)
        except (StoreError, TimeoutError) as error:
            logger.debug("a request was not counted: %s", error)
            return None
        return Allowance(
            allowed=taken.allowed,
            left=taken.left,
            retry_after_s=max(1, math.ceil(taken.next_s)),
            whole_s=math.ceil(taken.whole_s),
        )
