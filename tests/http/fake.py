"""A queue in memory: what the service calls, without Redis, and with every fact a test wants to look at."""

import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from jobs.codecs import stored
from jobs.codecs.base import DecodeOptions
from jobs.codecs.decoding import decode
from jobs.errors import FramequeueError, InputGone, InputUnknown, JobCanceled, NotFound, StoreError
from jobs.health import Health, Work
from jobs.model import (
    AttemptReport,
    Column,
    Frame,
    Input,
    Job,
    JobSpec,
    LogRecord,
    Outcome,
    PayloadRef,
    Problem,
    Progress,
    ResultInfo,
)
from jobs.requests import Allowance
from jobs.state import JobState
from jobs.store.deliveries import Try
from jobs.store.metrics import QueueSeen
from jobs.store.submits import Accepted, NewJob
from jobs.store.uploads import Staged
from jobs.submits import IdempotencyKey, KeptFrame
from jobs.tracing import Tracing
from jobs.transforms.catalogue import Catalogue
from tests.http.fake_submits import FakeSubmits

NOW_MS = int(time.time() * 1000)


class FakeUpload:
    """Keeps what is written; without `finish()` it never was."""

    def __init__(self, queue: "FakeQueue", ref: PayloadRef, *, inline: bool) -> None:
        self._queue, self._ref, self._inline = queue, ref, inline
        self._pieces: list[bytes] = []
        self.size = 0

    async def __aenter__(self) -> Self:
        self._queue.open_uploads += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.open_uploads -= 1

    async def write(self, data: bytes) -> None:
        assert isinstance(data, bytes)
        self._queue.largest_write = max(self._queue.largest_write, len(data))
        self._pieces.append(data)
        self.size += len(data)

    async def finish(self) -> Staged:
        blob = f"blb_{secrets.token_hex(4)}"
        self._queue.blobs[blob] = b"".join(self._pieces)
        digest = hashlib.sha256(self._queue.blobs[blob]).hexdigest()
        ref = self._ref.changed(blob=blob, bytes=self.size, sha256=digest)
        return Staged(ref, self._queue.blobs[blob] if self._inline else None)


class FakeRequests:
    """No quota, until a test says what is answered."""

    per_minute = burst = 0
    answer: Allowance | None = None

    async def take(self, tenant: str) -> Allowance | None:
        return self.answer


class FakeObservatory:
    """An empty queue without workers."""

    fails: StoreError | None = None

    async def work(self) -> Work:
        if self.fails is not None:
            raise self.fails
        return Work(QueueSeen(0, 0, 0, None, ()), {}, {"used_memory": 5})


class FakeInputs:
    """Gives the blobs of inputs back."""

    def __init__(self, queue: "FakeQueue") -> None:
        self._queue = queue

    async def pieces(self, job: Job, name: str) -> AsyncIterator[bytes]:
        data = self._queue.blobs.get(job.spec.inputs[name].payload.blob)
        if data is None:
            raise InputGone(f"the stored bytes of input {name!r} are gone", f"/inputs/{name}")
        return self._in_two(data)

    async def _in_two(self, data: bytes) -> AsyncIterator[bytes]:
        yield data[:3]
        yield data[3:]


