"""One attempt of one job, as named steps: load → compute → end, or what a stop or a failure makes of it."""

import asyncio
import logging
import random
from dataclasses import dataclass

import pyarrow as pa

from config import Settings
from jobs.errors import FramequeueError, InternalError, JobCanceled, JobTimeout, WorkerLost
from jobs.model import JobSpec
from jobs.pipeline import ParsedPipelines
from jobs.state import JobState
from jobs.store.jobs import Claim, JobStore
from jobs.transforms.catalogue import Catalogue
from jobs.worker import endings, inputs
from jobs.worker.compute import Product, Work, compute
from jobs.worker.progress import ProgressTeller
from jobs.worker.threads import DrainedError, LeaseLostError, Stop, ThreadPool

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every attempt of a worker shares."""

    store: JobStore
    pool: ThreadPool
    catalogue: Catalogue
    parsed: ParsedPipelines
    settings: Settings
    worker: str
    chance: random.Random


async def run(shop: Workshop, claim: Claim, stop: Stop) -> JobState | None:
    """Bring one claimed job to its end, or back to the queue; returns its end, once its thread is free.

    None where the job has not ended with this attempt.
    """
    if claim.job is None:
        raise ValueError(f"{claim.id} is no framequeue job")
    ending = endings.Ending(shop.store, shop.settings, claim, claim.job, stop, shop.worker, shop.chance)
    try:
        return await _run(shop, claim.job.spec, ending)
    except (asyncio.CancelledError, DrainedError):
        stop.ask(DrainedError())
        await ending.hand_back()
        return None


async def _run(shop: Workshop, spec: JobSpec, ending: endings.Ending) -> JobState | None:
    try:
        if ending.claim.exhausted:
            raise WorkerLost(ending.claim.max_attempts)  # noqa: TRY301  # one place for all failures
        refs = {name: given.payload for name, given in spec.inputs.items()}
        loaded = await inputs.load(shop.store.redis, ending.claim, refs)
        ending.stop.check()
        return await _compute(shop, spec, ending, loaded)
    except LeaseLostError:
        return None
    except FramequeueError as error:
        return await ending.fail(error)
    except DrainedError:
        raise
    except Exception as error:
        logger.exception("job %s: a fault of framequeue itself", ending.claim.id)
        return await ending.fail(InternalError(f"{type(error).__name__} in the worker; its log has the traceback"))


async def _compute(
    shop: Workshop, spec: JobSpec, ending: endings.Ending, loaded: dict[str, pa.Buffer]
) -> JobState | None:
    teller = ProgressTeller(shop.store, ending.claim)
    work = Work(
        job_id=ending.claim.id,
        attempt=ending.number,
        spec=spec,
        payloads=loaded,
        catalogue=shop.catalogue,
        parsed=shop.parsed,
        limits=shop.settings.limits,
        stop=ending.stop,
        on_progress=teller.tell,
    )
    running = shop.pool.run(lambda: compute(work))
    try:
        if await ending.stop.until(running, spec.timeout_s):
            teller.close()
            return await ending.succeed(running.result())
    finally:
        teller.close()
    ending.stop.ask(JobTimeout(spec.timeout_s, teller.where))
    return await _stopped(ending, running)


async def _stopped(ending: endings.Ending, running: "asyncio.Future[Product]") -> JobState | None:
    """The answer does not wait for the thread; the slot does, unless the whole worker ends."""
    reason = ending.stop.reason
    if isinstance(reason, DrainedError):
        raise reason
    state = None
    if isinstance(reason, JobCanceled):
        state = await ending.cancel()
    elif isinstance(reason, FramequeueError):
        state = await ending.fail(reason)
    await asyncio.wait({running})
    running.exception()  # nobody asks for it any more
    return state
