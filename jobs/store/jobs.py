"""Job records: the typed face of the Lua scripts.

Every method is one round trip, and raises StoreUnavailable or StoreFull where Redis is away or full.
"""

import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import cast

from jobs.errors import InputGone, JobCanceled
from jobs.model import AttemptReport, Job, JobSpec, Outcome, Progress
from jobs.state import JobState
from jobs.store import keys, records, scripts
from jobs.store.calls import switches
from jobs.store.claims import ANY_ROOM, Claim, Claims, Room, read_claim
from jobs.store.options import RecordOptions
from jobs.store.redis import Redis, translated
from jobs.store.submits import NewJob, SubmitStore, Terms
from jobs.store.together import Together

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
        self.submits = SubmitStore(redis, queue, fsync_ms=fsync_ms)
        self._record_ttl_ms = settings.record_ttl_s * 1000

    async def submit(self, job_id: str, spec: JobSpec, inline: Mapping[str, bytes], queue_limit: int) -> Job:
        """Create one job whole, or not at all; see `submits`."""
        accepted = await self.submits.submit([NewJob(job_id, spec, inline)], Terms(queue_limit))
        return accepted.jobs[0]

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
        names = [self.queue, keys.wake(self.queue), keys.claimed(worker), keys.FACTORS, keys.METRICS]
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
                    records.product(claim.id, outcome),
                    outcome.result.stored_bytes if outcome.result else 0,
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
