"""Whether a failed attempt is tried again, and when."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import ColumnUnknown, ConnectionLost, FramequeueError, JobTimeout, Retry, StoreUnavailable
from jobs.worker.retry import delay_ms

AWAY = StoreUnavailable("gone")
RETRYABLE = [AWAY, Retry("later"), ConnectionLost(ConnectionResetError("gone"))]
attempts = st.integers(1, 99)
DAY_MS = 86_400_000


def ceiling_ms(attempt: int) -> int:
    """What a delay may be at most, found by drawing the most."""

    class Highest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    delay = delay_ms(AWAY, attempt, 100, Highest())
    assert delay is not None
    return delay


def test_bad_data_and_timeouts_are_not_retried() -> None:
    for error in (ColumnUnknown("a", ["b"]), JobTimeout(3)):
        assert delay_ms(error, 1, 100, random.Random(1)) is None


@pytest.mark.parametrize("error", RETRYABLE)
def test_the_last_attempt_is_the_last(error: FramequeueError) -> None:
    assert delay_ms(error, 2, 3, random.Random(1)) is not None
    assert delay_ms(error, 3, 3, random.Random(1)) is None


@given(st.sampled_from(RETRYABLE), attempts, st.integers())
def test_delays_double_up_to_a_minute_with_jitter(error: FramequeueError, attempt: int, seed: int) -> None:
    ceiling = min(60_000, 500 * 2 ** (attempt - 1))
    delay = delay_ms(error, attempt, 100, random.Random(seed))
    assert delay is not None
    assert ceiling // 2 <= delay <= ceiling


@given(st.integers(1, 98))
def test_the_ceiling_never_falls(attempt: int) -> None:
    assert ceiling_ms(attempt) <= ceiling_ms(attempt + 1) <= 60_000


@given(attempts)
def test_the_jitter_spreads_over_the_upper_half(attempt: int) -> None:
    ceiling = ceiling_ms(attempt)
    chance = random.Random(7)
    drawn = [delay_ms(AWAY, attempt, 100, chance) or 0 for _ in range(200)]
    assert min(drawn) < ceiling * 0.6
    assert max(drawn) > ceiling * 0.9


@given(st.floats(allow_nan=True, allow_infinity=True), attempts, st.integers())
def test_a_delay_that_was_asked_for_is_kept_between_nothing_and_a_day(delay_s: float, attempt: int, seed: int) -> None:
    delay = delay_ms(Retry("later", delay_s=delay_s), attempt, 100, random.Random(seed))
    assert delay is not None
    assert 0 <= delay <= DAY_MS
    if 0 <= delay_s <= 86_400:
        assert abs(delay - delay_s * 1000) <= 0.5
