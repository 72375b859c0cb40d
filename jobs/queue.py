"""What the service calls: submit, get, wait, results and frames, over one Redis."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from config import Settings
from jobs import metrics
from jobs.codecs.parquet import Parquet
from jobs.errors import FramequeueError, InputUnknown, NotFound, StoreError
from jobs.events import EventFeed
from jobs.health import Health, Observatory
from jobs.job_inputs import JobInputs
from jobs.model import AttemptReport, Frame, Input, Job, JobSpec, LogRecord, PayloadRef
from jobs.requests import Requests
from jobs.store import blobs, deliveries, factors, logs, removal
from jobs.store.changes import ChangeFeed, Watch
from jobs.store.connection import connect
from jobs.store.deliveries import Try
from jobs.store.frames import FrameStore
from jobs.store.jobs import Canceling, JobStore
from jobs.store.listing import Listing
from jobs.store.shared import Shared
from jobs.store.submits import Accepted, NewJob
from jobs.store.uploads import Staged, Upload
from jobs.submits import IdempotencyKey, KeptFrame, Submits, reading
from jobs.tracing import Tracing, producing
from jobs.transforms.catalogue import Catalogue, load_catalogue

# how soon a waiter that was told of a change looks again where Redis did not answer it
_LOOK_AGAIN_S = 1.0


class JobQueue:
    """Durable DataFrame jobs. All methods raise StoreUnavailable or StoreFull where Redis is away or full."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._settings = settings
        self._redis = connect(settings.redis)
        fsync_ms = round(settings.redis.command_timeout_s * 500) if settings.redis.durability == "fsync" else None
        self._jobs = JobStore(self._redis, settings.redis.queue, settings.jobs, fsync_ms=fsync_ms)
        self._frames = FrameStore(self._redis, settings.jobs.frame_ttl_s, settings.quotas.stored_bytes)
        self.submits = Submits(self._jobs, self._frames, settings)
        self._changes = ChangeFeed(self._redis)
        self.observatory = Observatory(self._redis, settings.redis.queue, catalogue)
        self.requests = Requests(self._redis, settings.quotas)
        self.tracing = Tracing.from_settings(settings.telemetry, "api")
        self._stopping = False
        self._looks = Shared[tuple[str, str], Job](lambda key: self.get(*key))
        self.listing = Listing(self._redis)
        self.inputs = JobInputs(self._redis)
        self.events = EventFeed(self._redis, self._changes, self.get)

    @classmethod
    def from_settings(cls, settings: Settings) -> "JobQueue":
        """A queue with the ops of the settings' modules; opens nothing yet."""
        return cls(settings, load_catalogue(settings.transforms.modules))

    async def start(self) -> None:
        """Begin to listen for changes; succeeds where Redis is away, and recovers by itself."""
        self._changes.start()

    async def close(self) -> None:
        """Close every connection."""
        await self._changes.close()
        await self.observatory.close()
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)
        await self._redis.aclose(close_connection_pool=True)

    def upload(
        self,
        *,
        media_type: str,
        encoding: str | None = None,
        charset: str | None = None,
        orient: str | None = None,
        inline: bool = True,
    ) -> Upload:
        """A place for a payload's bytes; use it in `async with`. `inline=False` always makes a blob."""
        ref = PayloadRef(blob="", media_type=media_type, bytes=0, encoding=encoding, charset=charset, orient=orient)
        return Upload(self._redis, self._settings.jobs.upload_ttl_s, ref, inline=inline)

    async def discard(self, *staged: Staged) -> None:
        """Remove payloads that no job or frame refers to."""
        await blobs.delete(self._redis, *(one.ref.blob for one in staged if one.ref.blob))

    async def submit(self, spec: JobSpec, staged: Mapping[str, Staged], *, wait_s: float = 0) -> Job:
        """Accept a job: once this returns it cannot be lost. With `wait_s`, the job as it is when the wait ends."""
        return (await self.accept([self.submits.new(spec, staged)], wait_s=wait_s)).jobs[0]

    async def accept(
        self, new: Sequence[NewJob], *, key: IdempotencyKey | None = None, wait_s: float = 0, listed: bool = True
    ) -> Accepted:
        """Accept jobs as `Submits.accept` does; with `wait_s`, the first as it is when the wait ends."""
        if not wait_s:
            return await self._accept(new, key, listed)
        with self._changes.watch(new[0].id) as watch:
            accepted = await self._accept(new, key, listed)
            job = accepted.jobs[0]
            with suppress(StoreError):  # from here on the job is accepted, whatever becomes of Redis
                if accepted.replayed:
                    job = await self.wait(job.spec.tenant, job.id, wait_s)
                else:
                    job = await self._until_told(job, watch, wait_s)
            return replace(accepted, jobs=(job, *accepted.jobs[1:]))

    async def _accept(self, new: Sequence[NewJob], key: IdempotencyKey | None, listed: bool) -> Accepted:
        with producing(self.tracing, new) as traced:
            return await self.submits.accept(traced, key, listed=listed)

    async def get(self, tenant: str, job_id: str) -> Job:
        """The job as it stands; raises NotFound for an unknown id and for another tenant's alike."""
        job = await self._jobs.get(job_id)
        if job is None or job.spec.tenant != tenant:
            raise NotFound("job", job_id)
        return job

    async def delete(self, tenant: str, job_id: str) -> None:
        """Remove an ended job and all its data; raises JobLive while it lives."""
        await removal.remove(self._redis, self._settings.redis.queue, await self.get(tenant, job_id))

    async def cancel(self, tenant: str, job_id: str) -> Job:
        """The job after asking for its end as canceled: already ended, ended by it, or with the request noted.

        Repeatable; a job that runs ends once its worker has heard of it.
        """
        done = await self._jobs.cancel(await self.get(tenant, job_id))
        if done is Canceling.CANCELED:
            await self.observatory.count(metrics.CANCELED_UNRUN)
        return await self.get(tenant, job_id)

    async def wait(self, tenant: str, job_id: str, wait_s: float, *, known_version: int | None = None) -> Job:
        """The job once it is terminal, or no longer of the known version, or as it stands when the wait is over."""
        with self._changes.watch(job_id, every=known_version is not None) as watch:
            return await self._until_told(await self.get(tenant, job_id), watch, wait_s, known_version)

    async def _until_told(self, job: Job, watch: Watch, wait_s: float, known_version: int | None = None) -> Job:
        """Read the job only when told to, and at the end: a waiter that nothing happens to costs Redis nothing.

        An outage is waited out; raises StoreError where it lasts longer than the wait.
        """
        ends, pause_s = time.monotonic() + wait_s, wait_s
        while not (job.state.terminal or self._stopping) and known_version in {None, job.version}:
            left = ends - time.monotonic()
            if left <= 0:
                break
            await watch.wait(min(left, pause_s))
            try:
                job = await self._looks.get((job.spec.tenant, job.id))
                pause_s = wait_s
            except StoreError:
                if time.monotonic() >= ends or self._stopping:
                    raise
                pause_s = _LOOK_AGAIN_S
        return job

    def stop_waiting(self) -> None:
        """End every wait now, with the job as it stands: the process is about to stop."""
        self._stopping = True
        self.events.stop()
        self._changes.wake_all()

    async def reports(self, tenant: str, job_id: str) -> tuple[AttemptReport, ...]:
        """The reports of the job's failed attempts, oldest first."""
        await self.get(tenant, job_id)
        return await self._jobs.reports(job_id)

    async def logs(self, tenant: str, job_id: str) -> tuple[LogRecord, ...]:
        """What the job's transforms logged, printed and warned, oldest first; a last one counts what was dropped."""
        await self.get(tenant, job_id)
        return await logs.read(self._redis, job_id)

    async def deliveries(self, tenant: str, job_id: str) -> tuple[Try, ...]:
        """The tries to tell the job's webhook of its end, oldest first."""
        await self.get(tenant, job_id)
        return await deliveries.read(self._redis, job_id)

    async def add_frame(self, tenant: str, staged: Staged, key: IdempotencyKey | None = None) -> KeptFrame:
        """Keep an uploaded blob as a frame, once a worker could read it.

        Raises the error that reading it met, and leaves nothing then. Where no worker answers in time the frame is kept
        unchecked, its rows and columns unknown.
        """
        return await self.submits.keep_frame(staged.ref, await self._read(tenant, staged.ref), key)

    async def read_frame(self, frame: Frame) -> Job:
        """A job that has read a frame which has no decoded twin, for its content; raises the error that reading met."""
        return await self._read(frame.tenant, frame.payload)

    async def forget(self, job: Job) -> None:
        """Remove a job that has read a frame."""
        await self.submits.forget(job)

    async def _read(self, tenant: str, payload: PayloadRef) -> Job:
        new = self.submits.new(reading(tenant, payload, self._settings.jobs), {})
        # our own job, not the tenant's
        (job,) = (await self.accept([new], wait_s=self._settings.api.max_wait_s, listed=False)).jobs
        if job.outcome is not None and job.outcome.error is not None:
            await self.forget(job)
            raise FramequeueError.restored(job.outcome.error)
        return job

    async def frame(self, tenant: str, frame_id: str) -> Frame:
        """The frame; raises NotFound for an unknown or expired id and for another tenant's alike."""
        frame = await self._frames.get(frame_id)
        if frame is None or frame.tenant != tenant:
            raise NotFound("frame", frame_id)
        return frame

    async def delete_frame(self, tenant: str, frame_id: str) -> None:
        """Forget the frame; jobs that were accepted with it are unharmed."""
        await self._frames.delete(await self.frame(tenant, frame_id))

    async def frame_input(self, tenant: str, frame_id: str, dtypes: dict[str, str]) -> Input:
        """The input that reads this frame: its decoded twin, unless `dtypes` ask for the original text.

        Parquet is read itself: its columns, too, can be read apart, and its texts are mostly written once.
        """
        try:
            frame = await self.frame(tenant, frame_id)
        except NotFound:
            raise InputUnknown(f"no frame {frame_id!r}; POST /v1/frames makes one") from None
        as_sent = dtypes or frame.decoded is None or frame.payload.media_type in Parquet.media_types
        payload = frame.payload if as_sent or frame.decoded is None else frame.decoded
        return Input(payload=payload, frame=frame_id, dtypes=dtypes)

    async def weight(self, spec: JobSpec) -> int:
        """The bytes of memory that a worker would count a job of this spec as, when it claims it."""
        return await factors.weigh(self._redis, spec)

    async def small_result(self, job: Job) -> bytes | None:
        """The stored bytes of a result that stands beside its record; None where they have expired."""
        return await self._jobs.small_result(job.id)

    async def chunk(self, blob_id: str, number: int) -> bytes | memoryview | None:
        """One chunk of a payload, or None behind the last; raises InputGone where the payload is gone."""
        return await blobs.read_chunk(self._redis, blob_id, number)

    @property
    def waiters(self) -> int:
        """How many in this process wait for a change of a job."""
        return self._changes.watching

    async def health(self) -> Health:
        """How Redis and the workers are, for /readyz."""
        return await self.observatory.health()
