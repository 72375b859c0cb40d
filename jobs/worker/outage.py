"""Outages, as a worker meets them: one line of log at each end of one, and a worker's end in spite of one."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from jobs.errors import StoreError
from jobs.store.redis import translated

logger = logging.getLogger(__name__)
_CLOSE_S = 5.0


class Outage:
    """Whether Redis is away, as far as the worker's rounds have seen."""

    def __init__(self) -> None:
        self._since: float | None = None

    def goes_on(self, error: StoreError) -> None:
        """A round has met this."""
        if self._since is None:
            self._since = time.monotonic()
            logger.warning("%s; running jobs go on, and the worker waits for it", error)

    def over(self) -> None:
        """A round has met nothing."""
        if self._since is not None:
            logger.info("Redis answers again after %.1f s", time.monotonic() - self._since)
            self._since = None


async def within(what: str, step: Callable[[], Awaitable[None]]) -> None:
    """One step of a worker's end; a Redis that hangs or is away costs it that step, and a few seconds."""
    try:
        async with asyncio.timeout(_CLOSE_S):
            with suppress(StoreError), translated():
                await step()
    except TimeoutError:
        logger.warning("Redis hangs or is away; the worker ends without %s", what)
