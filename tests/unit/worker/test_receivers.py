"""A receiver that hangs gets its share of the tries, and no more."""

from jobs.worker.receivers import SLOW_S, Receivers


def test_a_quick_receiver_may_have_every_slot() -> None:
    receivers = Receivers(slots=8, timeout_s=10)
    assert [receivers.begin("a") for _ in range(8)] == [0.0] * 8
    for _ in range(8):
        receivers.end("a", 0.01)
    assert [receivers.begin("a") for _ in range(8)] == [0.0] * 8


def test_a_slow_one_gets_a_quarter_and_others_all_the_rest() -> None:
    receivers = Receivers(slots=8, timeout_s=10)
    for _ in range(8):
        receivers.begin("a")
    for _ in range(8):
        receivers.end("a", SLOW_S + 9)
    later = [receivers.begin("a") for _ in range(1_000)]
    assert later[:2] == [0.0, 0.0]
    assert min(later[2:]) > 10
    assert later[2:] == sorted(later[2:]), "the more are put off, the later"
    assert max(later) <= 300
    assert [receivers.begin("b") for _ in range(6)] == [0.0] * 6


def test_one_quick_answer_sets_it_free() -> None:
    receivers = Receivers(slots=8, timeout_s=10)
    receivers.begin("a")
    receivers.end("a", 10)
    receivers.begin("a")
    receivers.end("a", 0.1)
    assert [receivers.begin("a") for _ in range(8)] == [0.0] * 8


def test_small_numbers_leave_every_receiver_one() -> None:
    receivers = Receivers(slots=1, timeout_s=1)
    receivers.begin("a")
    receivers.end("a", 5)
    assert receivers.begin("a") == 0.0
    assert receivers.begin("a") > 1


def test_ever_other_slow_ones_are_not_all_remembered() -> None:
    receivers = Receivers(slots=1, timeout_s=1)
    receivers.begin("busy")
    for number in range(10_000):
        receivers.begin(f"a{number}")
        receivers.end(f"a{number}", 5)
    assert len(receivers._known) < 5_000
    receivers.end("busy", 5)
