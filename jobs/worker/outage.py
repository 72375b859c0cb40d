"""What the log says of an outage: one line when it begins and one when it is over, however long it lasts."""

import logging
import time

from jobs.errors import StoreError

logger = logging.getLogger(__name__)


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
