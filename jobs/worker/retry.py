"""Whether a failed attempt is tried again, and when. Pure."""

import random

from jobs.errors import FramequeueError, Retry

_BASE_MS = 500
_CAP_MS = 60_000
# what a transform may ask for: longer than a day is a mistake of units
_ASKED_CAP_MS = 86_400_000


def delay_ms(error: FramequeueError, attempt: int, max_attempts: int, chance: random.Random) -> int | None:
    """Milliseconds until the next attempt, or None where there is none.

    Only errors that may be over next time are retried (lost connections, not bad data); the delay doubles from half a
    second to a minute, and is drawn from its upper half, so that jobs that failed together do not come back together.
    A delay that the transform asked for is kept as it is, between nothing and a day.
    """
    if not error.retryable or attempt >= max_attempts:
        return None
    if isinstance(error, Retry) and error.delay_s is not None:
        return _asked_ms(error.delay_s)
    ceiling = min(_CAP_MS, _BASE_MS * 2 ** min(attempt - 1, 20))
    return int(ceiling * chance.uniform(0.5, 1.0))


def _asked_ms(delay_s: float) -> int:
    # false for NaN too
    return round(min(delay_s * 1000, _ASKED_CAP_MS)) if delay_s > 0 else 0
