"""The short form of the fault run, and proof that its checker sees what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.acceptance.faults import checker, keyspace
from tests.acceptance.faults.history import Event
from tests.acceptance.faults.report import Report
from tests.acceptance.faults.run import Options, run

QUEUED = ("job.queued", "queued", 0)
STARTED = ("job.started", "running", 1)
RETRYING = ("job.retrying", "queued", 1)
AGAIN = ("job.started", "running", 2)
SUCCEEDED = ("job.succeeded", "succeeded", 2)


def told(report: Report) -> str:
    lines = [line for one in report.violations[:5] for line in (one.what, *one.story)]
    return "\n".join([f"{len(report.violations)} violations; the logs are in {report.folder}", *lines])


@pytest.mark.timeout(400)
async def test_twenty_kills_under_load_lose_nothing_and_end_nothing_twice(tmp_path: Path) -> None:
    options = Options(kills=20, seed=20, every_s=1.0, outages=1, outage_s=5, folder=tmp_path / "run")
    report = await run(options)
    assert report.totals["kills"] == 20
    assert report.totals["checked over HTTP"] > 50
    assert not report.violations, told(report)


def history(*steps: tuple[str, str, int]) -> tuple[Event, ...]:
    return tuple(Event(1_000 + n, kind, state, n, attempt) for n, (kind, state, attempt) in enumerate(steps, start=1))


def test_a_sound_history_is_found_sound() -> None:
    assert [*checker.of_events(history(QUEUED, STARTED, RETRYING, AGAIN, SUCCEEDED))] == []
    handed_back = history(QUEUED, STARTED, RETRYING, STARTED, ("job.failed", "failed", 1))
    assert [*checker.of_events(handed_back)] == []


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ((QUEUED, STARTED, RETRYING, AGAIN, SUCCEEDED, SUCCEEDED), "2 terminal events"),
        ((QUEUED, STARTED, RETRYING, AGAIN), "0 terminal events"),
        ((QUEUED, STARTED, AGAIN, SUCCEEDED), "job.started after job.started"),
        ((QUEUED, AGAIN, SUCCEEDED), "attempt 2 started after 0"),
        ((QUEUED, STARTED, RETRYING, AGAIN, ("job.succeeded", "succeeded", 1)), "of attempt 1 while it was 2"),
    ],
)
def test_an_unsound_history_is_found_out(steps: tuple[tuple[str, str, int], ...], says: str) -> None:
    assert any(says in wrong for wrong in checker.of_events(history(*steps)))


def test_a_repeated_version_is_found_out() -> None:
    first, second, *rest = history(QUEUED, STARTED, ("job.succeeded", "succeeded", 1))
    repeated = (first, Event(second.at_ms, second.kind, second.state, first.version, second.attempt), *rest)
    assert any("version 1 after 1" in wrong for wrong in checker.of_events(repeated))


@pytest.fixture
def keys(valkey: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey) as client:
        yield client


@pytest.mark.parametrize(
    ("key", "ttl_s", "says"),
    [
        ("framequeue:blob:blb_1", None, "no TTL"),
        ("framequeue:blob:blb_1", 60, "1 references"),
        ("framequeue:job:job_1:events", 60, "no record"),
        ("arq:job:job_1", 60, "left of an ended job"),
        ("framequeue:something", 60, "no kind of key"),
    ],
)
def test_a_key_that_should_not_be_there_is_found_out(keys: redis.Redis, key: str, ttl_s: int | None, says: str) -> None:
    keys.hset(key, mapping={"0": b"chunk", "refs": 1})
    if ttl_s:
        keys.expire(key, ttl_s)
    wrongs, _ = keyspace.check(keys, {})
    keys.delete(key)
    assert any(says in wrong.what for wrong in wrongs), wrongs
