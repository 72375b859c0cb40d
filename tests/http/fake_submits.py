"""How jobs come to be in the queue in memory: batches, reruns, upstream jobs, and requests that are sent again."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.errors import IdempotencyMismatch, InputGone, JobLive
from jobs.model import STORED_MEDIA_TYPE, Input, Job, JobSpec, PayloadRef
from jobs.store.submits import Accepted, NewJob, unknown_job
from jobs.store.uploads import Staged
from jobs.submits import IdempotencyKey, KeptFrame


class FakeSubmits:
    """What `jobs.submits.Submits` is to the service, over a FakeQueue."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self.kept: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        self.gone: set[str] = set()

    def new(self, spec: JobSpec, staged: Mapping[str, Staged], *, at: str = "") -> NewJob:
        assert all(spec.inputs[name].payload is one.ref for name, one in staged.items())
        return NewJob(f"job_{secrets.token_urlsafe(18)}", spec, {}, at=at)

    async def accept(self, new: Sequence[NewJob], key: IdempotencyKey | None) -> Accepted:
        tenant = new[0].spec.tenant
        if key is not None and (found := await self.replayed(tenant, key)):
            return Accepted(found, replayed=True)
        jobs = tuple(self._queue.add(one.spec, id=one.id) for one in new)
        if key is not None:
            self.kept[tenant, key.name] = (key.fingerprint, tuple(job.id for job in jobs))
        return Accepted(jobs)

    def ids(self, tenant: str, key: IdempotencyKey) -> tuple[str, ...]:
        fingerprint, ids = self.kept.get((tenant, key.name), (key.fingerprint, ()))
        if fingerprint != key.fingerprint:
            raise IdempotencyMismatch
        return ids

    async def replayed(self, tenant: str, key: IdempotencyKey) -> tuple[Job, ...]:
        return tuple(self._queue.jobs[job_id] for job_id in self.ids(tenant, key))

    async def replayed_frame(self, tenant: str, key: IdempotencyKey) -> KeptFrame | None:
        found = [self._queue.frames[one] for one in self.ids(tenant, key) if one in self._queue.frames]
        return KeptFrame(found[0], replayed=True) if found else None

    async def upstream(self, tenant: str, job_id: str, dtypes: dict[str, str], pointer: str = "") -> Input:
        job = self._queue.jobs.get(job_id)
        if job is None or job.spec.tenant != tenant:
            raise unknown_job(job_id, pointer)
        return Input(payload=PayloadRef(blob="", media_type=STORED_MEDIA_TYPE, bytes=0), job=job_id, dtypes=dtypes)

    async def rerun(self, job: Job, trace_id: str) -> NewJob:
        if not job.state.terminal:
            raise JobLive(job.id, job.state, "run again")
        if job.id in self.gone:
            raise InputGone("expired")
        spec = job.spec.changed(delay_s=0.0, group=None, rerun_of=job.id, trace_id=trace_id)
        return NewJob(f"job_{secrets.token_urlsafe(18)}", spec, {}, source=job.id)
