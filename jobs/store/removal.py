"""An ended job leaves with all that is its own, in one atomic step."""

from jobs.errors import JobLive
from jobs.model import Job
from jobs.store import keys, scripts
from jobs.store.redis import Redis, translated


async def remove(redis: Redis, queue: str, job: Job) -> None:
    """Remove an ended job; one that is gone already is no error. Raises JobLive, and changes nothing, while it lives.

    Blobs that a frame or another job holds stay, until those go.
    """
    if not job.state.terminal:
        raise JobLive(job.id, job.state, "deleted")
    tenant, group = job.spec.tenant, job.spec.group
    own = (keys.job, keys.arq_job, keys.lease, keys.retry)
    indexes = [keys.tenant_jobs(tenant)]
    if group is not None:
        indexes.append(keys.tenant_group(tenant, group))
    result = job.outcome.result if job.outcome else None
    blobs = result.blobs if result is not None else ()
    with translated():
        verdict = await scripts.remove(
            redis,
            [*(name(job.id) for name in own), queue, *indexes],
            [job.id, " ".join(keys.JOB_PARTS), keys.BLOB_PREFIX, " ".join(blobs)],
        )
    if verdict == b"live":
        raise JobLive(job.id, job.state, "deleted")
