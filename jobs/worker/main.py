"""The worker process: what `framequeue worker` runs."""

import asyncio
import gc
import logging
import os
import random
import secrets
import signal
import socket
from typing import Any

import uvloop
from arq.worker import func

from config import Settings
from jobs.pipeline import ParsedPipelines
from jobs.state import JobState
from jobs.store.claims import Claim
from jobs.store.connection import connect
from jobs.store.submits import FUNCTION
from jobs.tracing import Tracing
from jobs.transforms.catalogue import Catalogue, load_catalogue
from jobs.worker import attempt, capture
from jobs.worker.admission import Admission, memory_budget
from jobs.worker.deliveries import Deliveries
from jobs.worker.housekeeping import Housekeeping
from jobs.worker.leases import LeaseKeeper
from jobs.worker.link import Link
from jobs.worker.metrics import Meter
from jobs.worker.observed import ObservedStore
from jobs.worker.standby import Standby
from jobs.worker.stop import Stop
from jobs.worker.threads import ThreadPool
from jobs.worker.worker import Worker

logger = logging.getLogger(__name__)


def run(settings: Settings, standby: Standby | None = None) -> int:
    """Wait where this is a standby; then run jobs until SIGTERM or SIGINT, drain, and return the exit code."""
    catalogue = load_catalogue(settings.transforms.modules)
    logger.debug("the catalogue is %s", catalogue.fingerprint)  # computed once, and kept
    # what was imported stays: without this a full collection walks all of pandas again and again
    gc.collect()
    gc.freeze()
    if standby is not None:
        standby.wait()
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    pool = ThreadPool(settings.worker.threads or max(2, os.cpu_count() or 1), settings.worker.nice)
    code = 1
    try:
        worker = build(settings, pool, catalogue=catalogue, link=Link.from_environment(), handle_signals=False)
        # uvloop drops a signal that comes before its loop runs; until then it ends the process, as during the imports
        loop.call_soon(worker.heed_signals)
        os.register_at_fork(after_in_child=_leave_signals_alone)
        with capture.installed():
            worker.run()
        code = 0
    finally:
        pool.close()
        if pool.running:
            # their jobs are handed back; the interpreter would wait for these threads for ever
            logging.shutdown()
            os._exit(code)
    return code


def _leave_signals_alone() -> None:
    """In a process that a transform forks: its signals are not ours, though it has our handlers and their socket."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def build(
    settings: Settings,
    pool: ThreadPool,
    *,
    catalogue: Catalogue | None = None,
    link: Link | None = None,
    **arq_options: Any,
) -> Worker:
    """A worker on the settings' Redis, which tells its supervisor over `link`; needs a current event loop."""
    worker_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    catalogue = catalogue or load_catalogue(settings.transforms.modules)
    store = _store(settings, Meter(worker_id, pool, catalogue))
    link = link or Link(None)
    admission = Admission(memory_budget(settings.worker.memory_bytes))
    shop = attempt.Workshop(
        store=store,
        pool=pool,
        catalogue=catalogue,
        parsed=ParsedPipelines(catalogue),
        settings=settings,
        worker=worker_id,
        chance=random.Random(),  # noqa: S311  # jitter
        admission=admission,
        link=link,
    )
    info = f"{worker_id} {catalogue.fingerprint}"
    leases = LeaseKeeper(store, info, settings.worker.lease_s)
    link.hello(worker_id, info)

    deliveries = Deliveries(store, settings, tracing=store.tracing, counts=store.meter.counts)

    async def run_attempt(claim: Claim, stop: Stop) -> JobState | None:
        state = await attempt.run(shop, claim, stop)
        if state is not None:
            deliveries.wake()
        return state

    return Worker(
        [func(_not_called, name=FUNCTION)],
        store=store,
        leases=leases,
        admission=admission,
        link=link,
        worker_id=worker_id,
        run_attempt=run_attempt,
        beside=deliveries.keep,
        **_options(settings, store, pool, deliveries) | arq_options,
    )


def _store(settings: Settings, meter: Meter) -> ObservedStore:
    redis, tracing = connect(settings.redis), Tracing.from_settings(settings.telemetry, "worker")
    return ObservedStore(redis, settings.redis.queue, settings.jobs, meter=meter, tracing=tracing)


def _options(settings: Settings, store: ObservedStore, pool: ThreadPool, deliveries: Deliveries) -> dict[str, Any]:
    """What ARQ's own worker is told."""
    housekeeping = Housekeeping(store.redis, store.queue)

    async def on_shutdown(ctx: dict[Any, Any]) -> None:
        await deliveries.stop(ctx)
        await store.last_words(ctx)

    return {
        "max_jobs": pool.size,
        "poll_delay": settings.worker.poll_s,
        "job_completion_wait": settings.worker.drain_s,
        "health_check_interval": 30,
        "job_serializer": store.redis.job_serializer,
        "job_deserializer": store.redis.job_deserializer,
        "log_results": False,
        "on_startup": housekeeping.start,
        "on_shutdown": on_shutdown,
        "cron_jobs": housekeeping.cron_jobs(),
    }


async def _not_called(ctx: dict[Any, Any]) -> None:
    """What ARQ would call for a framequeue job whose record is gone: there is nothing left to run."""
    logger.warning("job %s has no record any more; nothing was run", ctx["job_id"])
