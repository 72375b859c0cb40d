"""When a process that stands by is started, and what its end means."""

from typing import Any

from jobs.supervisor.reserve import Reserve


class Process:
    """As much of a worker process as counts here."""

    def __init__(self, *, there: bool = True) -> None:
        self.there, self.waits, self.leaving, self.started = there, True, "", 0.0

    def wake(self) -> bool:
        self.waits = not self.there
        return self.there


def reserve(process: Any = None) -> Reserve:
    made = Reserve(wanted=True)
    if process is not None:
        made.started(process)
    return made


def test_it_is_started_some_time_after_the_worker_is_up() -> None:
    made = reserve()
    assert [made.is_due(now, up=False) for now in (0, 100)] == [False, False]
    assert [made.is_due(now, up=True) for now in (100, 101.9, 102)] == [False, False, True]


def test_one_is_enough() -> None:
    made = reserve(Process())
    assert not made.is_due(0, up=True)
    assert not made.is_due(100, up=True)


def test_who_wants_none_gets_none() -> None:
    made = Reserve(wanted=False)
    made.hurry(0)
    assert not made.is_due(0, up=True)
    assert not made.is_due(100, up=True)
    assert made.wake() is None


def test_woken_it_is_gone_from_here_and_the_next_waits_for_it_to_be_up() -> None:
    process: Any = Process()
    made = reserve(process)
    assert made.wake() is process
    assert made.wake() is None
    assert not made.is_due(10, up=True)
    assert made.is_due(12, up=True)


def test_one_that_has_just_died_is_not_woken() -> None:
    assert reserve(Process(there=False)).wake() is None


def test_its_deaths_have_pauses_of_their_own() -> None:
    made = reserve()
    for pause_s in (0, 0.5, 1, 2, 4):
        process: Any = Process()
        made.started(process)
        made.ended(process, -9, 10)
        if pause_s:
            assert not made.is_due(9.9 + pause_s, up=False)
        assert made.is_due(10 + pause_s, up=False)


def test_before_a_pause_of_the_worker_s_it_is_started_at_once() -> None:
    made = reserve()
    made.hurry(5)
    assert made.is_due(5, up=False)


def test_a_pause_of_its_own_is_not_shortened_by_one_of_the_worker_s() -> None:
    made = reserve()
    for _ in range(6):
        process: Any = Process()
        made.started(process)
        made.ended(process, -9, 0)
    made.hurry(1)
    assert not made.is_due(7.9, up=True)
    assert made.is_due(8, up=True)


def test_wrong_settings_are_tried_again_only_with_the_next_worker() -> None:
    process: Any = Process()
    made = reserve(process)
    made.ended(process, 2, 0)
    made.hurry(1)
    assert not made.is_due(1e9, up=True)
    made.later()
    assert not made.is_due(0, up=True)
    assert made.is_due(2, up=True)


def test_one_that_was_told_to_end_is_not_started_again() -> None:
    process: Any = Process()
    process.leaving = "stopped"
    made = reserve(process)
    made.ended(process, 0, 0)
    assert not made.is_due(100, up=False)
