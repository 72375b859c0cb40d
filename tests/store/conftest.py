"""One suite, two servers: fakeredis and a real Valkey."""

from collections.abc import AsyncIterator

import fakeredis
import pytest
from redis.asyncio import ConnectionPool

from config.sections import JobSettings, RedisSettings
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis, deserialize, serialize

QUEUE = "arq:queue"


@pytest.fixture(params=["fakeredis", "valkey"])
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[Redis]:
    """The store's client on an empty server."""
    if request.param == "valkey":
        client = connect(RedisSettings(url=request.getfixturevalue("valkey")))
    else:
        pool = ConnectionPool(
            connection_class=fakeredis.FakeAsyncRedisConnection, server=fakeredis.FakeServer(version=(7,))
        )
        client = Redis(pool, job_serializer=serialize, job_deserializer=deserialize, default_queue_name=QUEUE)
    yield client
    await client.aclose(close_connection_pool=True)


@pytest.fixture
def store(redis: Redis) -> JobStore:
    return JobStore(redis, QUEUE, JobSettings())
