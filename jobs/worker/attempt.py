"""One attempt of one job, as named steps: load → compute → keep → finish, or what a failure makes of it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa

from config import Settings
from jobs.errors import FramequeueError, InputGone, InternalError, JobCanceled, JobTimeout, StoreError, WorkerLost
from jobs.model import AttemptReport, JobSpec, Outcome, PayloadRef
from jobs.pipeline import failure_details
from jobs.state import JobState
from jobs.store import blobs
from jobs.store.blobs import BlobWriter
from jobs.store.jobs import Claim, JobStore
from jobs.store.uploads import INLINE_BYTES
from jobs.transforms.catalogue import Catalogue
from jobs.worker import retry
from jobs.worker.compute import Product, Work, compute
from jobs.worker.progress import ProgressTeller
from jobs.worker.threads import Stop, ThreadPool

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every attempt of a worker shares."""

    store: JobStore
    pool: ThreadPool
    catalogue: Catalogue
    settings: Settings
    worker: str
    chance: random.Random


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claimed job and the flag that stops it."""

    claim: Claim
    spec: JobSpec
    number: int
    stop: Stop


async def run(shop: Workshop, claim: Claim, stop: Stop) -> None:
    """Bring one claimed job to its end, or back to the queue; returns once its thread is free."""
    if claim.job is None:
        raise ValueError(f"{claim.id} is no framequeue job")
    attempt = Attempt(claim, claim.job.spec, claim.job.attempt, stop)
    try:
        payloads = await _load(shop, attempt)
        await _compute_and_finish(shop, attempt, payloads)
    except asyncio.CancelledError:
        await _hand_back(shop, attempt)
        raise
    except FramequeueError as error:
        await _fail(shop, attempt, error)
    except Exception as error:
        logger.exception("job %s: a fault of framequeue itself", claim.id)
        fault = InternalError(f"{type(error).__name__} in the worker; its log has the traceback")
        await _end_as_failed(shop, attempt, fault, None)


async def insist(what: Callable[[], Awaitable[T]]) -> T:
    """Call until Redis takes it: a finished attempt's outcome waits out an outage instead of being computed again."""
    pause_s = 0.1
    while True:
        try:
            return await what()
        except StoreError as error:
            logger.warning("holding a finished attempt: %s", error)
            await asyncio.sleep(pause_s)
            pause_s = min(2.0, pause_s * 2)


async def _load(shop: Workshop, attempt: Attempt) -> dict[str, pa.Buffer]:
    if attempt.number > attempt.claim.max_attempts:
        raise WorkerLost(attempt.claim.max_attempts)
    return {name: await _payload(shop, attempt, name, given.payload) for name, given in attempt.spec.inputs.items()}


async def _payload(shop: Workshop, attempt: Attempt, name: str, ref: PayloadRef) -> pa.Buffer:
    if not ref.blob:
        data = attempt.claim.inputs.get(name)
        if data is None:
            raise InputGone(f"the stored bytes of input {name!r} are gone", f"/inputs/{name}")
        return pa.py_buffer(data)
    whole = pa.allocate_buffer(ref.bytes)
    view, filled = memoryview(whole).cast("B"), 0
    async for chunk in blobs.read(shop.store.redis, ref.blob):
        view[filled : filled + len(chunk)] = chunk
        filled += len(chunk)
    if filled != ref.bytes:
        raise InputGone(f"only {filled:,} of {ref.bytes:,} bytes of input {name!r} are there", f"/inputs/{name}")
    return whole


async def _compute_and_finish(shop: Workshop, attempt: Attempt, payloads: dict[str, pa.Buffer]) -> None:
    teller = ProgressTeller(shop.store, attempt.claim)
    work = Work(
        job_id=attempt.claim.id,
        attempt=attempt.number,
        spec=attempt.spec,
        payloads=payloads,
        catalogue=shop.catalogue,
        limits=shop.settings.limits,
        stop=attempt.stop,
        on_progress=teller.tell,
    )
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError  # it was lost while the payloads were read
    running = shop.pool.run(lambda: compute(work))
    try:
        done, _ = await asyncio.wait({running}, timeout=attempt.spec.timeout_s)
        if not done:
            timeout = JobTimeout(attempt.spec.timeout_s, teller.where)
            attempt.stop.ask(timeout)
            # the caller's answer does not wait for the thread; the slot does
            await _fail(shop, attempt, timeout)
            await asyncio.wait({running})
            running.exception()  # nobody asks for it any more
            return
    finally:
        teller.close()
    await _succeed(shop, attempt, running.result())


