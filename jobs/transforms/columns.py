"""Columns: which there are, what they are called, what they are made of."""

from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import Field

from jobs.errors import DtypeUnsuitable
from jobs.transforms.arguments import ExpressionText, Names, computed, name_list, pointer, require, require_all
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.dtypes import DtypeName, cast

OnMissing = Literal["raise", "ignore"]


class Select(Transform):
    """Keep these columns, in this order: `df[["a", "b"]]`."""

    op = "select"
    family = "columns"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"a": 1, "b": 2, "c": 3}]},
        pipeline=[{"op": "select", "columns": ["c", "a"]}],
        result=[{"c": 3, "a": 1}],
    )

    columns: Names
    """The columns to keep."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with these columns only."""
        return frame[require(frame, "columns", self.columns)]


class Assign(Transform):
    """Add or replace columns by expressions, in written order: later ones see earlier ones."""

    op = "assign"
    family = "columns"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"price": 10.0, "qty": 3}, {"price": 2.5, "qty": 4}]},
        pipeline=[{"op": "assign", "columns": {"net": "price * qty", "gross": "net * 1.5"}}],
        result=[
            {"price": 10.0, "qty": 3, "net": 30.0, "gross": 45.0},
            {"price": 2.5, "qty": 4, "net": 10.0, "gross": 15.0},
        ],
    )

    columns: Annotated[dict[str, ExpressionText], Field(min_length=1)]
    """Name of the column → expression."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with the columns added; the data of the others is shared, not copied."""
        result = frame.copy(deep=False)
        for name, expression in self.columns.items():
            result[name] = computed(result, expression, pointer("columns", name))
        return result


class Rename(Transform):
    """Rename columns; others keep their names."""

    op = "rename"
    family = "columns"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"dep_delay": 4, "carrier": "UA"}]},
        pipeline=[{"op": "rename", "columns": {"dep_delay": "delay"}}],
        result=[{"delay": 4, "carrier": "UA"}],
    )

    columns: dict[str, str]
    """Old name → new name."""
    errors: OnMissing = "ignore"
    """`raise`: an old name that is no column is an error."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with its columns renamed."""
        if self.errors == "raise":
            for name in self.columns:
                require_all(frame, [name], pointer("columns", name))
        return frame.rename(columns=self.columns)


class Drop(Transform):
    """Leave out columns, or rows by their position."""

    op = "drop"
    family = "columns"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"a": 1, "b": 2, "c": 3}]},
        pipeline=[{"op": "drop", "columns": ["b"]}],
        result=[{"a": 1, "c": 3}],
    )

    columns: Names | None = None
    """The columns to leave out."""
    index: int | tuple[int, ...] | None = None
    """The rows to leave out, counted from 0."""
    errors: OnMissing = "raise"
    """`ignore`: what is not there is no error."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame without them."""
        result = frame
        if self.columns is not None:
            wanted = name_list(self.columns)
            if self.errors == "raise":
                require(frame, "columns", self.columns)
            result = result.drop(columns=wanted, errors=self.errors)
        if self.index is not None:
            rows = [self.index] if isinstance(self.index, int) else list(self.index)
            result = result.drop(index=rows, errors=self.errors)
        return result.reset_index(drop=True)


class AsType(Transform):
    """Change the dtype of columns."""

    op = "astype"
    family = "columns"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"flight": "1545", "delay": 4}, {"flight": "1714", "delay": None}]},
        pipeline=[{"op": "astype", "dtype": {"flight": "int64", "delay": "float64"}}],
        result=[{"flight": 1545, "delay": 4.0}, {"flight": 1714, "delay": None}],
    )

    dtype: DtypeName | dict[str, DtypeName]
    """The dtype of all columns, or column → dtype: pandas' names (`Int64`, `datetime64[us, UTC]`) and Arrow's."""
    errors: OnMissing = "raise"
    """`ignore`: a column with values that do not fit stays as it is."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with these columns cast; the others are shared."""
        result = frame.copy(deep=False)
        if isinstance(self.dtype, dict):
            for name in self.dtype:
                require_all(frame, [name], pointer("dtype", name))
        for place, name in enumerate(frame.columns):
            wanted = self.dtype.get(name) if isinstance(self.dtype, dict) else self.dtype
            if wanted is not None:
                at = pointer("dtype", name) if isinstance(self.dtype, dict) else "/dtype"
                result.isetitem(place, self._cast(frame.iloc[:, place], wanted, at).array)
        return result

    def _cast(self, column: pd.Series, wanted: str, at: str) -> pd.Series:
        try:
            return cast(column, wanted, at)
        except DtypeUnsuitable:
            if self.errors == "raise":
                raise
            return column
