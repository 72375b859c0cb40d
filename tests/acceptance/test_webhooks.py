"""Webhooks from end to end: a real worker, a receiver on loopback, and what goes wrong between them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier

from config import Settings
from jobs.model import Job, Webhook
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store.deliveries import Try
from jobs.webhooks.events import EVENTS
from jobs.webhooks.signing import new_secret
from tests.acceptance.mortal import Server
from tests.acceptance.running import GROUPED, Running, submit, until
from tests.receiver import Receiver, answer

NO_ADDRESS = "the host is not known, or its address is not a public one"
OLD, NEW = new_secret(), new_secret()
WEBHOOKS = {"allow_hosts": "127.0.0.1", "secrets": {"t": [OLD, NEW]}, "first_retry_s": 0.1, "timeout_s": 10}
_WORK = """
import json, sys
from config import load
from jobs.worker.main import run
sys.exit(run(load(env_file=None, **json.loads(sys.argv[1]))))
"""


@pytest.fixture
def ours(settings: Callable[..., Settings], valkey: str) -> Settings:
    return settings(
        redis={"url": valkey},
        api={"public_url": "https://api.example.com"},
        transforms={"modules": ("tests.acceptance.own",)},
        webhooks=WEBHOOKS,
    )


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


@contextmanager
def process(redis_url: str, **webhooks: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker process."""
    sections = json.dumps({"redis": {"url": redis_url}, "webhooks": WEBHOOKS | webhooks})
    started = subprocess.Popen([sys.executable, "-c", _WORK, sections], cwd=Path(__file__).parents[2])
    try:
        yield started
    finally:
        started.kill()
        started.wait(timeout=20)


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """A worker in this process."""
    running = Running(settings)
    try:
        yield
    finally:
        await running.stop()


async def told(
    queue: JobQueue, receiver: Receiver, pipeline: list[dict[str, object]] = GROUPED, **fields: object
) -> Job:
    """A submitted job whose end is told to the receiver."""
    webhook = Webhook(url=receiver.url, events=EVENTS)
    return await submit(queue, pipeline, **{"webhook": webhook, "trace_id": "ab" * 16, "wait_s": 0, **fields})  # type: ignore[arg-type]


async def tries(queue: JobQueue, job: Job, within_s: float = 30) -> tuple[Try, ...]:
    """All tries, once none follows."""

    async def over() -> tuple[Try, ...]:
        made = await queue.deliveries("t", job.id)
        return made if made and made[-1].next_ms is None else ()

    made: tuple[Try, ...] = await until(over, within_s)
    return made


async def test_the_end_of_a_job_is_told_and_signed(queue: JobQueue, worker: Running, receiver: Receiver) -> None:
    """Contract: Webhooks: Standard Webhooks signatures, a secret per tenant, two during rotation."""
    job = await told(queue, receiver, labels={"team": "pricing"})
    (made,) = await tries(queue, job)
    assert (made.attempt, made.status, made.error, made.url) == (1, 204, None, receiver.url)
    (got,) = receiver.received
    for secret in (OLD, NEW):
        body = Verifier(secret).verify(got.body, got.headers)
    assert (body["type"], body["data"]["job_id"]) == ("job.succeeded", job.id)
    assert body["data"]["result"]["rows"] == 2
    assert body["data"]["labels"] == {"team": "pricing"}
    assert body["data"]["links"]["self"] == f"https://api.example.com/v1/jobs/{job.id}"
    ended = await queue.get("t", job.id)
    assert (body["data"]["state"], body["data"]["version"]) == (ended.state, ended.version)
    assert got.headers["webhook-id"] == made.id == f"{job.id}:succeeded"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["traceparent"].split("-")[:2] == ["00", "ab" * 16]


@pytest.mark.parametrize(
    ("pipeline", "event", "code"),
    [([{"op": "boom", "message": "no"}], "job.failed", "transform.failed"), (GROUPED, "job.succeeded", None)],
)
async def test_the_other_ends_are_told_too(
    queue: JobQueue,
    worker: Running,
    receiver: Receiver,
    pipeline: list[dict[str, object]],
    event: str,
    code: str | None,
) -> None:
    job = await told(queue, receiver, pipeline)
    (made,) = await tries(queue, job)
    body = json.loads(receiver.received[0].body)
    assert made.event == body["type"] == event
    assert (body["data"]["error"] or {}).get("code") == code


async def test_a_cancel_that_no_worker_sees_is_told(queue: JobQueue, worker: Running, receiver: Receiver) -> None:
    job = await told(queue, receiver, delay_s=1_000)
    assert (await queue.cancel("t", job.id)).state is JobState.CANCELED
    (made,) = await tries(queue, job)
    body = json.loads(receiver.received[0].body)
    assert made.event == body["type"] == "job.canceled"
    assert body["data"]["error"]["code"] == "job.canceled"


async def test_what_fails_is_tried_again_with_the_same_id(queue: JobQueue, worker: Running, receiver: Receiver) -> None:
    """Contract: GET /v1/jobs/{id}/deliveries shows each try."""
    receiver.replies = [answer(500), answer(302, "location: /x"), answer(204)]
    job = await told(queue, receiver)
    made = await tries(queue, job)
    assert [(one.attempt, one.status) for one in made] == [(1, 500), (2, 302), (3, 204)]
    assert [one.next_ms is None for one in made] == [False, False, True]
    assert {got.headers["webhook-id"] for got in receiver.received} == {f"{job.id}:succeeded"}
    assert len({got.body for got in receiver.received}) == 1


async def test_gone_is_for_good(queue: JobQueue, worker: Running, receiver: Receiver) -> None:
    receiver.replies = [answer(410)]
    (made,) = await tries(queue, await told(queue, receiver))
    assert (made.status, made.next_ms) == (410, None)