async def _succeed(shop: Workshop, attempt: Attempt, product: Product) -> None:
    outcome, result, blob = product.outcome, b"", None
    if outcome.result is not None and outcome.result.bytes > INLINE_BYTES:
        blob = await insist(lambda: _keep(shop, product))
        outcome = outcome.changed(result=outcome.result.changed(blob=blob))
    else:
        result = b"".join(product.pieces)
    outcome = outcome.changed(timing=outcome.timing.changed(queued_ms=_queued_ms(attempt)))
    ttl_s = attempt.spec.result_ttl_s
    done = await insist(
        lambda: shop.store.finish(attempt.claim, JobState.SUCCEEDED, outcome, result=result, result_ttl_s=ttl_s)
    )
    if not done:
        logger.warning("job %s: another attempt holds it; this result is dropped", attempt.claim.id)
        if blob is not None:
            await blobs.delete(shop.store.redis, blob)


async def _keep(shop: Workshop, product: Product) -> str:
    async with BlobWriter(shop.store.redis, shop.settings.jobs.upload_ttl_s) as writer:
        for piece in product.pieces:
            await writer.write(memoryview(piece))
        return (await writer.finish()).id


async def _fail(shop: Workshop, attempt: Attempt, error: FramequeueError) -> None:
    delay_ms = retry.delay_ms(error, attempt.number, attempt.claim.max_attempts, shop.chance)
    report = _report(shop, attempt, error, "retried" if delay_ms is not None else "failed")
    if delay_ms is not None:
        await insist(lambda: shop.store.release(attempt.claim, delay_ms=delay_ms, report=report))
        return
    await _end_as_failed(shop, attempt, error, report)


async def _end_as_failed(
    shop: Workshop, attempt: Attempt, error: FramequeueError, report: AttemptReport | None
) -> None:
    outcome, ttl_s = Outcome(error=error.problem), attempt.spec.result_ttl_s
    await insist(lambda: shop.store.finish(attempt.claim, JobState.FAILED, outcome, report=report, result_ttl_s=ttl_s))


def _report(shop: Workshop, attempt: Attempt, error: FramequeueError, outcome: str) -> AttemptReport:
    report = AttemptReport(attempt=attempt.number, outcome=outcome, error=error.problem, worker=shop.worker)
    try:
        details = failure_details(error)
    except Exception:  # a user's object whose text cannot be had must not keep its job from failing
        logger.exception("job %s: the details of its failure could not be put together", attempt.claim.id)
        details = None
    if details is None:  # it failed outside the steps: in decoding, or from without
        return report.changed(exception=f"{type(error).__name__}: {error}")
    return report.changed(
        step=details.step,
        op=details.op,
        column=details.column,
        dtype=details.dtype,
        exception=details.exception,
        samples=details.samples,
        shape=details.shape,
        traceback=details.traceback,
    )


async def _hand_back(shop: Workshop, attempt: Attempt) -> None:
    """A drain that ran out of patience: the job goes back with its try, or its lease ends where Redis is away."""
    attempt.stop.ask(JobCanceled())
    try:
        async with asyncio.timeout(2.0):
            await asyncio.shield(shop.store.release(attempt.claim, refund=True))
    except (StoreError, TimeoutError) as error:
        logger.warning("job %s: not handed back (%s); its lease will end", attempt.claim.id, error)


def _queued_ms(attempt: Attempt) -> float:
    job = attempt.claim.job
    started = job.started_ms if job and job.started_ms else 0
    return round(max(0.0, started - (job.created_ms if job else 0) - attempt.spec.delay_s * 1000), 3)
