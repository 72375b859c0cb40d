"""Where a job can be, and the only moves between those states."""

from enum import StrEnum


class JobState(StrEnum):
    """Where a job is. Cancel-requested, timed-out and expired are not states."""

    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def terminal(self) -> bool:
        """Whether no move leads out of this state."""
        return not TRANSITIONS[self]


TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    # delayed, or an upstream job is unfinished
    JobState.WAITING: frozenset({JobState.QUEUED, JobState.FAILED, JobState.CANCELED}),
    # failed from here: its upstream failed, or its worker was lost once too often
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELED}),
    # queued from here: a retry, or a worker that hands it back
    JobState.RUNNING: frozenset({JobState.QUEUED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELED: frozenset(),
}


class TransitionRefused(ValueError):
    """A move that the table does not have."""


def advance(current: JobState, to: JobState) -> JobState:
    """`to`, where the table has the move; raises TransitionRefused otherwise."""
    if to not in TRANSITIONS[current]:
        raise TransitionRefused(f"a job that is {current} cannot become {to}")
    return to


def diagram() -> str:
    """The table as a Mermaid state diagram, for docs/state.md."""
    lines = ["stateDiagram-v2", "    [*] --> waiting", "    [*] --> queued"]
    lines += [f"    {state} --> {to}" for state in JobState for to in JobState if to in TRANSITIONS[state]]
    lines += [f"    {state} --> [*]" for state in JobState if state.terminal]
    return "\n".join(lines)
