"""One plain ARQ call while it runs: what its claim brought, and where its end is."""

from contextvars import ContextVar
from dataclasses import dataclass

from jobs.store.claims import Claim
from jobs.worker.call_ends import HeldEnd
from jobs.worker.stop import Stop


class Answer:
    """Stands for the Redis client where `run_job` opens its pipeline: everything it asks for is known."""

    def __init__(self, *values: object) -> None:
        self._values = values

    def pipeline(self, **_: object) -> "Answer":
        """Itself."""
        return self

    async def __aenter__(self) -> "Answer":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def _asked(self, *_: object) -> None:
        return None

    get = incr = expire = zrem = _asked

    async def execute(self) -> tuple[object, ...]:
        """What was given, in the order in which `run_job` asks."""
        return self._values


@dataclass
class Running:
    """A call that runs here, under the newest claim of its job."""

    claim: Claim
    stop: Stop
    refund: int = 0
    """Claims of it that were no new try."""
    held: HeldEnd | None = None
    """Its end is on its way; nothing else may be written for it."""


HERE: ContextVar[Running] = ContextVar("the call that this task runs")
"""By task, not by job id: a second run of the same job must not get the first one's end."""
