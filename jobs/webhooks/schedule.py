"""Whether a try that failed is followed by another, and when. Pure."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_PAUSE_MS: Final = 3_600_000
"""The longest pause between two tries, also where a receiver asks for more: it may be well long before."""
_GONE: Final = 410
_ASKS: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Schedule:
    """The settings' part of it."""

    first_retry_s: float
    give_up_s: float

    def next_ms(
        self,
        *,
        tries: int,
        status: int | None,
        now_ms: int,
        ended_ms: int,
        chance: random.Random,
        retry_after_s: float | None = None,
    ) -> int | None:
        """When the next try is due (Unix ms) after `tries` of them; None where the last one was the last.

        Pauses double from `first_retry_s` to an hour, those after the first up to a quarter longer by chance; a
        receiver's Retry-After makes one longer. The last try is made `give_up_s` after the job's end; 410 ends it all.
        """
        gives_up_ms = ended_ms + round(self.give_up_s * 1000)
        if status == _GONE or (status is not None and 200 <= status < 300) or now_ms >= gives_up_ms:
            return None
        pause_ms = min(float(LONGEST_PAUSE_MS), self.first_retry_s * 1000 * 2.0 ** min(max(tries, 1) - 1, 40))
        if tries > 1:
            pause_ms *= chance.uniform(1.0, 1.25)
        if retry_after_s is not None and status in _ASKS:
            pause_ms = max(pause_ms, min(retry_after_s * 1000, LONGEST_PAUSE_MS))
        return min(now_ms + max(1, round(pause_ms)), gives_up_ms)


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """What a Retry-After asks for, in seconds; None where it is missing, or neither a number nor a date."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())
