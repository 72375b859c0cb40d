"""The end of a job whose record nobody can read."""

import logging

from jobs.errors import InternalError
from jobs.model import Outcome
from jobs.state import JobState
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore

logger = logging.getLogger(__name__)
_TTL_S = 86_400


async def end_broken(store: JobStore, claim: Claim) -> JobState:
    """Fail a job whose record cannot be read, so that it costs nobody else anything."""
    logger.error("job %s: %s", claim.id, claim.broken, extra={"job_id": claim.id})
    outcome = Outcome(error=InternalError(claim.broken).problem)
    await store.finish(claim, JobState.FAILED, outcome, result_ttl_s=_TTL_S)
    return JobState.FAILED
