"""Cancels that meet a real worker: each job ends once, and says so once."""

import asyncio
import random

from jobs.queue import JobQueue
from jobs.store import keys
from jobs.store.redis import Redis
from tests.acceptance.running import GROUPED, Running, submit

ROUNDS = 40
ENDS = {"job.succeeded", "job.failed", "job.canceled"}


async def kinds(redis: Redis, job_id: str) -> list[str]:
    return [fields[b"type"].decode() for _, fields in await redis.xrange(keys.events(job_id))]


async def test_a_cancel_that_races_the_end(queue: JobQueue, worker: Running, redis: Redis) -> None:
    """Contract: the first terminal transition wins; there is one terminal event, and it is the state's."""
    states = set()
    for _ in range(ROUNDS):
        job = await submit(queue, GROUPED, wait_s=0)
        await asyncio.sleep(random.uniform(0, 0.01))
        asked = await asyncio.gather(*(queue.cancel("t", job.id) for _ in range(3)))
        ended = await queue.wait("t", job.id, 20)
        assert ended.state.terminal
        # what was answered as the end stays the end
        assert {one.state for one in asked if one.state.terminal} <= {ended.state}
        told = await kinds(redis, job.id)
        assert [kind for kind in told if kind in ENDS] == [f"job.{ended.state}"] == told[-1:]
        states.add(ended.state)
    assert len(states) > 1, "nothing raced"
