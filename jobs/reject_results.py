"""The rejects of a job on their way out: a result beside its result, read and written as that one is."""

import time

from jobs.codecs import stored
from jobs.codecs.schema import columns_of
from jobs.errors import JobNotReady, ResultExpired
from jobs.model import Frame, Job, PayloadRef, ResultInfo
from jobs.rejects import Rejects
from jobs.results import ChunkSource, Rendering, View, render_job


async def render_rejects(source: ChunkSource, job: Job, view: View) -> Rendering:
    """The rows that the job has set aside, in the view's format; an empty frame of the same columns where none were.

    Raises JobNotReady where there is no result (yet), ResultExpired, ColumnUnknown, FidelityLost.
    """
    result = job.outcome.result if job.outcome else None
    if job.outcome is None or result is None:
        raise JobNotReady(job.id, job.state)
    if result.set_aside is not None:
        return await render_job(source, _instead(job, _info(result.set_aside)), view)
    if job.expires_ms is not None and job.expires_ms <= time.time() * 1000:
        raise ResultExpired(job.id)
    none = _Nothing(source)
    return await render_job(none, _instead(job, none.info), view)


def _instead(job: Job, result: ResultInfo) -> Job:
    outcome = job.outcome
    return job if outcome is None else job.changed(outcome=outcome.changed(result=result, warnings=()))


def _info(kept: PayloadRef) -> ResultInfo:
    return ResultInfo(
        rows=kept.rows or 0, columns=kept.columns or (), bytes=kept.bytes, sha256=kept.sha256, blob=kept.blob
    )


class _Nothing:
    """Gives an empty frame of rejects for the small result of any job."""

    def __init__(self, source: ChunkSource) -> None:
        self._source = source
        table = Rejects(0).table()
        self._data = b"".join(bytes(piece) for piece in stored.store(table))
        self.info = ResultInfo(rows=0, columns=columns_of(table.schema), bytes=len(self._data), sha256="no rejects")

    async def small_result(self, _job: Job) -> bytes | None:
        """The stored bytes of no rejects."""
        return self._data

    async def read_frame(self, frame: Frame) -> Job:
        """As the source does."""
        return await self._source.read_frame(frame)

    async def chunk(self, blob_id: str, number: int) -> bytes | memoryview | None:
        """As the source does."""
        return await self._source.chunk(blob_id, number)
