"""Indexes kept short: entries whose job's record has gone are removed by housekeeping, whoever lists or does not."""

import re
import time
from collections.abc import Iterable
from typing import Final

from jobs.store import keys, scripts
from jobs.store.redis import Redis, translated

_PAGE: Final = 500
_SECONDS: Final = 2.0
_INDEX: Final = re.compile(re.escape(keys.TENANT_PREFIX) + r"[^:]+:(?:jobs|live|group:.+)")


async def tidy(redis: Redis, names: Iterable[bytes]) -> int:
    """Remove such entries from every index among these keys, the oldest first; how many those were.

    It stops after two seconds: what it removed is gone, so the next time begins where this one ended.
    """
    removed, ends = 0, time.monotonic() + _SECONDS
    for name in names:
        index = name.decode(errors="replace")
        if _INDEX.fullmatch(index):
            removed += await _tidy_one(redis, index, ends)
    return removed


async def _tidy_one(redis: Redis, index: str, ends: float) -> int:
    place = removed = 0
    while time.monotonic() < ends:
        with translated():
            kept, gone = await scripts.tidy(redis, [index], [keys.JOB_PREFIX, place, _PAGE])
        place, removed = place + kept, removed + gone
        if kept + gone < _PAGE:
            break
    return removed
