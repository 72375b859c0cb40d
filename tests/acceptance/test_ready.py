"""What /readyz and the counts say of a worker process that hangs, and of one that is killed."""

import os
import signal
from pathlib import Path

import pytest

from config import Settings
from jobs import metrics
from jobs.queue import JobQueue
from jobs.store.metrics import counted
from jobs.store.redis import Redis
from tests.acceptance.running import submit, until
from tests.acceptance.test_supervisor import WORKER, environment, running, start

pytestmark = pytest.mark.timeout(300)


async def test_the_only_worker_hangs_and_is_killed(
    valkey: str, tmp_path: Path, ours: Settings, queue: JobQueue, redis: Redis
) -> None:
    """Contract: /readyz tells what is wrong: the only worker hangs."""
    extra = environment(valkey, FRAMEQUEUE_WORKER__LEASE_S="2", FRAMEQUEUE_WORKER__STANDBY="false")
    with running(WORKER, tmp_path / "log", extra) as supervised:
        await submit(queue, [{"op": "nap", "seconds": 0}], wait_s=60)

        async def well() -> bool:
            health = await queue.health()
            return health.workers == 1 and not health.problems

        await until(well, 60)
        await start(queue, [{"op": "hold_gil", "seconds": 200}], timeout_s=300)

        async def hangs() -> bool:
            return any("hangs: nothing was heard for" in one for one in (await queue.health()).problems)

        await until(hangs, 60)
        (pid,) = supervised.workers()
        os.kill(pid, signal.SIGKILL)

        async def lost() -> bool:
            found = await counted(redis)
            return found.get(metrics.WORKERS_LOST.name) == 1 and found.get(metrics.ATTEMPTS_LOST.name) == 1

        await until(lost, 60)
