"""Accepting jobs: one script call makes one job or many, with all that finds them again, or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from arq.jobs import serialize_job

from jobs.errors import (
    FramequeueError,
    IdempotencyMismatch,
    InputGone,
    InputUnknown,
    QueueFull,
    QueueQuota,
    TooManyDependents,
)
from jobs.model import Input, Job, JobSpec
from jobs.pointers import escaped
from jobs.state import JobState
from jobs.store import keys, records, scripts
from jobs.store.quotas import too_much
from jobs.store.redis import Redis, serialize, translated
from jobs.store.repeats import Repeat, settle

FUNCTION = "framequeue.run"
"""The ARQ function that every framequeue job calls; it takes no arguments, the job id says it all."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be accepted, with the bytes of its small inputs.

    `taken_over` are its inputs that are those of the job `source`; `frames` are ids that must still be there; `at` is
    where the job stands in what was sent, as a JSON pointer.
    """

    id: str
    spec: JobSpec
    inline: Mapping[str, bytes]
    source: str = ""
    taken_over: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    at: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms jobs are accepted; `listed=False` keeps them from the tenant's own lists and quotas.

    `live_quota` and `stored_quota` are the tenant's: unfinished jobs, and bytes; 0 for none.
    """

    queued_jobs: int
    dependents: int = 1_000
    live_quota: int = 0
    stored_quota: int = 0
    repeat: Repeat | None = None
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Accepted:
    """The jobs as they stand; `replayed` where the request was one that had made them before."""

    jobs: tuple[Job, ...]
    replayed: bool = False


class UpstreamMovedError(Exception):
    """The job that is an input has ended since it was looked at: look again, and submit once more."""

    def __init__(self, index: int, name: str) -> None:
        super().__init__(name)
        self.index, self.name = index, name


class SubmitStore:
    """The one way in; with `fsync_ms`, it returns only once the jobs are on Redis' disk, or raises after so long."""

    def __init__(self, redis: Redis, queue: str, *, fsync_ms: int | None = None) -> None:
        self._redis, self._queue, self._fsync_ms = redis, queue, fsync_ms

    async def submit(self, new: Sequence[NewJob], terms: Terms) -> Accepted:
        """Make all of them whole, or none; the same ids again, or the same request, give the jobs that are there.

        Raises QueueFull, IdempotencyMismatch, UpstreamMovedError, and InputGone, InputUnknown or CountExceeded of an
        input.
        """
        names, args = self._names(new[0].spec, terms), self._args(new, terms)
        with translated():
            if self._fsync_ms is None:
                answer = await scripts.submit(self._redis, names, args)
            else:
                answer = await scripts.submit.durably(self._redis, names, args, self._fsync_ms)
        verdict, *rest = (part.decode() for part in answer)
        if verdict == "created":
            return Accepted(tuple(_made(one, rest[0], state) for one, state in zip(new, rest[1:], strict=True)))
        if verdict in ("known", "replayed"):
            await self.settle()
        if verdict == "known":  # it may have ended since its answer was lost
            return Accepted(await self.read(one.id for one in new))
        if verdict == "replayed":
            return Accepted(await self.read(rest[0].split()), replayed=True)
        raise _refused(verdict, rest, new, terms)

    async def settle(self) -> None:
        """With `fsync_ms`, wait until all that was accepted before is on Redis' disk; raises as `submit` does."""
        if self._fsync_ms is not None:
            await settle(self._redis, self._fsync_ms)

    async def read(self, ids: "Iterator[str] | Sequence[str]") -> tuple[Job, ...]:
        """Those of these jobs that are known, in one round trip."""
        ids = tuple(ids)
        with translated():
            async with self._redis.pipeline(transaction=False) as pipe:
                for job_id in ids:
                    pipe.hmget(keys.job(job_id), list(records.FIELDS))
                found = await pipe.execute()
        rows = (dict(zip(records.FIELDS, values, strict=True)) for values in found)
        known = zip(ids, rows, strict=True)
        return tuple(records.job_of(job_id, fields) for job_id, fields in known if fields["spec"] is not None)

    def _names(self, spec: JobSpec, terms: Terms) -> list[str]:
        listed = (keys.tenant_jobs(spec.tenant), keys.tenant_live(spec.tenant)) if terms.listed else ("", "")
        group = keys.tenant_group(spec.tenant, spec.group) if spec.group else ""
        stored = keys.tenant_stored(spec.tenant) if terms.stored_quota and terms.listed else ""
        return [self._queue, keys.wake(self._queue), *listed, group, terms.repeat.key if terms.repeat else "", stored]

    def _args(self, new: Sequence[NewJob], terms: Terms) -> list[scripts.Argument]:
        args: list[scripts.Argument] = [
            terms.queued_jobs,
            keys.JOB_PREFIX,
            keys.BLOB_PREFIX,
            keys.FRAME_PREFIX,
            keys.ARQ_JOB_PREFIX,
            keys.CHANGES_CHANNEL,
            new[0].spec.tenant,
            _call(),
            terms.repeat.fingerprint if terms.repeat else "",
            terms.repeat.ttl_ms if terms.repeat else 0,
            terms.dependents,
            terms.live_quota,
            terms.stored_quota,
            len(new),
        ]
        for one in new:
            args += _job(one)
        return args