async def test_only_what_was_asked_for_is_told(queue: JobQueue, worker: Running, receiver: Receiver) -> None:
    quiet = await told(queue, receiver, webhook=Webhook(url=receiver.url, events=("job.failed",)))
    await queue.wait("t", quiet.id, 20)
    loud = await told(queue, receiver)
    await tries(queue, loud)
    assert await queue.deliveries("t", quiet.id) == ()
    assert len(receiver.received) == 1


async def test_what_is_refused_is_a_try_that_failed(
    settings: Callable[..., Settings], valkey: str, queue: JobQueue, receiver: Receiver
) -> None:
    """Contract: loopback always refused after resolution unless the allow-list names that very address."""
    strict = settings(redis={"url": valkey}, webhooks=WEBHOOKS | {"allow_hosts": "localhost", "give_up_s": 0})
    webhook = Webhook(url=f"http://localhost:{receiver.port}/", events=EVENTS)
    async with working(strict):
        (made,) = await tries(queue, await told(queue, receiver, webhook=webhook))
    assert (made.status, made.error) == (None, NO_ADDRESS)
    assert receiver.connections == 0


async def test_without_a_secret_nothing_is_sent(
    settings: Callable[..., Settings], valkey: str, queue: JobQueue, receiver: Receiver
) -> None:
    async with working(settings(redis={"url": valkey}, webhooks={"allow_hosts": "127.0.0.1", "give_up_s": 0})):
        (made,) = await tries(queue, await told(queue, receiver))
    assert "no secret" in str(made.error)
    assert receiver.connections == 0


async def test_a_slow_receiver_takes_no_jobs_slot(queue: JobQueue, worker: Running, receiver: Receiver) -> None:
    free = asyncio.Event()

    async def slow(writer: asyncio.StreamWriter) -> None:
        await free.wait()
        await answer(204)(writer)

    receiver.replies = [slow]
    slow_ones = [await told(queue, receiver) for _ in range(4)]  # the worker has two slots
    await until(lambda: len(receiver.received) == 4, 30)
    assert (await submit(queue, GROUPED, wait_s=30)).state is JobState.SUCCEEDED
    free.set()
    for job in slow_ones:
        assert [one.status for one in await tries(queue, job)] == [204]


async def hanging(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(600)


async def test_a_worker_killed_in_mid_delivery_is_followed_by_another(
    valkey: str, queue: JobQueue, receiver: Receiver
) -> None:
    """Contract: retried for a day; a try whose worker dies is made again."""
    receiver.replies = [hanging, answer(204)]
    with process(valkey, timeout_s=1) as first:
        job = await told(queue, receiver)
        await until(lambda: receiver.received, 30)
        first.kill()
        first.wait(timeout=20)
    with process(valkey, timeout_s=1):
        (made,) = await tries(queue, job, 60)
    assert (made.attempt, made.status) == (2, 204), "the number that is left out is the try that was lost"
    ids = [got.headers["webhook-id"] for got in receiver.received]
    assert ids == [f"{job.id}:succeeded"] * 2


async def test_a_worker_that_ends_hands_back_what_it_was_telling(
    valkey: str, queue: JobQueue, receiver: Receiver
) -> None:
    receiver.replies = [hanging, answer(204)]
    with process(valkey, timeout_s=60) as first:
        job = await told(queue, receiver)
        await until(lambda: receiver.received, 30)
        os.kill(first.pid, signal.SIGTERM)
        assert await asyncio.to_thread(first.wait, 40) == 0
    with process(valkey, timeout_s=60):  # its lease would hold for a minute more
        (made,) = await tries(queue, job, 40)
    assert (made.attempt, made.status) == (1, 204), "the try that was handed back does not count"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "valkey")
    yield server
    server.kill()


async def test_redis_restarts_between_and_during_tries(
    settings: Callable[..., Settings], server: Server, receiver: Receiver
) -> None:
    """Contract: retried with backoff; what was told is told once, though Redis was away when it was."""
    url = f"redis://127.0.0.1:{server.port}"
    mine = settings(redis={"url": url, "connect_timeout_s": 1, "command_timeout_s": 1}, webhooks=WEBHOOKS)
    queue, running = JobQueue.from_settings(mine), Running(mine)
    await queue.start()
    restarted = asyncio.Event()

    async def while_redis_is_away(writer: asyncio.StreamWriter) -> None:
        server.kill()
        await answer(204)(writer)
        await restarted.wait()

    receiver.replies = [answer(503), while_redis_is_away]
    job = await told(queue, receiver)
    await until(lambda: len(receiver.received) == 2, 30)
    await asyncio.sleep(0.5)  # long enough for the answer to meet the outage; nothing depends on it
    server.start()
    restarted.set()
    made = await tries(queue, job, 60)
    assert [(one.attempt, one.status) for one in made] == [(1, 503), (2, 204)]
    assert len(receiver.received) == 2
    await running.stop()
    await queue.close()


async def test_a_receiver_that_hangs_does_not_keep_others_waiting(
    settings: Callable[..., Settings], valkey: str, queue: JobQueue, receiver: Receiver
) -> None:
    mine = WEBHOOKS | {"concurrency": 4, "timeout_s": 2, "allow_hosts": "127.0.0.1, 127.0.0.2"}
    slots = settings(redis={"url": valkey}, webhooks=mine)
    async with working(slots), Receiver(replies=[hanging], host="127.0.0.2") as stuck:
        for _ in range(12):
            await told(queue, stuck)
        await until(lambda: len(stuck.received) >= 4, 30)
        job = await told(queue, receiver)
        assert [one.status for one in await tries(queue, job, 60)] == [204]
        assert len(stuck.received) < 12, "told while others still wait for their first try"
