"""The worker process, and the defaults of its jobs."""

from pydantic import Field

from config.sections.base import Section


class WorkerSettings(Section):
    """The worker process."""

    threads: int = Field(0, ge=0, le=256)
    """Threads that run transforms, and so jobs at a time; 0: one per core, and at least two."""
    branches: int = Field(1, ge=1, le=64)
    """Threads of one job, for branches of its pipeline that do not wait for each other; 1: step after step."""
    nice: int = Field(5, ge=0, le=19)
    """How far transforms stand back on the processor for the API and Redis beside them (Linux's nice value)."""
    memory_bytes: int = Field(0, ge=0)
    """What running jobs may take of memory, in bytes; 0: three quarters of the container's limit or the machine's."""
    lease_s: float = Field(10.0, ge=1)
    """How long a claim holds without renewal, in seconds: what a lost machine costs its jobs."""
    drain_s: float = Field(20.0, ge=0)
    """How long SIGTERM waits for running jobs before it hands them back, in seconds."""
    standby: bool = True
    """Keep a second process ready, which takes over at once where the worker dies or hangs; it takes about 80 MB."""
    poll_s: float = Field(0.5, gt=0)
    """How often an idle worker looks for jobs of stock ARQ producers, which do not wake it, in seconds."""


class JobSettings(Section):
    """Defaults of a job's own fields, and how long things are kept."""

    timeout_s: float = Field(300.0, gt=0)
    """How long one attempt may run where the job does not say, in seconds."""
    max_timeout_s: float = Field(86_400.0, gt=0)
    """The largest `timeout_s` a job may ask for, in seconds."""
    max_attempts: int = Field(3, ge=1, le=100)
    """How often a job is tried where it does not say."""
    result_ttl_s: int = Field(86_400, ge=1)
    """How long a result is kept where the job does not say, in seconds."""
    max_result_ttl_s: int = Field(30 * 86_400, ge=1)
    """The largest `result_ttl_s` a job may ask for, in seconds."""
    record_ttl_s: int = Field(7 * 86_400, ge=60)
    """How long a finished job is remembered after its result has expired, in seconds."""
    frame_ttl_s: int = Field(86_400, ge=1)
    """How long an uploaded frame is kept, in seconds."""
    idempotency_ttl_s: int = Field(86_400, ge=86_400)
    """How long an `Idempotency-Key` is kept, in seconds."""
    upload_ttl_s: int = Field(3_600, ge=60)
    """How long an unfinished upload may stand before Redis drops it, in seconds."""