@cache
def _call() -> bytes:
    """ARQ's own record of the call: no arguments, and no time of ours (Redis' clock has it)."""
    return serialize_job(FUNCTION, (), {}, None, 0, serializer=serialize)


def _job(new: NewJob) -> Iterator[scripts.Argument]:
    spec = new.spec
    yield new.id
    yield records.encode_spec(spec)
    yield round(spec.delay_s * 1000)
    yield spec.max_attempts
    yield " ".join(given.payload.blob for given in spec.inputs.values() if given.payload.blob)
    yield records.sizes(spec)
    yield new.source
    # a frame's bytes are counted with that, and a blob of another job's with that one
    own = (one.payload for one in spec.inputs.values() if not (one.frame or (one.job and one.payload.blob)))
    yield sum(payload.bytes for payload in own)
    fields: dict[str, str] = {"group": spec.group} if spec.group else {}
    if hooks := records.hooks(spec):
        fields["hooks"] = hooks
    yield from _list(*(part for pair in fields.items() for part in pair), *_labels(spec))
    yield from _list(*(part for pair in new.inline.items() for part in pair))
    # what a rerun takes over is no longer looked for where it came from
    asked = ((name, given) for name, given in spec.inputs.items() if given.job and name not in new.taken_over)
    yield from _list(*(part for name, given in asked for part in (name, given.job or "", _how(given))))
    yield from _list(*(name for name in new.taken_over if not spec.inputs[name].payload.blob))
    yield from _list(*new.frames)


def _list(*values: scripts.Argument) -> tuple[scripts.Argument, ...]:
    return (len(values), *values)


def _labels(spec: JobSpec) -> Iterator[str]:
    for name, value in spec.labels.items():
        yield f"label:{name}"
        yield value


def _how(given: Input) -> str:
    return "" if given.awaited else given.payload.blob or "small"


def _made(new: NewJob, now_ms: str, state: str) -> Job:
    return Job(id=new.id, spec=new.spec, state=JobState(state), version=1, attempt=0, created_ms=int(now_ms))


def _refused(verdict: str, rest: list[str], new: Sequence[NewJob], terms: Terms) -> Exception:
    if verdict == "full":
        return QueueFull(terms.queued_jobs)
    if verdict == "mismatch":
        return IdempotencyMismatch()
    if verdict == "many":
        return QueueQuota(terms.live_quota)
    if verdict == "much":
        return too_much(terms.stored_quota, *rest)
    index, name, what = int(rest[0]), rest[1], rest[2]
    if verdict == "moved":
        return UpstreamMovedError(index, name)
    return _input_error(verdict, name, what, terms).inside(new[index].at)


def _input_error(verdict: str, name: str, what: str, terms: Terms) -> FramequeueError:
    pointer = f"/inputs/{escaped(name)}" if name else ""
    if verdict == "unknown":
        return unknown_job(what, f"{pointer}/job")
    if verdict == "crowded":
        return TooManyDependents(f"jobs that wait for {what}", terms.dependents + 1, terms.dependents, f"{pointer}/job")
    if what.startswith("job_"):
        return InputGone(f"what job {what} has of this input has expired", pointer)
    if what.startswith("frm_"):
        return InputGone(f"the frame {what} of an input is gone: it expired or was deleted", "/inputs")
    return InputGone("an input expired while the job was being submitted; upload it again")


def unknown_job(job_id: str, pointer: str) -> InputUnknown:
    """The error of an input that is the result of no job of the tenant's."""
    return InputUnknown(f"no job {job_id[:80]!r}; an input takes the id of a job that was submitted before", pointer)
