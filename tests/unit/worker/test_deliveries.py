"""The deliveries of a worker, where sending itself is at fault: on a queue in memory."""

import asyncio
from collections.abc import Callable, Sequence

import fakeredis
from redis.asyncio import ConnectionPool

from config import Settings
from config.sections import JobSettings
from jobs.model import Outcome, Webhook
from jobs.state import JobState
from jobs.store import deliveries
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis, deserialize, end, serialize
from jobs.webhooks.sender import Answer
from jobs.webhooks.signing import new_secret
from jobs.worker.deliveries import Deliveries
from tests.acceptance.running import until
from tests.store.build import spec


class Faulty:
    """Raises at first, and delivers then."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []

    async def send(self, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        self.sent.append(dict(headers))
        if len(self.sent) == 1:
            raise RuntimeError("a fault")
        return Answer(200)


async def test_a_fault_is_a_try_that_failed(settings: Callable[..., Settings]) -> None:
    pool = ConnectionPool(
        connection_class=fakeredis.FakeAsyncRedisConnection, server=fakeredis.FakeServer(version=(7,))
    )
    redis = Redis(pool, job_serializer=serialize, job_deserializer=deserialize, default_queue_name="arq:queue")
    store, sender = JobStore(redis, "arq:queue", JobSettings()), Faulty()
    await store.submit("job_a", spec(webhook=Webhook(url="https://a.example/", events=("job.succeeded",))), {}, 9)
    (claim,) = (await store.claim("w", 1, 10_000)).taken
    await store.finish(claim, JobState.SUCCEEDED, Outcome(), result_ttl_s=100)
    ours = Deliveries(store, settings(webhooks={"secrets": {"t": [new_secret()]}, "first_retry_s": 0.01}), sender)
    keeping = asyncio.create_task(ours.keep())

    async def made() -> bool:
        return len(await deliveries.read(redis, "job_a")) == 2

    await until(made)
    first, second = await deliveries.read(redis, "job_a")
    assert (first.status, second.status) == (None, 200)
    assert "fault of framequeue" in str(first.error)
    assert {headers["webhook-id"] for headers in sender.sent} == {"job_a:succeeded"}
    assert "traceparent" not in sender.sent[0], "the job has no trace"
    await ours.stop({})
    await end(keeping)
    await redis.aclose(close_connection_pool=True)
