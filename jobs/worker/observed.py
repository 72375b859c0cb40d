"""The store as a worker's attempts write it, with what they write counted and traced on the way."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobs.model import AttemptReport, Outcome
from jobs.state import JobState
from jobs.store.claims import Claim, Claims
from jobs.store.jobs import JobStore
from jobs.tracing import AttemptTrace, Tracing
from jobs.worker.metrics import Meter

# attempts that lost their lease write no end; of those no more than this are remembered
_MOST_BEGUN = 4_096


@dataclass(slots=True)
class _Begun:
    """An attempt since its claim, by `time.monotonic()`."""

    at: float
    trace: AttemptTrace | None


class ObservedStore(JobStore):
    """A JobStore that tells a meter, and where traces are on a tracer, of every attempt from its claim to its end."""

    def __init__(self, *args: Any, meter: Meter, tracing: Tracing | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.meter = meter
        self.tracing = tracing
        self._begun: dict[str, _Begun] = {}
        self._lease_ms = 0

    async def claim(self, *args: Any, **kwargs: Any) -> Claims:
        """As JobStore's."""
        claims = await super().claim(*args, **kwargs)
        for claim in claims.taken:
            self._begin(claim)
        return claims

    def _begin(self, claim: Claim) -> None:
        if claim.token in self._begun:  # a claim whose answer was lost, told again
            return
        self.meter.claimed(claim.job)
        trace = None
        if self.tracing is not None and claim.job is not None:
            trace = self.tracing.attempt(claim.job)
        if claim.job is None:  # a plain ARQ call, or a record that nobody can read
            return
        self._begun[claim.token] = _Begun(time.monotonic(), trace)
        if len(self._begun) > _MOST_BEGUN:
            self._over(next(iter(self._begun)))

    def computed(self, claim: Claim) -> None:
        """The thread of this attempt is done; what comes now is writing its end."""
        begun = self._begun.get(claim.token)
        if begun is not None and begun.trace is not None:
            begun.trace.computed()

    async def renew(self, worker_info: str, lease_ms: int, held: Sequence[tuple[str, str]]) -> list[str]:
        """As JobStore's; what was counted goes to Redis beside it."""
        answers = await super().renew(worker_info, lease_ms, held)
        self._lease_ms = lease_ms
        self.meter.tell_soon(self.redis, len(held), lease_ms)
        return answers

    async def last_words(self, ctx: dict[Any, Any]) -> None:  # noqa: ARG002  # ARQ's signature of a hook
        """ARQ's on_shutdown hook: what was counted and traced, and not told yet."""
        await self.meter.close(self.redis, self._lease_ms)
        if self.tracing is not None:
            await asyncio.to_thread(self.tracing.close)

    async def finish(self, claim: Claim, state: JobState, outcome: Outcome, **more: Any) -> bool:
        """As JobStore's."""
        done = await super().finish(claim, state, outcome, **more)
        begun = self._over(claim.token, state.value if done else "refused", outcome)
        if done:
            report: AttemptReport | None = more.get("report")
            peak = outcome.peak_memory_bytes or (report.peak_memory_bytes if report else None)
            ended = outcome.changed(peak_memory_bytes=peak) if peak != outcome.peak_memory_bytes else outcome
            self.meter.ended(claim.job, state, ended, _since(begun))
        return done

    async def release(self, claim: Claim, **more: Any) -> bool:
        """As JobStore's."""
        done = await super().release(claim, **more)
        report: AttemptReport | None = more.get("report")
        begun = self._over(claim.token, "handed back" if more.get("refund") else "retried")
        if not done:
            return done
        if more.get("refund") or report is None:
            self.meter.handed_back()
        else:
            self.meter.retried(claim.job, report.error.code, _since(begun), report.peak_memory_bytes)
        return done

    def _over(self, token: str, how: str = "lost", outcome: Outcome | None = None) -> _Begun | None:
        begun = self._begun.pop(token, None)
        if begun is not None and begun.trace is not None:
            begun.trace.end(how, outcome)
        return begun


def _since(begun: _Begun | None) -> float | None:
    return None if begun is None else time.monotonic() - begun.at
