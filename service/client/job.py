"""What a job is to a caller, whichever client it came from: the last that was heard of it."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from service.client.values import (
    TERMINAL,
    InputFacts,
    JobFacts,
    Problem,
    Progress,
    ResultFacts,
    Timing,
    Warn,
)


class JobBase:
    """The last known facts of a job; every call that hears newer ones keeps those."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self._hear(answer)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.state}>"

    def _hear(self, answer: Mapping[str, Any]) -> None:
        self.json: Mapping[str, Any] = answer
        self.__dict__.pop("facts", None)

    @cached_property
    def facts(self) -> JobFacts:
        """All of it, as a frozen value; `json` is the same as it came."""
        return JobFacts.read(self.json)

    @property
    def id(self) -> str:
        """By which anyone with the tenant's key finds it."""
        return str(self.json["id"])

    @property
    def state(self) -> str:
        """`waiting`, `queued`, `running`, `succeeded`, `failed` or `canceled`."""
        return str(self.json["state"])

    @property
    def ended(self) -> bool:
        """Whether the state is one that no job leaves."""
        return self.state in TERMINAL

    @property
    def version(self) -> int:
        """Counts the changes."""
        return self.facts.version

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1; 0 before the first."""
        return self.facts.attempt

    @property
    def progress(self) -> Progress:
        """Steps done, steps in all, fraction."""
        return self.facts.progress

    @property
    def pipeline(self) -> list[dict[str, Any]]:
        """The steps that were submitted."""
        return self.facts.pipeline

    @property
    def inputs(self) -> dict[str, InputFacts]:
        """What is known of each input."""
        return self.facts.inputs

    @property
    def outcome(self) -> ResultFacts | None:
        """The result's size and columns, once there is one; `result()` fetches the rows."""
        return self.facts.result

    @property
    def error(self) -> Problem | None:
        """Why it failed or was canceled."""
        return self.facts.error

    @property
    def warnings(self) -> tuple[Warn, ...]:
        """What was mapped on its way."""
        return self.facts.warnings

    @property
    def labels(self) -> dict[str, str]:
        """The words it was submitted with."""
        return self.facts.labels

    @property
    def timing(self) -> Timing:
        """Where the time of its last attempt went, in milliseconds."""
        return self.facts.timing

    @property
    def group(self) -> str | None:
        """The batch it belongs to."""
        return self.facts.group

    @property
    def rerun_of(self) -> str | None:
        """The job that it repeats."""
        return self.facts.rerun_of

    @property
    def trace_id(self) -> str:
        """By which logs and traces know it."""
        return self.facts.trace_id

    @property
    def created_at(self) -> datetime | None:
        """When it was accepted."""
        return self.facts.created_at

    @property
    def started_at(self) -> datetime | None:
        """When its last attempt began."""
        return self.facts.started_at

    @property
    def finished_at(self) -> datetime | None:
        """When it ended."""
        return self.facts.finished_at
