"""Whether a failed attempt is tried again, and when. Pure."""

import random

from jobs.errors import FramequeueError

_BASE_MS = 500
_CAP_MS = 60_000


def delay_ms(error: FramequeueError, attempt: int, max_attempts: int, chance: random.Random) -> int | None:
    """Milliseconds until the next attempt, or None where there is none.

    Only errors that may be over next time are retried (lost connections, not bad data); the delay doubles from half a
    second to a minute, and is drawn from its upper half, so that jobs that failed together do not come back together.
    """
    if not error.retryable or attempt >= max_attempts:
        return None
    ceiling = min(_CAP_MS, _BASE_MS * 2 ** min(attempt - 1, 20))
    return int(ceiling * chance.uniform(0.5, 1.0))
