"""What the supervisor has to write for one worker process: in order, each tried until Redis takes it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from jobs.errors import StoreError

logger = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 2.0


class Ledger:
    """Takes writes without waiting for them; they outlast an outage, and a restart does not wait for them."""

    def __init__(self) -> None:
        self._last: asyncio.Task[None] | None = None

    def write(self, what: Callable[[], Awaitable[object]], said: str) -> None:
        """Do this after what was taken before; `said` names it where Redis is away."""
        self._last = asyncio.create_task(self._write(what, said, self._last))

    @property
    def idle(self) -> bool:
        """Whether everything is written."""
        return self._last is None or self._last.done()

    async def settled(self, timeout_s: float) -> bool:
        """Whether everything is written, as soon as it is, at most `timeout_s` from now."""
        if self._last is not None:
            await asyncio.wait({self._last}, timeout=timeout_s)
        return self.idle

    async def _write(
        self, what: Callable[[], Awaitable[object]], said: str, before: "asyncio.Task[None] | None"
    ) -> None:
        if before is not None:
            await asyncio.wait({before})
        pause_s, told = _FIRST_PAUSE_S, False
        while True:
            try:
                await what()
            except StoreError as error:
                if not told:
                    logger.warning("%s waits for Redis: %s", said, error)
                told = True
            except Exception:
                logger.exception("%s failed", said)
                return
            else:
                return
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
