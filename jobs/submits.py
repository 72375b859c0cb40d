"""How jobs come to be: new ones, ones that wait for others, the same again, and the same request sent twice."""

import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from config import Settings
from config.sections import JobSettings
from jobs.errors import IdempotencyMismatch, InputGone, InputUnknown, JobLive, StorageQuota, StoreError
from jobs.model import STORED_MEDIA_TYPE, Frame, Input, Job, JobSpec, PayloadRef
from jobs.pointers import escaped
from jobs.store import removal
from jobs.store.frames import FrameStore
from jobs.store.jobs import JobStore
from jobs.store.records import as_payload
from jobs.store.repeats import Repeat, kept, repeat_of
from jobs.store.submits import Accepted, NewJob, Terms, UpstreamMovedError, unknown_job
from jobs.store.uploads import Staged

_ID: Final = re.compile(r"job_[A-Za-z0-9_-]{1,64}")
_AWAITED: Final = PayloadRef(blob="", media_type=STORED_MEDIA_TYPE, bytes=0)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What a caller named a request by, and the fingerprint of what was asked."""

    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """A frame that is kept; `replayed` where the request was one that had made it before."""

    frame: Frame
    replayed: bool = False


def new_group() -> str:
    """An id for jobs that are submitted together."""
    return f"grp_{secrets.token_urlsafe(18)}"


class Submits:
    """The ways in which jobs come to be; all methods raise StoreError where Redis is away or full."""

    def __init__(self, store: JobStore, frames: FrameStore, settings: Settings) -> None:
        self._store, self._frames, self._settings = store, frames, settings

    def new(self, spec: JobSpec, staged: Mapping[str, Staged], *, at: str = "") -> NewJob:
        """A job with an id, not yet accepted; `at` is where it stands in what was sent, as a JSON pointer."""
        inline = {name: one.data for name, one in staged.items() if one.data is not None}
        return NewJob(_new_id(), spec, inline, at=at)

    async def accept(
        self, new: Sequence[NewJob], key: IdempotencyKey | None = None, *, listed: bool = True
    ) -> Accepted:
        """Make all of these jobs of one tenant, or none: once this returns they cannot be lost.

        The same request under the same key gives the jobs it made. Raises QueueFull, QuotaExceeded,
        IdempotencyMismatch, and InputGone, InputUnknown or CountExceeded of an input.
        """
        limits, tenant = self._settings.limits, new[0].spec.tenant
        quotas = self._settings.quotas
        terms = Terms(
            limits.queued_jobs,
            limits.dependents,
            quotas.queued_jobs,
            quotas.stored_bytes,
            None if key is None else self._repeat(tenant, key),
            listed=listed,
        )
        while True:  # each turn finds one upstream job more to have ended
            try:
                return await self._store.submits.submit(new, terms)
            except UpstreamMovedError as moved:
                new = [
                    *new[: moved.index],
                    await self._looked_again(new[moved.index], moved.name),
                    *new[moved.index + 1 :],
                ]

    async def replayed(self, tenant: str, key: IdempotencyKey) -> tuple[Job, ...]:
        """The jobs that the same request made before and that are still there, none where it is new.

        Raises IdempotencyMismatch.
        """
        ids = await kept(self._store.redis, self._repeat(tenant, key))
        if ids:
            await self._store.submits.settle()
        return await self._store.submits.read(ids) if ids else ()

    async def upstream(self, tenant: str, job_id: str, dtypes: dict[str, str], pointer: str = "") -> Input:
        """The input that is the result of another job, which may still run; raises InputUnknown at `pointer`."""
        # nothing but an id: behind a colon stand keys whose content is the caller's own
        job = await self._store.get(job_id) if _ID.fullmatch(job_id) else None
        if job is None or job.spec.tenant != tenant:
            raise unknown_job(job_id, pointer)
        result = job.outcome.result if job.outcome else None
        return Input(payload=_AWAITED if result is None else as_payload(result), job=job_id, dtypes=dtypes)

    async def rerun(self, job: Job, trace_id: str) -> NewJob:
        """The same job once more, on the same inputs, at once and in no group; raises JobLive.

        What of its inputs has expired meanwhile is found when it is accepted.
        """
        if not job.state.terminal:
            raise JobLive(job.id, job.state, "run again")
        inputs, taken_over = dict(job.spec.inputs), []
        for name, given in job.spec.inputs.items():
            if given.job is None or not given.awaited:
                taken_over.append(name)
                continue
            try:  # it never came: perhaps it does now
                inputs[name] = await self.upstream(job.spec.tenant, given.job, given.dtypes)
            except InputUnknown as error:
                raise InputGone(error.detail, f"/inputs/{escaped(name)}/job") from None
        spec = job.spec.changed(inputs=inputs, delay_s=0.0, group=None, rerun_of=job.id, trace_id=trace_id)
        frames = tuple({given.frame for given in inputs.values() if given.frame})
        return NewJob(_new_id(), spec, {}, source=job.id, taken_over=tuple(taken_over), frames=frames)

    async def replayed_frame(self, tenant: str, key: IdempotencyKey) -> KeptFrame | None:
        """The frame that the same request made before, if it is still there; raises IdempotencyMismatch."""
        ids = await kept(self._store.redis, self._repeat(tenant, key))
        frame = await self._frames.get(ids[0]) if ids else None
        return None if frame is None else KeptFrame(frame, replayed=True)

    async def keep_frame(self, payload: PayloadRef, job: Job, key: IdempotencyKey | None) -> KeptFrame:
        """Keep what was uploaded and `job` has read as a frame, or find the one that the same request made before.

        What the reading left stays only where the frame needs it. Raises StorageQuota, IdempotencyMismatch, InputGone.
        """
        tenant = job.spec.tenant
        repeat = None if key is None else self._repeat(tenant, key)
        known, twin = _checked(payload, job)
        try:
            frame, replayed = await self._frames.add(tenant, known, twin, repeat)
        except (StorageQuota, IdempotencyMismatch, InputGone):
            await self.forget(job)
            raise
        if replayed or twin is None:
            await self.forget(job)
        return KeptFrame(frame, replayed)

    async def forget(self, job: Job) -> None:
        """Remove a job of our own that has ended; where that cannot be, its parts end with their TTL."""
        with suppress(StoreError, JobLive):
            await removal.remove(self._store.redis, self._store.queue, job)

    def _repeat(self, tenant: str, key: IdempotencyKey) -> Repeat:
        return repeat_of(tenant, key.name, key.fingerprint, self._settings.jobs.idempotency_ttl_s)

    async def _looked_again(self, new: NewJob, name: str) -> NewJob:
        given = new.spec.inputs[name]
        found = await self.upstream(
            new.spec.tenant, given.job or "", given.dtypes, f"{new.at}/inputs/{escaped(name)}/job"
        )
        return replace(new, spec=new.spec.changed(inputs=new.spec.inputs | {name: found}))


def _new_id() -> str:
    return f"job_{secrets.token_urlsafe(18)}"


def reading(tenant: str, payload: PayloadRef, settings: JobSettings) -> JobSpec:
    """The spec of the job that reads an uploaded payload, and does nothing else."""
    return JobSpec(
        tenant=tenant,
        pipeline=[],
        inputs={"df": Input(payload=payload)},
        timeout_s=settings.timeout_s,
        max_attempts=settings.max_attempts,
        delay_s=0,
        result_ttl_s=settings.frame_ttl_s,
    )


def _checked(payload: PayloadRef, job: Job) -> tuple[PayloadRef, PayloadRef | None]:
    """The payload with what reading it told, and its decoded twin where that is large enough to have a blob."""
    result = job.outcome.result if job.outcome else None
    if result is None:
        return payload, None
    known = payload.changed(rows=result.rows, columns=result.columns)
    if result.blob is None:
        return known, None
    return known, known.changed(
        blob=result.blob,
        media_type=STORED_MEDIA_TYPE,
        bytes=result.bytes,
        sha256=result.sha256,
        encoding=None,
        charset=None,
        orient=None,
        ours=True,
    )
