"""A worker in this process, for tests: on a real Valkey, with what they ask of it."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from config import Settings
from jobs.codecs.table import by_name
from jobs.model import Input, Job, JobSpec
from jobs.queue import JobQueue
from jobs.results import Results, View
from jobs.store.redis import end
from jobs.worker.main import build
from jobs.worker.stop import DrainedError
from jobs.worker.threads import ThreadPool
from jobs.worker.worker import Worker

RECORDS = [{"region": "NS"[n % 2], "amount": n} for n in range(10)]
GROUPED = [{"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"]}}]


class Running:
    """A worker that runs in this loop."""

    def __init__(self, settings: Settings, threads: int = 2, **options: Any) -> None:
        self.pool = ThreadPool(threads)
        self.worker: Worker = build(settings, self.pool, handle_signals=False, **options)
        self.task = asyncio.create_task(self.worker.async_run())

    async def pause(self) -> None:
        """Stop claiming and renewing, as a frozen process does; its threads go on."""
        self.worker._stopping = True
        await end(self.task)
        for task in self.worker._beside:
            await end(task)

    async def stop(self) -> None:
        await self.pause()
        self.worker._leases.stop_all(DrainedError())
        await asyncio.gather(*self.worker.tasks.values(), return_exceptions=True)
        await self.worker.pool.aclose(close_connection_pool=True)
        self.pool.close()


async def submit(queue: JobQueue, pipeline: list[dict[str, Any]], wait_s: float = 10, **fields: Any) -> Job:
    async with queue.upload(media_type="application/json", orient="records") as upload:
        await upload.write(json.dumps(fields.pop("records", RECORDS)).encode())
        staged = await upload.finish()
    spec = JobSpec(
        tenant="t",
        pipeline=pipeline,
        inputs={"df": Input(payload=staged.ref)},
        timeout_s=20,
        max_attempts=3,
        delay_s=0,
        result_ttl_s=60,
    ).changed(**fields)
    return await queue.submit(spec, {"df": staged}, wait_s=wait_s)


async def records(queue: JobQueue, job: Job) -> Any:
    rendering = await Results(queue).of_job(job, View(codec=by_name("json")))
    return json.loads(b"".join([chunk async for chunk in rendering.chunks]))


async def until(condition: Callable[[], Any], within_s: float = 10) -> Any:
    """Poll until it holds; a test's own patience, not a figure."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")
