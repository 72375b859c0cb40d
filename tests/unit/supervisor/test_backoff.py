"""When a process that died is started again, and how its end is told."""

import signal

import pytest

from jobs.supervisor.backoff import Backoff, again, how_it_ended


def test_the_first_death_waits_for_nothing_and_quick_ones_for_ever_longer() -> None:
    backoff = Backoff()
    pauses = [backoff.died(lived_s=1) for _ in range(10)]
    assert pauses == [0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert backoff.deaths == 10


def test_a_steady_minute_makes_it_the_first_again() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.died(lived_s=59.9)
    assert backoff.died(lived_s=60) == 0
    assert backoff.died(lived_s=1) == 0.5


def test_a_process_that_dies_for_days_is_no_overflow() -> None:
    assert Backoff(deaths=100_000).died(lived_s=0) == 30


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-signal.SIGKILL, "was ended by SIGKILL"),
        (-63, "was ended by signal 63"),
    ],
)
def test_how_it_ended(code: int, words: str) -> None:
    assert how_it_ended(code) == words


def test_when_it_starts_again() -> None:
    assert [again(0), again(0.5), again(30)] == [
        "starting it again",
        "starting it again in 0.5 s",
        "starting it again in 30 s",
    ]
