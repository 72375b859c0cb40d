"""`durability=fsync` against a real Valkey: fakeredis has no disk."""

from pathlib import Path

import pytest

from config.sections import JobSettings, RedisSettings
from jobs.errors import StoreUnavailable
from jobs.state import JobState
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from tests.acceptance.mortal import Server
from tests.store.build import spec


async def test_fsync_answers_once_the_disk_has_it_or_says_that_it_has_not(valkey: str) -> None:
    redis = connect(RedisSettings(url=valkey))
    store = JobStore(redis, "q", JobSettings(), fsync_ms=2_000)
    try:
        with pytest.raises(StoreUnavailable, match="WAITAOF"):
            await store.submit("job_a", spec(), {}, 10)
        await redis.config_set("appendonly", "yes")
        assert (await store.submit("job_b", spec(), {}, 10)).state is JobState.QUEUED
        assert (await store.submit("job_b", spec(), {}, 10)).id == "job_b"
        await redis.config_set("appendonly", "no")
        with pytest.raises(StoreUnavailable, match="WAITAOF"):  # sent again: the same is promised
            await store.submit("job_b", spec(), {}, 10)
        with pytest.raises(StoreUnavailable, match="WAITAOF"):
            await store.submits.settle()
    finally:
        await redis.config_set("appendonly", "no")
        await redis.aclose(close_connection_pool=True)


async def test_what_was_accepted_with_fsync_outlives_redis(tmp_path: Path) -> None:
    server = Server(tmp_path / "valkey")
    server.config["appendfsync"] = "everysec"
    server.kill()
    server.start()
    redis = connect(RedisSettings(url=f"redis://127.0.0.1:{server.port}"))
    store = JobStore(redis, "q", JobSettings(), fsync_ms=5_000)
    try:
        for number in range(20):
            await store.submit(f"job_{number}", spec(), {"df": b"1"}, 100)
        server.kill()
        server.start()
        found = [await store.get(f"job_{number}") for number in range(20)]
        assert [job.state for job in found if job] == [JobState.QUEUED] * 20
    finally:
        await redis.aclose(close_connection_pool=True)
        server.kill()


async def test_a_redis_that_knows_no_fsync_is_named(valkey: str) -> None:
    redis = connect(RedisSettings(url=valkey))
    try:
        await redis.execute_command("ACL", "SETUSER", "old", "on", ">pw", "~*", "&*", "+@all", "-waitaof")
        old = connect(RedisSettings(url=f"{valkey}?username=old&password=pw"))
        with pytest.raises(StoreUnavailable, match="durability=fsync could not be kept"):
            await JobStore(old, "q", JobSettings(), fsync_ms=2_000).submit("job_a", spec(), {}, 10)
        await old.aclose(close_connection_pool=True)
    finally:
        await redis.execute_command("ACL", "DELUSER", "old")
        await redis.aclose(close_connection_pool=True)
