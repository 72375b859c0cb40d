"""The leases of a worker's running jobs: renewed in one call, and their threads stopped when they are lost."""

import asyncio
import logging

from jobs.errors import JobCanceled, StoreError
from jobs.store.jobs import Claim, JobStore
from jobs.worker.threads import Stop

logger = logging.getLogger(__name__)
# three chances to renew before a lease ends
_RENEWALS_PER_LEASE = 3


class LeaseKeeper:
    """Renews what is held, every third of a lease, and keeps the worker's presence for /readyz."""

    def __init__(self, store: JobStore, worker_info: str, lease_s: float) -> None:
        self._store, self._worker_info = store, worker_info
        self.lease_ms = round(lease_s * 1000)
        self._held: dict[str, tuple[Claim, Stop]] = {}

    def hold(self, claim: Claim) -> Stop:
        """Keep this claim's lease from now on; the flag is raised when the lease is lost or a cancel was asked for."""
        stop = Stop()
        self._held[claim.id] = (claim, stop)
        return stop

    def drop(self, claim: Claim) -> None:
        """The attempt is over."""
        self._held.pop(claim.id, None)

    async def keep(self) -> None:
        """Renew for ever; an outage is waited out."""
        while True:
            try:
                await self.renew()
            except StoreError as error:
                logger.warning("leases not renewed: %s", error)
            await asyncio.sleep(self.lease_ms / 1000 / _RENEWALS_PER_LEASE)

    async def renew(self) -> None:
        """One renewal of everything that is held."""
        held = list(self._held.values())
        answers = await self._store.renew(
            self._worker_info, self.lease_ms, [(claim.id, claim.token) for claim, _ in held]
        )
        for (claim, stop), answer in zip(held, answers, strict=True):
            if answer == "held" or self._held.get(claim.id, (None,))[0] is not claim:
                continue
            if answer == "lost":
                logger.warning("job %s: its lease is another worker's now; this attempt stops", claim.id)
            stop.ask(JobCanceled())
