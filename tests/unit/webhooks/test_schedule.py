"""When a webhook that could not be told is told again."""

import itertools
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.webhooks.schedule import LONGEST_PAUSE_MS, Schedule, retry_after_s

DAY_MS = 86_400_000
USUAL = Schedule(5.0, 86_400)


def run(schedule: Schedule, seed: int, status: int | None, retry_after: float | None = None) -> list[int]:
    """When each try is made, in ms after the end of the job, where every one fails at once."""
    chance, now, made = random.Random(seed), 0, [0]
    while True:
        after = schedule.next_ms(
            tries=len(made), status=status, now_ms=now, ended_ms=0, chance=chance, retry_after_s=retry_after
        )
        if after is None:
            return made
        assert len(made) < 10_000
        now = after
        made.append(now)


@given(st.integers(), st.sampled_from([None, 301, 400, 404, 429, 500, 503]))
def test_tries_go_on_for_a_day_and_end(seed: int, status: int | None) -> None:
    """Contract: retried with backoff for a day."""
    made = run(USUAL, seed, status)
    pauses = [later - earlier for earlier, later in itertools.pairwise(made)]
    assert made[1] == 5_000, "the first retry"
    assert made[-1] == DAY_MS, "the last try is made a day after the end"
    assert all(0 < pause <= LONGEST_PAUSE_MS * 1.25 for pause in pauses)
    assert pauses[:10] == sorted(pauses[:10]), "they grow"
    assert 20 < len(made) < 50


@given(
    st.floats(0.01, 3_600),
    st.integers(0, 10 * 86_400),
    st.integers(),
    st.floats(0, 1e9) | st.none(),
)
def test_whatever_is_asked_for_it_ends_in_time(first: float, give_up: int, seed: int, asked: float | None) -> None:
    made = run(Schedule(first, give_up), seed, 503, asked)
    assert made[-1] == give_up * 1000
    assert made == sorted(set(made))


@given(st.integers(1, 60), st.floats(0, 10_000))
def test_a_receiver_may_ask_for_a_longer_pause_up_to_an_hour(tries: int, asked: float) -> None:
    facts = {"tries": tries, "now_ms": 0, "ended_ms": 0}
    plain = USUAL.next_ms(**facts, status=503, chance=random.Random(1)) or 0
    longer = USUAL.next_ms(**facts, status=503, chance=random.Random(1), retry_after_s=asked) or 0
    assert longer == max(plain, min(round(asked * 1000), LONGEST_PAUSE_MS))
    ignored = USUAL.next_ms(**facts, status=500, chance=random.Random(1), retry_after_s=asked)
    assert ignored == plain


@pytest.mark.parametrize("status", [200, 202, 204, 299, 410])
def test_told_or_unwanted_ends_it(status: int) -> None:
    assert USUAL.next_ms(tries=1, status=status, now_ms=0, ended_ms=0, chance=random.Random()) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:40 GMT", 3.0),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:40", 3.0),
        ("9" * 4_000, float("9" * 12)),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    now = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert retry_after_s(header, now) == seconds
