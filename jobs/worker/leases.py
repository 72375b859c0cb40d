"""The leases of a worker's running jobs: renewed in one call, and their threads stopped when they are lost."""

import asyncio
import logging
import time

from jobs.errors import JobCanceled, StoreError
from jobs.store import keys
from jobs.store.claims import Claim
from jobs.store.jobs import JobStore
from jobs.worker.stop import LeaseLostError, Stop

logger = logging.getLogger(__name__)
# three chances to renew before a lease ends
_RENEWALS_PER_LEASE = 3


class LeaseKeeper:
    """Renews what is held, every third of a lease, and keeps the worker's presence for /readyz."""

    def __init__(self, store: JobStore, worker_info: str, lease_s: float) -> None:
        self._store, self._worker_info = store, worker_info
        self.lease_ms = round(lease_s * 1000)
        # by token: the same job may be held twice for a moment, by an attempt that lost it and by its successor
        self._held: dict[str, tuple[Claim, Stop]] = {}
        self.renewed_at = time.monotonic()

    def hold(self, claim: Claim) -> Stop:
        """Keep this claim's lease from now on; the flag is raised when the lease is lost or a cancel was asked for."""
        stop = Stop()
        self._held[claim.token] = (claim, stop)
        return stop

    def drop(self, claim: Claim) -> None:
        """The attempt is over."""
        self._held.pop(claim.token, None)

    def cancel(self, job_id: str) -> None:
        """Ask every held attempt at this job to end as canceled."""
        for claim, stop in self._held.values():
            if claim.id == job_id:
                stop.ask(JobCanceled())

    def answered(self, token: str) -> bool:
        """Whether the end of this attempt is written, though its thread may still run."""
        held = self._held.get(token)
        return held is None or held[1].answered

    async def leave(self) -> None:
        """This worker is no longer present."""
        await self._store.redis.zrem(keys.WORKERS, self._worker_info)

    async def keep(self) -> None:
        """Renew for ever; an outage is waited out."""
        while True:
            try:
                await self.renew()
            except StoreError as error:
                logger.debug("leases not renewed: %s", error)
            except Exception:
                logger.exception("leases not renewed")
            await asyncio.sleep(self.lease_ms / 1000 / _RENEWALS_PER_LEASE)

    async def renew_if_late(self) -> None:
        """Before a claim: after an outage or a stall, our own jobs must not look lost to us."""
        if time.monotonic() - self.renewed_at > self.lease_ms / 2000:
            await self.renew()

    def stop_all(self, reason: Exception) -> None:
        """Ask every held attempt to end."""
        for _, stop in self._held.values():
            stop.ask(reason)

    async def renew(self) -> None:
        """One renewal of everything that is held."""
        held = [(claim, stop) for claim, stop in self._held.values() if not stop.answered]
        answers = await self._store.renew(
            self._worker_info, self.lease_ms, [(claim.id, claim.token) for claim, _ in held]
        )
        self.renewed_at = time.monotonic()
        for (claim, stop), answer in zip(held, answers, strict=True):
            if answer == "lost" and claim.token in self._held:
                about = {"job_id": claim.id, "trace_id": claim.job.spec.trace_id if claim.job else ""}
                logger.warning("job %s: this attempt's lease is lost; it stops", claim.id, extra=about)
                stop.ask(LeaseLostError())
            elif answer == "cancel":
                stop.ask(JobCanceled())
