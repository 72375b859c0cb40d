"""What holds after every test with real processes: nothing has leaked into Redis."""

from collections.abc import Iterator

import pytest
import redis

from config.sections import RedisSettings
from tests.store.no_leaks import leaks


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Looks at the shared Valkey when the test and its processes are done, where the test used it."""
    url = request.getfixturevalue("valkey") if "valkey" in request.fixturenames else None
    yield
    if url is not None:
        with redis.Redis.from_url(url) as client:
            client.config_set("maxmemory", "0")
            assert leaks(client, RedisSettings().queue) == []
