"""The worker process: what `framequeue worker` runs."""

import asyncio
import gc
import logging
import os
import random
import secrets
import socket
from typing import Any

import uvloop
from arq.worker import func

from config import Settings
from jobs.pipeline import ParsedPipelines
from jobs.state import JobState
from jobs.store.jobs import FUNCTION, Claim, JobStore
from jobs.store.redis import connect
from jobs.transforms.catalogue import load_catalogue
from jobs.worker import attempt
from jobs.worker.leases import LeaseKeeper
from jobs.worker.threads import Stop, ThreadPool
from jobs.worker.worker import Worker

logger = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Run jobs until SIGTERM or SIGINT, drain, and return the exit code."""
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    pool = ThreadPool(settings.worker.threads or max(2, os.cpu_count() or 1))
    code = 1
    try:
        worker = build(settings, pool, handle_signals=False)
        # uvloop drops a signal that comes before its loop runs; until then it ends the process, as during the imports
        loop.call_soon(worker.heed_signals)
        # what was imported stays: without this a full collection walks all of pandas again and again
        gc.collect()
        gc.freeze()
        worker.run()
        code = 0
    finally:
        pool.close()
        if pool.running:
            # their jobs are handed back; the interpreter would wait for these threads for ever
            logging.shutdown()
            os._exit(code)
    return code


def build(settings: Settings, pool: ThreadPool, **arq_options: Any) -> Worker:
    """A worker on the settings' Redis; needs a current event loop."""
    worker_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    catalogue = load_catalogue(settings.transforms.modules)
    store = JobStore(connect(settings.redis), settings.redis.queue, settings.jobs)
    shop = attempt.Workshop(store, pool, catalogue, ParsedPipelines(catalogue), settings, worker_id, random.Random())  # noqa: S311  # jitter
    leases = LeaseKeeper(store, f"{worker_id} {catalogue.fingerprint}", settings.worker.lease_s)

    async def run_attempt(claim: Claim, stop: Stop) -> JobState | None:
        return await attempt.run(shop, claim, stop)

    options: dict[str, Any] = {
        "max_jobs": pool.size,
        "poll_delay": settings.worker.poll_s,
        "job_completion_wait": settings.worker.drain_s,
        "health_check_interval": 30,
        "job_serializer": store.redis.job_serializer,
        "job_deserializer": store.redis.job_deserializer,
        "log_results": False,
    }
    return Worker(
        [func(_not_called, name=FUNCTION)],
        store=store,
        leases=leases,
        worker_id=worker_id,
        run_attempt=run_attempt,
        **options | arq_options,
    )


async def _not_called(ctx: dict[Any, Any]) -> None:
    """What ARQ would call for a framequeue job whose record is gone: there is nothing left to run."""
    logger.warning("job %s has no record any more; nothing was run", ctx["job_id"])
