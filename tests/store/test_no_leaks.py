"""The checker itself: each kind of leak is seen, and what is in order is not."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis as sync_redis

from jobs.model import Outcome
from jobs.state import JobState
from jobs.store import keys
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from tests.store.build import spec
from tests.store.no_leaks import leaks
from tests.store.test_blobs import write


@pytest.fixture
def leaky(redis: Redis, client: "sync_redis.Redis") -> Iterator["sync_redis.Redis"]:
    """The test leaves garbage: it is gone before the fixture of all tests looks."""
    yield client
    client.flushall()


async def test_live_and_ended_jobs_leak_nothing(store: JobStore, redis: Redis, client: "sync_redis.Redis") -> None:
    for name in ("job_a", "job_b", "job_c"):
        await store.submit(name, spec(await write(redis, b"abc")), {"df": b"1"}, 10)
    claims = (await store.claim("w", 2, 10_000)).taken
    await store.renew("w fp", 10_000, [(claim.id, claim.token) for claim in claims])
    await store.finish(claims[0], JobState.SUCCEEDED, Outcome(), result=b"1", result_ttl_s=100)
    await redis.enqueue_job("plain", 1)
    assert leaks(client, store.queue) == []


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("SET", "stray", "1"), "'stray' is no key of ours"),
        (("SET", "framequeue:job:job_a", "1"), "is a string, not a hash"),
        (("SET", "framequeue:job:job_a:result", "1"), "'framequeue:job:job_a:result' has no TTL"),
        (("HSET", "framequeue:job:job_a", "state", "queued"), "no owner that is alive: the live job"),
        (("HSET", "framequeue:job:job_a:inputs", "df", "1"), "no owner that is alive: the live job"),
        (("HSET", "framequeue:blob:blb_a", "0", "1"), "no owner that is alive: the live jobs that refer to it"),
        (("SET", keys.arq_job("job_a"), "1"), "no owner that is alive: the live job"),
        (("SET", keys.lease("job_a"), "1"), "has no TTL"),
        (("ZADD", "arq:queue", "1", "job_a"), "no owner that is alive: the queue"),
        (("LPUSH", "arq:queue:wake", "1", "1"), "no owner that is alive: the queue"),
    ],
)
def test_each_leak_is_seen(leaky: "sync_redis.Redis", command: tuple[Any, ...], says: str) -> None:
    leaky.execute_command(*command)
    (found,) = leaks(leaky, "arq:queue")
    assert says in found