class FakeQueue:
    """Jobs stay queued until a test ends them; `fails` is raised by the next submit."""

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.jobs: dict[str, Job] = {}
        self.frames: dict[str, Frame] = {}
        self.blobs: dict[str, bytes] = {}
        self.chunked: dict[str, list[bytes]] = {}
        self.asked: list[int] = []
        self.results: dict[str, bytes] = {}
        self.said: dict[str, tuple[LogRecord, ...]] = {}
        self.tries: dict[str, tuple[Try, ...]] = {}
        self.attempts: dict[str, tuple[AttemptReport, ...]] = {}
        self.open_uploads = self.largest_write = 0
        self.waits: list[float] = []
        self.known_versions: list[int | None] = []
        self.meanwhile: Callable[[Job], Job] | None = None
        self.fails: Exception | None = None
        self.ends_with: Job | None = None
        self.state = Health(redis=None, workers=1)
        self.started = self.closed = False
        self.tracing: Tracing | None = None
        self.requests = FakeRequests()
        self.waiters = 0
        self.observatory = FakeObservatory()
        self.submits = FakeSubmits(self)
        self.inputs = FakeInputs(self)

    async def start(self) -> None:
        self.started = True

    async def close(self) -> None:
        self.closed = True

    def upload(self, *, media_type: str, inline: bool = True, **how: str | None) -> FakeUpload:
        return FakeUpload(self, PayloadRef(blob="", media_type=media_type, bytes=0, **how), inline=inline)  # type: ignore[arg-type]

    async def discard(self, *staged: Staged) -> None:
        for one in staged:
            self.blobs.pop(one.ref.blob, None)  # as in Redis, twice is once

    async def accept(self, new: Sequence[NewJob], *, key: IdempotencyKey | None = None, wait_s: float = 0) -> Accepted:
        self.waits.append(wait_s)
        if self.fails is not None:
            raise self.fails
        accepted = await self.submits.accept(new, key)
        if self.ends_with is None or accepted.replayed:
            return accepted
        job = accepted.jobs[0]
        job = self.jobs[job.id] = self.ends_with.changed(id=job.id, spec=job.spec)
        if self.ends_with.id in self.results:
            self.results[job.id] = self.results[self.ends_with.id]
        return Accepted((job,))

    def add(self, spec: JobSpec, **changes: Any) -> Job:
        job = Job(
            id=f"job_{secrets.token_urlsafe(18)}",
            spec=spec,
            state=JobState.QUEUED,
            version=1,
            attempt=0,
            created_ms=NOW_MS,
        ).changed(**changes)
        self.jobs[job.id] = job
        return job

    def succeeded(self, table: pa.Table, tenant: str = "default", **changes: Any) -> Job:
        """A finished job whose result is `table`."""
        data = b"".join(bytes(piece) for piece in stored.store(table))
        columns = tuple(Column(name=field.name, dtype=str(field.type), nullable=True) for field in table.schema)
        result = ResultInfo(
            rows=table.num_rows,
            columns=columns,
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            preview=b'[{"a":1}]',
            preview_complete=True,
        )
        job = self.add(
            a_spec(tenant),
            state=JobState.SUCCEEDED,
            version=7,
            attempt=1,
            outcome=Outcome(result=result),
            expires_ms=NOW_MS + 3_600_000,
            **changes,
        )
        self.results[job.id] = data
        return job

    def failed(self, **changes: Any) -> Job:
        """A failed job."""
        problem = Problem(code="transform.failed", title="Step failed", detail="step 1: no", retryable=False)
        job = self.add(a_spec(), state=JobState.FAILED, version=3, attempt=1, outcome=Outcome(error=problem)).changed(
            **changes
        )
        self.jobs[job.id] = job
        self.attempts[job.id] = (
            AttemptReport(
                attempt=1, outcome="failed", error=problem, step=1, op="query", shape=(2, 1), traceback="Trace..."
            ),
        )
        return job

    async def get(self, tenant: str, job_id: str) -> Job:
        job = self.jobs.get(job_id)
        if job is None or job.spec.tenant != tenant:
            raise NotFound("job", job_id)
        return job

    async def wait(self, tenant: str, job_id: str, wait_s: float, *, known_version: int | None = None) -> Job:
        self.waits.append(wait_s)
        self.known_versions.append(known_version)
        if self.meanwhile is not None:
            self.jobs[job_id] = self.meanwhile(self.jobs[job_id])
        return await self.get(tenant, job_id)

    async def cancel(self, tenant: str, job_id: str) -> Job:
        job = await self.get(tenant, job_id)
        if job.state is JobState.RUNNING:
            self.jobs[job_id] = job.changed(cancel_requested_ms=NOW_MS, version=job.version + 1)
        elif not job.state.terminal:
            self.jobs[job_id] = job.changed(
                state=JobState.CANCELED,
                version=job.version + 1,
                cancel_requested_ms=NOW_MS,
                outcome=Outcome(error=JobCanceled().problem),
            )
        return self.jobs[job_id]

    async def logs(self, tenant: str, job_id: str) -> tuple[LogRecord, ...]:
        return self.said.get((await self.get(tenant, job_id)).id, ())

    async def deliveries(self, tenant: str, job_id: str) -> tuple[Try, ...]:
        return self.tries.get((await self.get(tenant, job_id)).id, ())

    async def reports(self, tenant: str, job_id: str) -> tuple[AttemptReport, ...]:
        return self.attempts.get((await self.get(tenant, job_id)).id, ())

    async def add_frame(self, tenant: str, staged: Staged, key: IdempotencyKey | None = None) -> KeptFrame:
        assert staged.data is None, "a frame is a blob"
        if isinstance(self.fails, FramequeueError):
            if not isinstance(self.fails, StoreError):  # what reading it met
                await self.discard(staged)
            raise self.fails
        payload = staged.ref.changed(rows=2, columns=(Column(name="a", dtype="int64", nullable=False),))
        frame = Frame(
            id=f"frm_{secrets.token_urlsafe(18)}",
            tenant=tenant,
            payload=payload,
            created_ms=NOW_MS,
            expires_ms=NOW_MS + 3_600_000,
        )
        self.frames[frame.id] = frame
        if key is not None:
            self.submits.kept[tenant, key.name] = (key.fingerprint, (frame.id,))
        return KeptFrame(frame)

    async def read_frame(self, frame: Frame) -> Job:
        payload = frame.payload
        data = pa.py_buffer(self.blobs[payload.blob])
        return self.succeeded(decode(data, payload.media_type, payload.encoding, DecodeOptions()).table, frame.tenant)

    async def forget(self, job: Job) -> None:
        del self.jobs[job.id]

    async def frame(self, tenant: str, frame_id: str) -> Frame:
        frame = self.frames.get(frame_id)
        if frame is None or frame.tenant != tenant:
            raise NotFound("frame", frame_id)
        return frame

    async def delete_frame(self, tenant: str, frame_id: str) -> None:
        del self.frames[(await self.frame(tenant, frame_id)).id]

    async def frame_input(self, tenant: str, frame_id: str, dtypes: dict[str, str]) -> Input:
        if frame_id not in self.frames:
            raise InputUnknown(f"no frame {frame_id!r}")
        return Input(payload=self.frames[frame_id].payload, frame=frame_id, dtypes=dtypes)

    async def weight(self, spec: JobSpec) -> int:
        return 2 * sum(one.payload.bytes for one in spec.inputs.values())

    async def small_result(self, job: Job) -> bytes | None:
        return self.results.get(job.id)

    async def chunk(self, blob_id: str, number: int) -> bytes | None:
        self.asked.append(number)
        chunks = self.chunked.get(blob_id) or [self.blobs[blob_id]]
        return chunks[number] if number < len(chunks) else None

    async def health(self) -> Health:
        return self.state


def a_spec(tenant: str = "default") -> JobSpec:
    """Some spec."""
    return JobSpec(
        tenant=tenant,
        pipeline=[{"op": "head", "n": 1}],
        inputs={"df": Input(payload=PayloadRef(blob="", media_type="text/csv", bytes=4))},
        timeout_s=1,
        max_attempts=1,
        delay_s=0,
        result_ttl_s=60,
        trace_id="1" * 32,
    )


def running(job: Job) -> Job:
    """The job, half done."""
    return job.changed(state=JobState.RUNNING, attempt=1, progress=Progress(step=1, steps=2, fraction=0.5))
