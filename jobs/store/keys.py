"""Every key framequeue writes, each with one builder and what ends its life.

A key either has a TTL from its first write, or an owner whose end removes it or gives it a TTL.
ARQ's own keys keep ARQ's names, so that its tools and stock workers see them.
"""

from dataclasses import dataclass

from arq.constants import (
    abort_jobs_ss,
    in_progress_key_prefix,
    job_key_prefix,
    result_key_prefix,
    retry_key_prefix,
)

PREFIX = "framequeue:"
JOB_PREFIX = f"{PREFIX}job:"
BLOB_PREFIX = f"{PREFIX}blob:"
TENANT_PREFIX = f"{PREFIX}tenant:"
FRAME_PREFIX = f"{PREFIX}frame:"
IDEM_PREFIX = f"{PREFIX}idem:"
CHANGES_CHANNEL = f"{PREFIX}changes"
CANCELS_CHANNEL = f"{PREFIX}cancels"
DELIVERIES = f"{PREFIX}deliveries"
SETTLED = f"{PREFIX}settled"
WORKERS = f"{PREFIX}workers"
FACTORS = f"{PREFIX}factors"
METRICS = f"{PREFIX}metrics"
WORKER_REPORT_PREFIX = f"{PREFIX}worker:"
WORKER_OPS_PREFIX = f"{PREFIX}ops:"
CLAIMED_PREFIX = f"{PREFIX}claimed:"
ARQ_JOB_PREFIX = job_key_prefix
ARQ_LEASE_PREFIX = in_progress_key_prefix
ARQ_RETRY_PREFIX = retry_key_prefix
ARQ_RESULT_PREFIX = result_key_prefix
ARQ_ABORT = abort_jobs_ss


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A kind of key: its pattern, its Redis type, and the setting that gives its TTL or the owner that ends it."""

    pattern: str
    type: str
    ttl: str | None = None
    owner: str | None = None


KEYS: tuple[KeySpec, ...] = (
    KeySpec(f"{JOB_PREFIX}<id>", "hash", "result_ttl_s + jobs.record_ttl_s, from the end", "the live job"),
    KeySpec(f"{JOB_PREFIX}<id>:inputs", "hash", "result_ttl_s, from the end", "the live job"),
    KeySpec(f"{JOB_PREFIX}<id>:result", "string", "result_ttl_s"),
    KeySpec(f"{JOB_PREFIX}<id>:reports", "list", "result_ttl_s + jobs.record_ttl_s, from the end", "the live job"),
    KeySpec(f"{JOB_PREFIX}<id>:events", "stream", "result_ttl_s + jobs.record_ttl_s, from the end", "the live job"),
    KeySpec(f"{JOB_PREFIX}<id>:logs", "list", "result_ttl_s + jobs.record_ttl_s, from the end", "the live job"),
    KeySpec(f"{JOB_PREFIX}<id>:dependents", "set", owner="the live job"),
    KeySpec(f"{TENANT_PREFIX}<tenant>:jobs", "sorted set", owner="the tenant: an entry is a job that is known"),
    KeySpec(f"{TENANT_PREFIX}<tenant>:live", "sorted set", owner="the tenant: an entry is a live job"),
    KeySpec(
        f"{TENANT_PREFIX}<tenant>:group:<group>", "sorted set", owner="the tenant: an entry is a job that is known"
    ),
    KeySpec(f"{IDEM_PREFIX}<tenant>:<key>", "string", "jobs.idempotency_ttl_s"),
    KeySpec(f"{JOB_PREFIX}<id>:deliveries", "list", "what is left of its job's record"),
    KeySpec(DELIVERIES, "sorted set", owner="the deliveries: an entry is an ended job whose webhook is to be told"),
    KeySpec(
        f"{BLOB_PREFIX}<id>",
        "hash",
        "jobs.upload_ttl_s, then its frame's or result's",
        "the live jobs that refer to it",
    ),
    KeySpec(f"{FRAME_PREFIX}<id>", "hash", "jobs.frame_ttl_s"),
    KeySpec(SETTLED, "string", "a minute"),
    KeySpec(WORKERS, "sorted set", "three times worker.lease_s"),
    KeySpec(f"{CLAIMED_PREFIX}<worker>", "string", "worker.lease_s"),
    KeySpec(FACTORS, "hash", "a week, from the last job that taught it"),
    KeySpec(METRICS, "hash", "thirty days, from the last count"),
    KeySpec(f"{WORKER_REPORT_PREFIX}<worker>", "hash", "three times worker.lease_s"),
    KeySpec(f"{WORKER_OPS_PREFIX}<fingerprint>", "string", "three times worker.lease_s"),
    KeySpec(f"{TENANT_PREFIX}<tenant>:stored", "sorted set", "ninety days, from its last change"),
    KeySpec(f"{TENANT_PREFIX}<tenant>:stored:bytes", "hash", "ninety days, from its last change"),
    KeySpec(f"{TENANT_PREFIX}<tenant>:requests", "string", "until the tenant's whole burst is there again"),
    KeySpec("<queue>", "sorted set", owner="the queue: an entry is a live job"),
    KeySpec("<queue>:wake", "list", owner="the queue: at most one token"),
    KeySpec("<queue>:health-check", "string", "ARQ's health_check_interval"),
    KeySpec("<queue>:housekeeping", "hash", "a fortnight"),
    KeySpec("<queue>:found", "sorted set", "a fortnight"),
    KeySpec(f"{ARQ_JOB_PREFIX}<id>", "string", "ARQ's expiry, for plain calls", "the live job"),
    KeySpec(f"{ARQ_RESULT_PREFIX}<id>", "string", "ARQ's keep_result, for plain calls"),
    KeySpec(f"{ARQ_LEASE_PREFIX}<id>", "string", "worker.lease_s"),
    KeySpec(f"{ARQ_RETRY_PREFIX}<id>", "string", "ARQ's day"),
)

JOB_PARTS: tuple[str, ...] = tuple(
    spec.pattern.rpartition(":")[2] for spec in KEYS if spec.pattern.startswith(f"{JOB_PREFIX}<id>:")
)
"""What stands beside a job's record, by the last word of its key."""


