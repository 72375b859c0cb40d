"""A cancel that meets the end of its job: whoever comes first, the job ends once."""

import asyncio
import random

import redis as sync_redis

from jobs.model import Job, Outcome
from jobs.state import JobState
from jobs.store import keys
from jobs.store.jobs import JobStore
from jobs.store.redis import Redis
from tests.store.build import spec

ROUNDS = 500
ENDS = {b"job.succeeded", b"job.failed", b"job.canceled"}


async def work(store: JobStore, worker: str) -> None:
    """What a worker does with a job: claim it, hear of a cancel, end it, twice where the answer was lost."""
    for claim in (await store.claim(worker, 1, 60_000)).taken:
        told = await store.renew(f"{worker} fp", 60_000, [(claim.id, claim.token)])
        state = JobState.CANCELED if told == ["cancel"] else random.choice([JobState.SUCCEEDED, JobState.FAILED])
        for _ in range(2):
            await store.finish(claim, state, Outcome(), result_ttl_s=100)


async def cancel(store: JobStore, job: Job) -> None:
    """After a few round trips: before, amid or behind what the worker does."""
    for _ in range(random.randrange(8)):
        await store.redis.ping()
    await store.cancel(job)


async def test_five_hundred_races_end_each_job_once(store: JobStore, redis: Redis, client: "sync_redis.Redis") -> None:
    """Contract: the first terminal transition wins, whatever races it; one terminal event."""
    for number in range(ROUNDS):
        job = await store.submit(f"job_{number}", spec(), {}, 10)
        parts = [cancel(store, job), work(store, "w"), cancel(store, job)]
        random.shuffle(parts)
        await asyncio.gather(*parts)
        # where the cancel came before the claim there was nothing to claim; where between, the worker has ended it
        ended = await store.get(job.id)
        assert ended is not None
        assert ended.state.terminal
        last = [(fields[b"type"], fields[b"version"]) for _, fields in client.xrange(keys.events(job.id))]
        assert [kind for kind, _ in last if kind in ENDS] == [f"job.{ended.state}".encode()]
        assert last[-1] == (f"job.{ended.state}".encode(), str(ended.version).encode())
    outcomes = {client.hget(keys.job(f"job_{number}"), "state") for number in range(ROUNDS)}
    assert b"canceled" in outcomes
    assert len(outcomes) > 1, "nothing raced"
    assert client.zcard(store.queue) == 0
