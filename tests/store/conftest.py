"""One suite, two servers: fakeredis and a real Valkey."""

from collections.abc import AsyncIterator, Iterator

import fakeredis
import pytest
import redis as sync_redis
from redis.asyncio import ConnectionPool

from config.sections import JobSettings, RedisSettings
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis, deserialize, serialize
from tests.store.no_leaks import leaks

QUEUE = "arq:queue"


@pytest.fixture(params=["fakeredis", "valkey"])
def server(request: pytest.FixtureRequest) -> str | fakeredis.FakeServer:
    """An empty server: the URL of a real one, or fakeredis'."""
    if request.param == "valkey":
        return str(request.getfixturevalue("valkey"))
    return fakeredis.FakeServer(version=(7,))


@pytest.fixture
def client(server: str | fakeredis.FakeServer) -> Iterator["sync_redis.Redis"]:
    """A plain client on that server, which finds nothing leaked at the end of the test."""
    url = isinstance(server, str)
    with sync_redis.Redis.from_url(server) if url else fakeredis.FakeRedis(server=server) as client:
        yield client
        assert leaks(client, QUEUE) == []


@pytest.fixture
async def redis(server: str | fakeredis.FakeServer, client: "sync_redis.Redis") -> AsyncIterator[Redis]:
    """The store's client on that server."""
    if isinstance(server, str):
        ours = connect(RedisSettings(url=server, queue=QUEUE))
    else:
        pool = ConnectionPool(connection_class=fakeredis.FakeAsyncRedisConnection, server=server)
        ours = Redis(pool, job_serializer=serialize, job_deserializer=deserialize, default_queue_name=QUEUE)
    yield ours
    await ours.aclose(close_connection_pool=True)


@pytest.fixture
def store(redis: Redis) -> JobStore:
    return JobStore(redis, QUEUE, JobSettings())