def job(job_id: str) -> str:
    """The record of a job."""
    return JOB_PREFIX + job_id


def inputs(job_id: str) -> str:
    """The small inputs of a job, by name."""
    return f"{JOB_PREFIX}{job_id}:inputs"


def result(job_id: str) -> str:
    """The stored bytes of a small result."""
    return f"{JOB_PREFIX}{job_id}:result"


def reports(job_id: str) -> str:
    """The reports of a job's failed attempts, oldest first."""
    return f"{JOB_PREFIX}{job_id}:reports"


def events(job_id: str) -> str:
    """The stream of a job's events."""
    return f"{JOB_PREFIX}{job_id}:events"


def logs(job_id: str) -> str:
    """What a job's transforms logged, printed and warned, oldest first."""
    return f"{JOB_PREFIX}{job_id}:logs"


def dependents(job_id: str) -> str:
    """Which jobs wait for this one's result, each with the name of its input."""
    return f"{JOB_PREFIX}{job_id}:dependents"


def tenant_jobs(tenant: str) -> str:
    """The ids of a tenant's jobs, by their time of creation in ms."""
    return f"{TENANT_PREFIX}{tenant}:jobs"


def tenant_live(tenant: str) -> str:
    """The ids of a tenant's jobs that have not ended, by their time of creation in ms."""
    return f"{TENANT_PREFIX}{tenant}:live"


def tenant_group(tenant: str, group: str) -> str:
    """The ids of the jobs that a tenant submitted together, by their time of creation in ms."""
    return f"{TENANT_PREFIX}{tenant}:group:{group}"


def idem(tenant: str, key: str) -> str:
    """What a tenant's Idempotency-Key made: the request's fingerprint, and the ids; `key` is the key's SHA-256."""
    return f"{IDEM_PREFIX}{tenant}:{key}"


def deliveries(job_id: str) -> str:
    """The tries to tell a job's webhook of its end, oldest first."""
    return f"{JOB_PREFIX}{job_id}:deliveries"


def blob(blob_id: str) -> str:
    """The chunks of a payload, with its size, checksum and reference count."""
    return BLOB_PREFIX + blob_id


def frame(frame_id: str) -> str:
    """The record of an uploaded frame."""
    return FRAME_PREFIX + frame_id


def claimed(worker: str) -> str:
    """What a worker's last claim took: told again where its answer was lost."""
    return CLAIMED_PREFIX + worker


def worker_report(worker: str) -> str:
    """How a worker says that it is."""
    return WORKER_REPORT_PREFIX + worker


def worker_ops(fingerprint: str) -> str:
    """The ops that workers with this catalogue know."""
    return WORKER_OPS_PREFIX + fingerprint


def tenant_requests(tenant: str) -> str:
    """When a tenant may send its whole burst of requests again."""
    return f"{TENANT_PREFIX}{tenant}:requests"


def tenant_stored(tenant: str) -> str:
    """What a tenant has stored by when it expires; a hash beside it, `...:bytes`, has the bytes of each."""
    return f"{TENANT_PREFIX}{tenant}:stored"


def wake(queue: str) -> str:
    """The list on which idle workers block: a level flag, never longer than one."""
    return f"{queue}:wake"


def housekeeping(queue: str) -> str:
    """How far the housekeeping of this queue's Redis is."""
    return f"{queue}:housekeeping"


def found(queue: str) -> str:
    """What housekeeping found to be nobody's, and when first."""
    return f"{queue}:found"


def arq_job(job_id: str) -> str:
    """ARQ's serialized call."""
    return ARQ_JOB_PREFIX + job_id


def lease(job_id: str) -> str:
    """ARQ's in-progress key; its value is the token of the attempt that holds it."""
    return ARQ_LEASE_PREFIX + job_id


def retry(job_id: str) -> str:
    """ARQ's count of a call's tries."""
    return ARQ_RETRY_PREFIX + job_id
