"""What a worker process held when it went away: given back at once, instead of a lease later."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.errors import WorkerLost
from jobs.model import AttemptReport
from jobs.store import keys, records, scripts
from jobs.store.redis import Redis, translated

_PAGE = 500
"""Queue entries a script call looks at: under a millisecond of Redis' time."""


@dataclass(frozen=True, slots=True)
class Loss:
    """The end of a worker process: who it was, what is known of its end, and the ids of the jobs it was seen to hold.

    `refund`: it was replaced on purpose; no try is lost, and no suspicion falls on its jobs.
    """

    worker_id: str
    evidence: str = ""
    peak_memory_bytes: int | None = None
    held: tuple[str, ...] = ()
    refund: bool = False

    @property
    def report(self) -> bytes:
        """The report of every attempt that ended with it; the script puts each attempt's number in."""
        report = AttemptReport(
            attempt=0,
            outcome="retried",
            error=WorkerLost(1, self.evidence).problem,
            peak_memory_bytes=self.peak_memory_bytes,
            worker=self.worker_id,
        )
        return records.encode_report(report)


async def lose(redis: Redis, queue: str, loss: Loss, lease_ms: int, *, page: int = _PAGE) -> int:
    """Give back all that the process held, what it claimed without hearing of it included; returns how many jobs.

    Looks at the entries whose lease can be running, page by page, and never at the rest of the queue. May be called
    again: what was given back is no longer the process'.
    """
    given, skip, named, place = 0, 0, loss.held, ""
    while True:
        arguments = _arguments(loss, lease_ms, place, skip, page)
        with translated():
            count, next_place, skip = await scripts.lose(redis, [queue, keys.wake(queue)], [*arguments, *named])
        given, named, place = given + int(count), (), next_place.decode()
        if not place:
            return given


def _arguments(loss: Loss, lease_ms: int, place: str, skip: int, page: int) -> Sequence[scripts.Argument]:
    return [
        f"{loss.worker_id}:",
        int(loss.refund),
        lease_ms,
        place,
        skip,
        page,
        b"" if loss.refund else loss.report,
        loss.evidence,
        keys.JOB_PREFIX,
        keys.ARQ_LEASE_PREFIX,
        keys.ARQ_RETRY_PREFIX,
        keys.CHANGES_CHANNEL,
    ]
