"""Which jobs fit beside those that run: by what they are expected to take of the worker's memory."""

import os
from pathlib import Path

from jobs.model import JobSpec
from jobs.store import records
from jobs.store.claims import Claim, Room

# of a container's (or machine's) memory: the rest is for the interpreter, its libraries and what no weight foresees
_SHARE = 0.75
# smaller inputs say little of what a byte takes
_TELLING_BYTES = 1024**2
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_budget(configured: int) -> int:
    """What all attempts of this process together may take, in bytes.

    `configured` where it is not 0, else three quarters of the container's limit, or of the machine's memory.
    """
    if configured:
        return configured
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(_SHARE * min([machine, *_container_limits()]))


def _container_limits() -> list[int]:
    texts = [path.read_text().strip() for path in _CGROUP_LIMITS if path.is_file()]
    return [int(text) for text in texts if text.isdigit()]


class Admission:
    """The claims that a worker holds, and what room they leave."""

    def __init__(self, memory_total: int) -> None:
        self.total = memory_total
        """What all attempts together may take, in bytes; 0: not counted."""
        self._held: dict[str, Claim] = {}
        self._factors: dict[str, float] = {}

    @property
    def room(self) -> Room:
        """What the next claim may take."""
        held = self._held.values()
        return Room(
            busy=len(self._held),
            suspects=not any(claim.suspect for claim in held),
            memory_free=self.total - sum(min(claim.weight, self.total) for claim in held),
            memory_total=self.total,
        )

    def hold(self, claim: Claim) -> None:
        """An attempt begins."""
        self._held[claim.token] = claim

    def drop(self, claim: Claim) -> None:
        """Its thread is free."""
        self._held.pop(claim.token, None)

    def learn(self, spec: JobSpec, peak_bytes: int) -> None:
        """A finished job took so many bytes of memory at most."""
        kinds = {records.kind_of(given.payload) for given in spec.inputs.values()}
        given = sum(given.payload.bytes for given in spec.inputs.values())
        if len(kinds) == 1 and given >= _TELLING_BYTES:
            kind = kinds.pop()
            self._factors[kind] = max(self._factors.get(kind, 0.0), round(peak_bytes / given, 2))

    def learned(self) -> dict[str, float]:
        """What was learned since the last call: bytes of memory by byte of input, by kind of payload."""
        factors, self._factors = self._factors, {}
        return factors
