"""A frame made to fit: exactly these columns, or exactly these rows."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import pandas as pd
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid, DtypeUnsuitable, OutputTooLarge
from jobs.transforms.arguments import Scalar, one_column, pointer, refusal, shown
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.follows import Follows
from jobs.transforms.nulls import nullable_dtype
from jobs.transforms.scalars import DTYPES, fit
from jobs.transforms.usage import Columns, plus


class Reindex(Transform):
    """Give the frame exactly these columns, or exactly the rows whose column `on` has these labels.

    What is not there becomes null, or `fill_value`. Integers and booleans become nullable where rows may be null.
    """

    op = "reindex"
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"day": 1, "flights": 10}, {"day": 3, "flights": 7}]},
        pipeline=[{"op": "reindex", "on": "day", "labels": [1, 2, 3], "fill_value": 0}],
        result=[{"day": 1, "flights": 10}, {"day": 2, "flights": 0}, {"day": 3, "flights": 7}],
    )

    columns: tuple[str, ...] | None = None
    """The columns, in this order."""
    on: str | None = None
    """The column that acts as the index, for `labels`."""
    labels: tuple[Scalar, ...] | None = None
    """The values that `on` is to have, in this order."""
    method: Literal["ffill", "pad", "bfill", "backfill", "nearest"] | None = None
    """A label that is not there takes the row before it, behind it, or nearest to it; `on` has to be sorted."""
    limit: int | None = Field(None, ge=1)
    """At most so many labels in a row take another's."""
    fill_value: Scalar = None
    """What stands where there was nothing; null by default."""

    @model_validator(mode="after")
    def _one_axis(self) -> "Reindex":
        if (self.on is None) != (self.labels is None):
            raise refusal(ArgumentInvalid("'on' and 'labels' go together: the column, and the values it is to have"))
        if (self.columns is None) == (self.on is None):
            raise refusal(ArgumentInvalid("give either 'columns', or 'on' and 'labels'"))
        if self.method is None and self.limit is not None:
            raise refusal(ArgumentInvalid("'limit' needs 'method' beside it"), "/limit")
        if self.method is not None and self.labels is None:
            raise refusal(ArgumentInvalid("'method' is for rows: give 'on' and 'labels'"), "/method")
        if isinstance(self.fill_value, int) and not -(2**63) <= self.fill_value < 2**63:
            raise refusal(ArgumentInvalid("'fill_value' is beyond 64 bits"), "/fill_value")
        return self

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The frame with these columns or rows."""
        if self.columns is not None:
            if len(self.columns) > around.max_columns:
                raise OutputTooLarge("columns", len(self.columns), around.max_columns, "limits.columns", "/columns")
            return self._columns(frame, self.columns)
        return self._rows(frame, self.on or "")

    def _columns(self, frame: pd.DataFrame, wanted: tuple[str, ...]) -> pd.DataFrame:
        parts = {
            place: one_column(frame, name, pointer("columns", place)) if name in frame.columns else self._new(frame)
            for place, name in enumerate(wanted)
        }
        result = pd.DataFrame(parts, index=frame.index)
        result.columns = pd.Index(list(wanted), dtype="str")
        return result

    def _new(self, frame: pd.DataFrame) -> pd.Series:
        return pd.Series(self.fill_value, index=frame.index, dtype=DTYPES[type(self.fill_value)])

    def _rows(self, frame: pd.DataFrame, on: str) -> pd.DataFrame:
        column = one_column(frame, on, "/on")
        if column.duplicated().any():
            raise ArgumentInvalid(f"column {shown(on)} has a value twice, and an index to fit must not", "/on")
        wanted = self._labels(column)
        places = self._places(column, wanted)
        result = frame.copy(deep=False).iloc[:0].reindex(range(len(wanted)))
        for place, name in enumerate(frame.columns):
            result.isetitem(place, wanted.array if name == on else self._taken(frame.iloc[:, place], places))
        return result

    def _places(self, column: pd.Series, wanted: pd.Series) -> Any:
        method: Any = self.method
        try:
            return pd.Index(column).get_indexer(pd.Index(wanted), method=method, limit=self.limit)
        except REFUSALS as error:
            detail = f"'method' {self.method} does not work on column {column.name!r} ({column.dtype}): {reason(error)}"
            raise DtypeUnsuitable(
                detail, column=str(column.name), dtype=str(column.dtype), pointer="/method"
            ) from error

    def _labels(self, column: pd.Series) -> pd.Series:
        try:
            wanted = pd.Series(list(self.labels or ()), dtype=object).astype(
                nullable_dtype(column.dtype) or column.dtype
            )
        except REFUSALS as error:
            detail = f"'labels' do not fit column {column.name!r} ({column.dtype}): {reason(error)}"
            raise DtypeUnsuitable(
                detail, column=str(column.name), dtype=str(column.dtype), pointer="/labels"
            ) from error
        return wanted if wanted.hasnans else wanted.astype(column.dtype)

    def _taken(self, column: pd.Series, places: Any) -> Any:
        if self.fill_value is None:
            return column.astype(nullable_dtype(column.dtype) or column.dtype).array.take(places, allow_fill=True)
        fill = fit(self.fill_value, column, "/fill_value")
        wider = column.astype(nullable_dtype(column.dtype) or column.dtype)
        taken = pd.Series(wider.array.take(places, allow_fill=True))
        return taken.where(pd.Series(places >= 0), fill).astype(column.dtype).array

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """One for each label."""
        return given if self.labels is None else len(self.labels)

    def needs(self, wanted: Columns) -> Columns:
        """The columns that are asked for; of rows what is wanted, and the labels. A value must fit all columns."""
        if self.columns is not None:
            return frozenset(self.columns)
        return plus(wanted, [self.on or ""]) if self.fill_value is None else None
