"""Job records: the typed face of the Lua scripts.

Every method is one round trip, and raises StoreUnavailable or StoreFull where Redis is away or full.
"""

import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, cast

from arq.jobs import serialize_job

from jobs.errors import InputGone, JobCanceled, QueueFull
from jobs.model import AttemptReport, Job, JobSpec, Outcome, Progress
from jobs.state import JobState
from jobs.store import keys, records, scripts
from jobs.store.calls import switches
from jobs.store.claims import ANY_ROOM, Claim, Claims, Room, read_claim
from jobs.store.options import RecordOptions
from jobs.store.redis import Redis, serialize, translated
from jobs.store.together import Together

FUNCTION = "framequeue.run"
"""The ARQ function that every framequeue job calls; it takes no arguments, the job id says it all."""

# how long smaller jobs may pass one for which a worker has no memory yet
_PATIENCE_MS = 10_000


class Canceling(StrEnum):
    """What came of asking for a cancel: it had ended, it ended by it, or its worker was told."""

    ENDED = "ended"
    CANCELED = "canceled"
    ASKED = "asked"


class JobStore:
    """Job records and the queue in one Redis.

    With `fsync_ms`, a submit returns only once the job is on Redis' disk, or raises after so many milliseconds.
    """

    def __init__(self, redis: Redis, queue: str, settings: RecordOptions, *, fsync_ms: int | None = None) -> None:
        self.redis, self.queue, self.together = redis, queue, Together(redis).as_client()
        self._fsync_ms = fsync_ms
        self._record_ttl_ms = settings.record_ttl_s * 1000

    async def submit(self, job_id: str, spec: JobSpec, inline: Mapping[str, bytes], queue_limit: int) -> Job:
        """Create the job whole, or not at all; the same id again gives the job that is there.

        Raises QueueFull, and InputGone where a payload it refers to has expired.
        """
        blobs = [given.payload.blob for given in spec.inputs.values() if given.payload.blob]
        own = [name(job_id) for name in (keys.job, keys.inputs, keys.events, keys.arq_job)]
        args: list[scripts.Argument] = [
            job_id,
            records.encode_spec(spec),
            # ARQ's own record of the call: no arguments, and no time of ours (Redis' clock has it)
            serialize_job(FUNCTION, (), {}, None, 0, serializer=serialize),
            round(spec.delay_s * 1000),
            queue_limit,
            spec.max_attempts,
            keys.BLOB_PREFIX,
            " ".join(blobs),
            keys.CHANGES_CHANNEL,
            records.sizes(spec),
        ]
        for name, data in inline.items():
            args += [name, data]
        verdict, detail, version, created = await self._submit([*own, self.queue, keys.wake(self.queue)], args)
        if verdict == b"full":
            raise QueueFull(queue_limit)
        if verdict == b"gone":
            raise InputGone("an input expired while the job was being submitted; upload it again")
        if verdict == b"known" and (known := await self.get(job_id)):  # it may have ended since its answer was lost
            return known
        return Job(
            id=job_id,
            spec=spec,
            state=JobState(detail.decode()),
            version=int(version),
            attempt=0,
            created_ms=int(created),
        )

    async def _submit(self, names: list[str], args: list[scripts.Argument]) -> Any:
        with translated():
            if self._fsync_ms is None:
                return await scripts.submit(self.redis, names, args)
            return await scripts.submit.durably(self.redis, names, args, self._fsync_ms)

    async def get(self, job_id: str) -> Job | None:
        """The job as it stands, or None where none is known."""
        with translated():
            values = await self.redis.hmget(keys.job(job_id), list(records.FIELDS))  # type: ignore[misc]  # stub: sync or async
        fields = dict(zip(records.FIELDS, values, strict=True))
        return None if fields["spec"] is None else records.job_of(job_id, fields)

    async def claim(
        self,
        worker: str,
        slots: int,
        lease_ms: int,
        *,
        room: Room = ANY_ROOM,
        aborts: bool = False,
        nonce: str | None = None,
        wait_s: float = 0,
        before_ms: int = 0,
    ) -> Claims:
        """Lease up to `slots` due jobs; with `wait_s`, once a submit wakes, at most so late, and not after `before_ms`.

        The same nonce again gives the same jobs, for a lost answer.
        """
        names = [self.queue, keys.wake(self.queue), keys.claimed(worker), keys.FACTORS]
        args: list[scripts.Argument] = [
            slots,
            lease_ms,
            f"{worker}:{nonce or secrets.token_hex(8)}",
            keys.JOB_PREFIX,
            keys.ARQ_LEASE_PREFIX,
            keys.CHANGES_CHANNEL,
            room.busy,
            int(room.suspects),
            room.memory_free,
            room.memory_total,
            _PATIENCE_MS,
            switches(aborts=aborts),
            records.LOST,
            before_ms,
        ]
        with translated():
            waiting = scripts.claim.when_woken(self.redis, names[1], wait_s, names, args) if wait_s else None
            now, due, *taken = await (waiting or scripts.claim(self.together, names, args))
        return Claims(int(now), None if due < 0 else int(due), tuple(read_claim(entry) for entry in taken))

    async def cancel(self, job: Job) -> Canceling | None:
        """Ask for the job's end as canceled: at once where nobody runs it, else by its worker. None: no such job."""
        with translated():
            verdict, _ = await scripts.cancel(
                self.redis,
                self._of(job.id),
                [
                    job.id,
                    records.encode_outcome(Outcome(error=JobCanceled().problem)),
                    job.spec.result_ttl_s * 1000,
                    self._record_ttl_ms,
                    keys.BLOB_PREFIX,
                    keys.CHANGES_CHANNEL,
                    keys.CANCELS_CHANNEL,
                ],
            )
        return None if verdict == b"unknown" else Canceling(verdict.decode())

    def _of(self, job_id: str) -> list[str]:
        """All keys that a job's end touches."""
        names = (keys.job, keys.inputs, keys.result, keys.reports, keys.events, keys.arq_job, keys.lease, keys.retry)
        return [*(name(job_id) for name in names), self.queue, keys.logs(job_id)]

    async def renew(self, worker_info: str, lease_ms: int, held: Sequence[tuple[str, str]]) -> list[str]:
        """Renew the leases of (id, token) pairs and the worker's own presence: `held`, `cancel` or `lost` for each."""
        flat = [part for pair in held for part in pair]
        with translated():
            answers = await scripts.renew(
                self.redis,
                [self.queue, keys.WORKERS],
                [lease_ms, keys.JOB_PREFIX, keys.ARQ_LEASE_PREFIX, worker_info, *flat],
            )
        return [answer.decode() for answer in answers]

    async def finish(
        self,
        claim: Claim,
        state: JobState,
        outcome: Outcome,
        *,
        report: AttemptReport | None = None,
        result: bytes = b"",
        result_ttl_s: int,
    ) -> bool:
        """The terminal transition, with a small result's bytes; False where another attempt holds the job.

        Raises InputGone, and changes nothing, where the result's blob has expired meanwhile.
        """
        with translated():
            verdict, _ = await scripts.finish(
                self.together,
                self._of(claim.id),
                [
                    claim.id,
                    claim.token,
                    state.value,
                    records.encode_outcome(outcome),
                    records.encode_report(report) if report else b"",
                    result,
                    " ".join(outcome.result.blobs) if outcome.result else "",
                    result_ttl_s * 1000,
                    self._record_ttl_ms,
                    keys.BLOB_PREFIX,
                    keys.CHANGES_CHANNEL,
                ],
            )
        if verdict == b"gone":
            raise InputGone("the stored result expired before its job could end")
        return bool(verdict == b"done")

    async def release(
        self, claim: Claim, *, delay_ms: int = 0, refund: bool = False, report: AttemptReport | None = None
    ) -> bool:
        """Give the job back to the queue; `refund` does not count the attempt. False where another attempt holds it."""
        with translated():
            verdict, _ = await scripts.release(
                self.redis,
                [
                    *(name(claim.id) for name in (keys.job, keys.reports, keys.events, keys.lease)),
                    self.queue,
                    keys.wake(self.queue),
                ],
                [
                    claim.id,
                    claim.token,
                    delay_ms,
                    int(refund),
                    records.encode_report(report) if report else b"",
                    keys.CHANGES_CHANNEL,
                ],
            )
        return bool(verdict == b"done")

    async def progress(self, claim: Claim, progress: Progress) -> bool:
        """Say how far the attempt is; False where another attempt holds the job."""
        with translated():
            verdict, _ = await scripts.progress(
                self.redis,
                [keys.job(claim.id), keys.events(claim.id)],
                [claim.id, claim.token, records.encode_progress(progress), keys.CHANGES_CHANNEL],
            )
        return bool(verdict == b"done")

    async def reports(self, job_id: str) -> tuple[AttemptReport, ...]:
        """The reports of the job's failed attempts, oldest first."""
        with translated():
            stored = await self.redis.lrange(keys.reports(job_id), 0, -1)  # type: ignore[misc]  # stub: sync or async
        return tuple(records.decode_report(data) for data in stored)

    async def small_result(self, job_id: str) -> bytes | None:
        """The stored bytes of a result beside its record."""
        with translated():
            return cast("bytes | None", await self.redis.get(keys.result(job_id)))
