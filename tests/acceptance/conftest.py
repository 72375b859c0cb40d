"""A queue, a client and a worker on a real Valkey; and what holds after every test: nothing has leaked into Redis."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from redis import Redis as SyncRedis

from config import Settings
from config.sections import RedisSettings
from jobs.queue import JobQueue
from jobs.store.connection import connect
from jobs.store.redis import Redis
from tests.acceptance.running import Running
from tests.store.no_leaks import leaks


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Looks at the shared Valkey when the test and its processes are done, where the test used it."""
    url = request.getfixturevalue("valkey") if "valkey" in request.fixturenames else None
    yield
    if url is not None:
        with SyncRedis.from_url(url) as client:
            client.config_set("maxmemory", "0")
            assert leaks(client, RedisSettings().queue) == []


@pytest.fixture
def ours(settings: Callable[..., Settings], valkey: str) -> Settings:
    """The settings of the fixtures below; a module with others has its own."""
    return settings(redis={"url": valkey}, transforms={"modules": ("tests.acceptance.own",)})


@pytest.fixture
async def queue(ours: Settings) -> AsyncIterator[JobQueue]:
    """What the service calls."""
    queue = JobQueue.from_settings(ours)
    await queue.start()
    yield queue
    await queue.close()


@pytest.fixture
async def redis(ours: Settings) -> AsyncIterator[Redis]:
    """A client on the same Redis."""
    client = connect(ours.redis)
    yield client
    await client.aclose(close_connection_pool=True)


@pytest.fixture
async def worker(ours: Settings, queue: JobQueue) -> AsyncIterator[Running]:
    """A worker in this process."""
    running = Running(ours)
    yield running
    await running.stop()
