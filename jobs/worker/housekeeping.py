"""Housekeeping on ARQ's cron: one run every five minutes, whatever the number of workers."""

import logging
from typing import Any

from arq import cron
from arq.cron import CronJob

from jobs.errors import StoreError
from jobs.store.redis import Redis
from jobs.store.soundness import Watchman
from jobs.store.sweeper import Sweeper

logger = logging.getLogger(__name__)
_NAME = "framequeue.housekeeping"
_MINUTES = frozenset(range(0, 60, 5))
_TIMEOUT_S = 60


class Housekeeping:
    """What a worker does beside jobs: says at its start how safe Redis is, and sweeps up after crashes."""

    def __init__(self, redis: Redis, queue: str) -> None:
        self._sweeper, self._watchman = Sweeper(redis, queue), Watchman(redis)

    def cron_jobs(self) -> list[CronJob]:
        """For ARQ's worker: its unique job id sees to it that one worker runs it."""
        return [cron(self.sweep, name=_NAME, minute=set(_MINUTES), second=30, timeout=_TIMEOUT_S)]

    async def start(self, ctx: dict[Any, Any]) -> None:  # noqa: ARG002  # ARQ's signature
        """ARQ's on_startup hook."""
        await self._watchman.look()

    async def sweep(self, ctx: dict[Any, Any]) -> int:  # noqa: ARG002  # same
        """One bounded run; how many keys it removed. Where Redis is away the next one does it."""
        try:
            removed = await self._sweeper.run()
        except StoreError as error:
            logger.warning("housekeeping: %s", error)
            return 0
        return len(removed)
