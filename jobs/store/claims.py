"""What a claim brings: leased queue entries with all that their attempts need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from jobs.model import Job
from jobs.store import records
from jobs.store.calls import Call, read_call


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased queue entry: `job` and `inputs` of a framequeue job, or the `call` of a plain ARQ function."""

    id: str
    token: str
    score: int
    job: Job | None
    max_attempts: int
    """With those added that do not count."""
    inputs: Mapping[str, bytes]
    exhausted: bool = False
    """Every attempt lost its worker: there is none left, only the end."""
    broken: str = ""
    """Why its record cannot be read: another version wrote it, or it was damaged."""
    weight: int = 0
    """Bytes of memory it is expected to take."""
    least_bytes: int = 0
    """Bytes of memory it takes at the very least."""
    suspect: bool = False
    """Its worker was lost twice before."""
    call: Call | None = None
    evidence: str = ""
    """What is known of the last of its lost workers."""
    upstream_failed: str = ""
    """The id, the state and the input of a job whose result it waited for, where there is none."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a worker has room for beside its free slots: attempts that run, and whether a suspect may be claimed.

    `memory_free` and `memory_total` are bytes; a total of 0 means that memory is not counted.
    """

    busy: int = 0
    suspects: bool = True
    memory_free: int = 0
    memory_total: int = 0


ANY_ROOM = Room()


@dataclass(frozen=True, slots=True)
class Claims:
    """What one claim brought: `now_ms` by Redis' clock, and when the next entry is due (None: the queue is empty)."""

    now_ms: int
    next_due_ms: int | None
    taken: tuple[Claim, ...]


def read_claim(entry: Sequence[Any]) -> Claim:
    """One entry of the claim script's answer."""
    job_id, token, score, *record = entry
    name = job_id.decode()
    if len(record) == 1:
        call = read_call(record[0])
        return Claim(name, token.decode(), int(float(score)), None, 0, {}, call=call)
    flat, inputs, weight, least = record
    fields, job, broken = records.pairs(flat), None, ""
    max_attempts = lost = 0
    try:
        max_attempts = int(fields["max_attempts"]) + int(fields.get("free", b"0"))
        lost = int(fields.get("lost", b"0"))
        job = records.job_of(name, fields)
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        # it must cost its own job, not the worker and with it the jobs beside it
        broken = f"the job's record cannot be read: {type(error).__name__}: {error}"
    return Claim(
        id=name,
        token=token.decode(),
        score=int(float(score)),
        job=job,
        max_attempts=max_attempts,
        inputs=records.pairs(inputs),
        exhausted="exhausted" in fields,
        broken=broken,
        weight=int(weight),
        least_bytes=int(least),
        suspect=lost > 1,
        evidence=fields.get("evidence", b"").decode(errors="replace"),
        upstream_failed=fields.get("upstream_failed", b"").decode(),
    )
