"""Which failures are tried again, and when."""

import random

from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import ColumnUnknown, JobTimeout, StoreUnavailable
from jobs.worker.retry import delay_ms

AWAY = StoreUnavailable("gone")


def test_bad_data_and_timeouts_are_not_retried() -> None:
    for error in (ColumnUnknown("a", ["b"]), JobTimeout(3)):
        assert delay_ms(error, 1, 100, random.Random(1)) is None


def test_the_last_attempt_is_the_last() -> None:
    assert delay_ms(AWAY, 2, 3, random.Random(1)) is not None
    assert delay_ms(AWAY, 3, 3, random.Random(1)) is None


@given(st.integers(1, 99), st.integers())
def test_delays_double_up_to_a_minute_with_jitter(attempt: int, seed: int) -> None:
    ceiling = min(60_000, 500 * 2 ** (attempt - 1))
    delay = delay_ms(AWAY, attempt, 100, random.Random(seed))
    assert delay is not None
    assert ceiling // 2 <= delay <= ceiling
