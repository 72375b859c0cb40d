"""What a submission would do, when it is only to be checked."""

from typing import Annotated

from msgspec import Meta, Struct

from jobs.model import Column
from service.problems import ProblemBody


class PlanStep(Struct, frozen=True):
    """What comes out of one step, as far as it can be told without running it."""

    op: str
    columns: Annotated[
        tuple[Column, ...] | None,
        Meta(description="Null where they depend on data. `nullable` is false where there are surely no nulls."),
    ]
    rows_estimate: Annotated[int | None, Meta(description="Mostly the most there can be; null where unknown.")]


class PlanBody(Struct, frozen=True):
    """The steps of a job in order, and the memory that a worker would keep free for it."""

    steps: tuple[PlanStep, ...]
    memory_estimate_bytes: int | None


class ValidationBody(Struct, frozen=True):
    """What is wrong with a submission, and its plan; null where the steps or the inputs cannot be told."""

    valid: bool
    problems: tuple[ProblemBody, ...]
    plan: PlanBody | None
