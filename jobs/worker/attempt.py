"""One attempt of one job, as named steps: load → compute → end, or what a stop or a failure makes of it."""

import asyncio
import logging
import random
import time
from dataclasses import dataclass

import pyarrow as pa

from config import Settings
from config.logging import about
from jobs.errors import (
    FramequeueError,
    InternalError,
    JobCanceled,
    JobTimeout,
    MemoryExceeded,
    StoreError,
    UpstreamFailed,
    WorkerLost,
)
from jobs.model import Job, JobSpec
from jobs.pipeline import ParsedPipelines
from jobs.pointers import escaped
from jobs.state import JobState
from jobs.store.claims import Claim
from jobs.store.redis import end
from jobs.transforms.catalogue import Catalogue
from jobs.worker import endings, inputs
from jobs.worker.admission import Admission
from jobs.worker.compute import Product, Work, compute
from jobs.worker.link import Link
from jobs.worker.logs import LogTeller
from jobs.worker.observed import ObservedStore
from jobs.worker.progress import ProgressTeller
from jobs.worker.stop import DrainedError, LeaseLostError, Stop
from jobs.worker.threads import Running, ThreadPool

logger = logging.getLogger(__name__)

# how long a thread that was asked has before something is raised in it, and then before its process is replaced
_ASKED_S, _RAISED_S = 0.2, 2.0
# a process grows by one and a half to twice the bytes that its frames are counted to hold (measured: a million rows)
_UNCOUNTED = 2
_OUTAGE_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every attempt of a worker shares."""

    store: ObservedStore
    pool: ThreadPool
    catalogue: Catalogue
    parsed: ParsedPipelines
    settings: Settings
    worker: str
    chance: random.Random
    admission: Admission
    link: Link
    """To the supervisor, who answers for a process that cannot, and replaces it."""


async def run(shop: Workshop, claim: Claim, stop: Stop) -> JobState | None:
    """Bring one claimed job to its end, or back to the queue; returns its end, once its thread is free.

    None where the job has not ended with this attempt.
    """
    if claim.job is None:
        raise ValueError(f"{claim.id} is no framequeue job")
    about(job_id=claim.id, trace_id=claim.job.spec.trace_id)
    logs = LogTeller(shop.store.redis, claim.id, claim.token, claim.job.attempt)
    ending = endings.Ending(shop.store, shop.settings, claim, claim.job, stop, shop.worker, shop.chance, logs)
    try:
        return await _run(shop, claim.job, ending)
    except (asyncio.CancelledError, DrainedError):
        stop.ask(DrainedError())
        await ending.hand_back()
        return None
    finally:
        await logs.close()  # what an outage kept from being written before the end


async def _run(shop: Workshop, job: Job, ending: endings.Ending) -> JobState | None:
    try:
        _refuse(shop, job, ending.claim)
        deadline = time.monotonic() + job.spec.timeout_s
        loaded = await _loaded(shop, job, ending)
        return await _compute(shop, job.spec, ending, loaded, deadline)
    except LeaseLostError:
        return None
    except JobCanceled:
        shop.link.computed(ending.claim)
        return await ending.cancel()
    except FramequeueError as error:
        shop.link.computed(ending.claim)
        return await ending.fail(error)
    except DrainedError:
        raise
    except Exception as error:
        logger.exception("job %s: a fault of framequeue itself", ending.claim.id)
        shop.link.computed(ending.claim)
        return await ending.fail(InternalError(f"{type(error).__name__} in the worker; its log has the traceback"))


def _refuse(shop: Workshop, job: Job, claim: Claim) -> None:
    """What ends a job before anything is read."""
    if job.cancel_requested_ms is not None:
        raise JobCanceled
    if claim.exhausted:
        raise WorkerLost(claim.max_attempts, claim.evidence)
    if claim.upstream_failed:
        upstream, state, name = claim.upstream_failed.split(" ", 2)
        raise UpstreamFailed(upstream, "was canceled" if state == "canceled" else state, f"/inputs/{escaped(name)}/job")
    if 0 < shop.admission.total < claim.least_bytes:
        given = sum(given.payload.bytes for given in job.spec.inputs.values())
        raise MemoryExceeded(given, claim.least_bytes, shop.admission.total)


async def _loaded(shop: Workshop, job: Job, ending: endings.Ending) -> dict[str, pa.Buffer]:
    """The inputs' bytes; an outage is waited out until the deadline, since it is none of the job's fault."""
    refs = {name: given.payload for name, given in job.spec.inputs.items()}
    ending.stop.check()
    if not any(ref.blob for ref in refs.values()):  # all of it came with the claim: there is nothing to wait for
        return await inputs.load(shop.store.redis, ending.claim, refs)

    async def load() -> dict[str, pa.Buffer]:
        while True:
            try:
                return await inputs.load(shop.store.redis, ending.claim, refs)
            except StoreError as error:
                logger.warning("job %s: its inputs cannot be read yet: %s", ending.claim.id, error)
            await asyncio.sleep(_OUTAGE_PAUSE_S)

    loading = asyncio.ensure_future(load())
    try:
        if not await ending.stop.until(loading, job.spec.timeout_s):
            ending.stop.ask(JobTimeout(job.spec.timeout_s, "reading its inputs"))
        ending.stop.check()
        return loading.result()
    finally:
        await end(loading)


async def _compute(
    shop: Workshop, spec: JobSpec, ending: endings.Ending, loaded: dict[str, pa.Buffer], deadline: float
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
        watch=ending.watch,
        branches=shop.settings.worker.branches,
        logs=ending.logs,
    )
    running = shop.pool.run(lambda: compute(work))
    try:
        ended = await ending.stop.until(running.ended, deadline - time.monotonic())
    finally:
        teller.close()
    if ended:
        shop.link.computed(ending.claim)
        shop.store.computed(ending.claim)
        _learn(shop, spec, running)
    else:
        ending.stop.ask(JobTimeout(spec.timeout_s, teller.where))
    await ending.logs.close()  # before the end, so that whoever is told of it finds them
    return await (ending.succeed(running.ended.result()) if ended else _stopped(shop, ending, running))


def _learn(shop: Workshop, spec: JobSpec, running: Running[Product]) -> None:
    if running.ended.exception() is None:
        counted = running.ended.result().outcome.peak_memory_bytes
        shop.admission.learn(spec, _UNCOUNTED * (counted or 0))


async def _stopped(shop: Workshop, ending: endings.Ending, running: Running[Product]) -> JobState | None:
    """The answer does not wait for the thread; the slot does, unless the whole worker ends."""
    reason = ending.stop.reason
    if isinstance(reason, DrainedError):
        raise reason
    freeing = asyncio.ensure_future(_free(shop, ending, running))
    state = None
    if isinstance(reason, JobCanceled):
        state = await ending.cancel()
    elif isinstance(reason, FramequeueError):
        state = await ending.fail(reason)
    ending.stop.answered = True
    shop.link.ended(ending.claim)
    await freeing
    return state


async def _free(shop: Workshop, ending: endings.Ending, running: Running[Product]) -> None:
    """See the thread out: it was asked; then something is raised in it; then the process is to be replaced."""
    done, _ = await asyncio.wait({running.ended}, timeout=_ASKED_S)
    while not done and running.interrupt():
        done, _ = await asyncio.wait({running.ended}, timeout=_RAISED_S)
        if not done:
            shop.link.retire(f"a thread of job {ending.claim.id} does not give up")
    await asyncio.wait({running.ended})
    running.ended.exception()  # nobody asks for it any more
