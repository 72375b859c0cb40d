"""The wake flag of a queue: what an idle worker sleeps on."""

from jobs.store import keys
from jobs.store.redis import Redis, translated


async def wait(redis: Redis, queue: str, timeout_s: float) -> None:
    """Block until a submit raises the flag, at most `timeout_s`; other waiters of this queue sleep on."""
    with translated():
        await redis.blpop([keys.wake(queue)], timeout=timeout_s)  # type: ignore[arg-type, misc]  # float is fine


async def raise_flag(redis: Redis, queue: str) -> None:
    """Raise it again: a worker that may have taken it is going away."""
    with translated():
        await redis.lpush(keys.wake(queue), 1)  # type: ignore[misc]  # stub: sync or async
        await redis.ltrim(keys.wake(queue), 0, 0)  # type: ignore[misc]  # same
