"""The end of a job whose worker does not write it: the deadline's answer comes from the supervisor."""

import logging

from jobs.errors import JobTimeout
from jobs.metrics import TIMED_OUT_UNANSWERED
from jobs.model import AttemptReport, Outcome
from jobs.state import JobState
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore
from jobs.store.metrics import add
from jobs.supervisor.child import WorkerProcess
from jobs.supervisor.messages import Held

logger = logging.getLogger(__name__)


def answer_overdue(store: JobStore, child: WorkerProcess, held: Held) -> None:
    """Write the job's end as failed, job.timeout; harmless where the worker has written it, for its token decides."""
    problem = JobTimeout(held.timeout_s).problem
    worker = child.account.hello.worker_id if child.account.hello else ""
    claim = Claim(id=held.id, token=held.token, score=0, job=None, max_attempts=0, inputs={})
    report = AttemptReport(attempt=held.attempt, outcome="failed", error=problem, worker=worker)

    async def write() -> None:
        outcome = Outcome(error=problem)
        if await store.finish(claim, JobState.FAILED, outcome, report=report, result_ttl_s=held.result_ttl_s):
            logger.warning("job %s is past its deadline, attempt %d", held.id, held.attempt, extra={"job_id": held.id})
            await add(store.redis, {TIMED_OUT_UNANSWERED: 1})

    child.ledger.write(write, f"the end of job {held.id}")
