"""`durability=fsync` against a real Valkey: fakeredis has no disk."""

import pytest

from config.sections import JobSettings, RedisSettings
from jobs.errors import StoreUnavailable
from jobs.state import JobState
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from tests.store.build import spec


async def test_fsync_answers_once_the_disk_has_it_or_says_that_it_has_not(valkey: str) -> None:
    redis = connect(RedisSettings(url=valkey))
    store = JobStore(redis, "q", JobSettings(), fsync_ms=2_000)
    try:
        with pytest.raises(StoreUnavailable, match="WAITAOF"):
            await store.submit("job_a", spec(), {}, 10)
        await redis.config_set("appendonly", "yes")
        assert (await store.submit("job_b", spec(), {}, 10)).state is JobState.QUEUED
    finally:
        await redis.config_set("appendonly", "no")
        await redis.aclose(close_connection_pool=True)
