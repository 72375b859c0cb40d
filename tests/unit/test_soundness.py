"""What of a Redis is unsafe."""

import pytest

from jobs.store.soundness import unsafe

SAFE = ({"redis_version": "6.2.14"}, {"aof_enabled": 1}, {"maxmemory_policy": "noeviction"})


def test_a_safe_one_gives_no_warning() -> None:
    assert unsafe(*SAFE) == ()
    assert unsafe({}, {"aof_enabled": 1}, {}) == ()


@pytest.mark.parametrize(("version", "old"), [("6.0.20", True), ("5.0.14", True), ("7.2.4", False), ("10.0.0", False)])
def test_versions(version: str, old: bool) -> None:
    assert ("too old" in " ".join(unsafe({"redis_version": version}, *SAFE[1:]))) == old


def test_each_danger_is_said() -> None:
    assert "append-only" in unsafe(SAFE[0], {"aof_enabled": 0}, SAFE[2])[0]
    assert "noeviction" in unsafe(SAFE[0], SAFE[1], {"maxmemory_policy": "volatile-lru"})[0]
