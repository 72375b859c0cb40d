"""What a transform is: a small frozen parameter model with one pure method, frame to frame."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd
from pydantic import BaseModel, ConfigDict

from jobs.transforms.context import Context
from jobs.transforms.follows import Follows
from jobs.transforms.usage import ALL, Columns


@dataclass(frozen=True, slots=True)
class Example:
    """A runnable example: inputs as records by name, the pipeline, and the records that come out."""

    inputs: Mapping[str, list[dict[str, Any]]]
    pipeline: list[dict[str, Any]]
    result: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a step may use beside its frame: the other frames by name, the limits on rows and columns, the context.

    `made_up`: the step is only tried, on no rows or on made-up ones, of which none can be wrong.
    """

    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    max_rows: int = 50_000_000
    max_columns: int = 10_000
    context: Context = field(default_factory=Context)
    made_up: bool = False


class Transform(BaseModel, ABC):
    """The base of all ops. Fields are the op's arguments; the class docstring is its documentation."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,  # JSON is taken by its word: true is no 1, "5" is no 5
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
    )

    op: ClassVar[str]
    family: ClassVar[str]
    example: ClassVar[Example | None] = None
    reads_inputs: ClassVar[bool] = False
    """Whether the op may look at any input of the job through its Context."""
    sets_aside: ClassVar[bool] = False
    """Whether the op may set rows aside where the job allows it; they are kept with all columns of their input."""
    follows: ClassVar[Follows] = Follows.DATA
    """From what the columns of the result follow: where it is not the data, the step is tried on no rows at submit."""
    keeps: ClassVar[bool] = False
    """Whether a column that keeps its name keeps its values, or some of them: without nulls before, so after."""

    @abstractmethod
    def apply(self, frame: pd.DataFrame, around: Surroundings, /) -> pd.DataFrame:
        """The frame after this step: a new one with a plain range index; `frame` itself is never changed.

        Raises TransformError with a pointer relative to the step (`/by/0`).
        """

    @classmethod
    def hint_for(cls, place: str, value: Any) -> str | None:  # noqa: ARG003  # the default knows none
        """What to say of the argument at `place` (`/by`), which is unknown or of another kind; None: the usual."""
        return None

    def columns_follow(self) -> Follows:
        """As `follows`, for these arguments."""
        return self.follows

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The named frames this step reads beside the current one, as (pointer relative to the step, name)."""
        return ()

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # the default knows nothing
        """About how many rows the result has of `given` rows, or None where nothing can be said without the data.

        `others` are the rows of the frames it `uses()`, in their order. Mostly the most there can be.
        """
        return None

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # the default knows nothing
        """The columns of the current frame that decide about the columns `wanted` of the result; None stands for all.

        Given these columns alone, in their order, the step has to give the same wanted columns, in the same order, and
        to refuse the same values. Other columns may come out or not. The default, all, is always right.
        """
        return ALL

    def needs_of(self, name: str, wanted: Columns) -> Columns:  # noqa: ARG002  # as `needs`
        """The same of the named frame `name`, one of `uses()`."""
        return ALL
