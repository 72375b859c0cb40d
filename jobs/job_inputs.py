"""The inputs of jobs on their way out, as they came in: for whoever wants to run a job once more elsewhere."""

from collections.abc import AsyncIterator

from jobs.errors import InputGone
from jobs.model import Job
from jobs.pointers import escaped
from jobs.store import blobs
from jobs.store.inputs import small_input
from jobs.store.redis import Redis


class JobInputs:
    """Reads the stored bytes of inputs, chunk by chunk."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def pieces(self, job: Job, name: str) -> AsyncIterator[bytes]:
        """The bytes of the input `name`, one of the job's, as they are stored.

        Raises InputGone where they are not there: expired, deleted, or never come, as the result of an upstream job.
        """
        ref, first = job.spec.inputs[name].payload, None
        if ref.blob:
            first = await blobs.read_chunk(self._redis, ref.blob, 0)
        else:
            first = await small_input(self._redis, job.id, name)
        if first is None:
            detail = f"the stored bytes of input {name!r} are gone: inputs are kept as long as the job's result"
            raise InputGone(detail, f"/inputs/{escaped(name)}")
        return self._all(bytes(first), ref.blob, ref.bytes)

    async def _all(self, first: bytes, blob: str, size: int) -> AsyncIterator[bytes]:
        piece: bytes | memoryview | None = first
        left, number = size, 0
        while piece is not None:
            left -= len(piece)
            yield bytes(piece)
            number += 1
            piece = await blobs.read_chunk(self._redis, blob, number) if blob and left > 0 else None
        if blob and left > 0:
            raise InputGone("the stored bytes vanished while they were read: they expired or were deleted")
