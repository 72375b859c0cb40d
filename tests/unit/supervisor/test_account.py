"""What the supervisor makes of what a worker says, and of its silence."""

import pytest

from jobs.supervisor.account import Account
from jobs.supervisor.messages import Alive, Begun, Ended, Held, Retire

LEASE_S = 10.0


@pytest.fixture
def account() -> Account:
    return Account(now=1000, lease_s=LEASE_S)


def held(name: str, deadline: float | None = 1010) -> Held:
    return Held(id=name, token=f"w:{name}", timeout_s=10, result_ttl_s=60, deadline=deadline)


def names(found: list[Held]) -> list[str]:
    return [one.id for one in found]


def test_a_deadline_is_answered_once_and_half_a_second_late(account: Account) -> None:
    account.hear(Begun(held=(held("a"), held("b", 1020), held("plain", None))), 1000)
    assert names(account.overdue(1010.4)) == []
    assert names(account.overdue(1010.6)) == ["a"]
    assert names(account.overdue(1011)) == []
    assert names(account.overdue(5000)) == ["b"]


def test_a_deadline_can_be_told_again(account: Account) -> None:
    account.hear(Begun(held=(held("a", 1010),)), 1000)
    account.hear(Begun(held=(held("a", 1030),)), 1009)
    assert names(account.overdue(1020)) == []


def test_who_has_ended_is_not_overdue(account: Account) -> None:
    account.hear(Begun(held=(held("a"), held("b"))), 1000)
    account.hear(Ended(tokens=("w:a", "w:unknown")), 1005)
    assert names(account.overdue(1020)) == ["b"]


def test_anew_means_these_and_no_others(account: Account) -> None:
    account.hear(Begun(held=(held("a"),)), 1000)
    account.hear(Begun(held=(held("b"),), anew=True), 1001)
    assert [one.id for one in account.held.values()] == ["b"]


def test_silence_past_a_deadline_is_a_hang(account: Account) -> None:
    account.hear(Begun(held=(held("a"),)), 1009)
    assert account.hangs(1012.4) == ""
    assert "holds the interpreter" in account.hangs(1012.6)
    account.hear(Alive(renewed_at=1012), 1012.5)
    assert account.hangs(1014) == "", "its loop runs: the job sleeps in C"
    assert account.hangs(1015)


def test_silence_with_a_job_that_has_time_is_none(account: Account) -> None:
    account.hear(Begun(held=(held("a", 5000), held("plain", None))), 1000)
    assert account.hangs(4000) == ""


def test_silence_without_a_job_is_a_hang_after_a_minute(account: Account) -> None:
    assert account.hangs(1059) == ""
    assert account.hangs(1061) == "nothing was heard for 61 s"


def test_leases_are_renewed_for_a_worker_that_does_not(account: Account) -> None:
    assert not account.needs_renewal(1100), "it holds nothing"
    account.hear(Begun(held=(held("a", 5000),)), 1000)
    account.hear(Alive(renewed_at=1003), 1004)
    assert not account.needs_renewal(1007)
    assert account.needs_renewal(1009)
    account.renewed(1009)
    assert not account.needs_renewal(1013)
    assert account.needs_renewal(1014)
    account.hear(Alive(renewed_at=1003), 1014)
    assert account.needs_renewal(1014), "alive, and its renewals do not get through"


@pytest.mark.parametrize("lease_s", [1, 3, 10, 60])
def test_the_supervisor_renews_well_before_the_lease_ends(lease_s: float) -> None:
    account = Account(now=1000, lease_s=lease_s)
    account.hear(Begun(held=(held("a", 5000),)), 1000)
    assert account.needs_renewal(1000 + 0.7 * lease_s)


def test_a_wish_for_a_successor_is_kept(account: Account) -> None:
    account.hear(Retire(why="asleep"), 1000)
    assert account.wants_successor == "asleep"
