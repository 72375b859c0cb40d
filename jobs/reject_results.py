"""The rejects of a job on their way out: a frame in the stored form, beside its result."""

import hashlib
import time

from jobs.codecs import stored
from jobs.errors import InputGone, JobNotReady, ResultExpired
from jobs.model import Job
from jobs.rejects import Rejects
from jobs.renderings import Rendering
from jobs.results import Results, StoredFrame, View


async def render_rejects(results: Results, job: Job, view: View) -> Rendering:
    """The rows that the job has set aside, in the view's format; an empty frame of the same columns where none were.

    Raises JobNotReady where there is no result (yet), ResultExpired, ColumnUnknown, FidelityLost.
    """
    result = job.outcome.result if job.outcome else None
    if result is None:
        raise JobNotReady(job.id, job.state)
    if job.expires_ms is not None and job.expires_ms <= time.time() * 1000:
        raise ResultExpired(job.id)
    kept = result.set_aside
    if kept is None:
        return await results.of_stored(_none(), view)
    try:
        return await results.of_stored(StoredFrame(kept.sha256, kept.bytes, kept.rows, kept.blob), view)
    except InputGone:
        raise ResultExpired(job.id) from None


def _none() -> StoredFrame:
    data = b"".join(bytes(piece) for piece in stored.store(Rejects(0).table()))
    return StoredFrame(hashlib.sha256(data).hexdigest(), len(data), 0, data=data)
