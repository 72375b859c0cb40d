"""Columns: which there are, what they are called, what they are made of."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import pandas as pd
from pydantic import Field

from jobs.errors import ColumnUnknown, DtypeUnsuitable
from jobs.expressions import Expression
from jobs.transforms.arguments import (
    ExpressionText,
    Names,
    computed,
    name_list,
    one_column,
    pointer,
    require,
    require_all,
)
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.context import SetAside
from jobs.transforms.dtypes import DtypeName, cast, refusals
from jobs.transforms.follows import Follows
from jobs.transforms.usage import ALL, Columns, plus

OnMissing = Literal["raise", "ignore"]


class Select(Transform):
    """Keep these columns, in this order: `df[["a", "b"]]`."""

    op = "select"
    family = "columns"
    follows = Follows.WHOLLY
    keeps = True
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

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # all that are named have to be there
        """The named ones."""
        return frozenset(name_list(self.columns))


class Assign(Transform):
    """Add or replace columns by expressions, in written order: later ones see earlier ones."""

    op = "assign"
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"price": 10.0, "qty": 3}, {"price": 2.5, "qty": 4}]},
        pipeline=[{"op": "assign", "columns": {"net": "price * qty", "gross": "net * 1.5"}}],
        result=[
            {"price": 10.0, "qty": 3, "net": 30.0, "gross": 45.0},
            {"price": 2.5, "qty": 4, "net": 10.0, "gross": 15.0},
        ],
    )

    columns: Annotated[dict[str, ExpressionText], Field(min_length=1, max_length=10_000)]
    """Name of the column → expression."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with the columns added; the data of the others is shared, not copied."""
        new: dict[str, pd.Series] = {}
        for name, expression in self.columns.items():
            at = pointer("columns", name)
            new[name] = computed(_beside(frame, new, expression, at), expression, at)
        # all at once: a frame takes each further column more slowly than the one before
        parts, start = [], 0
        for place in [place for place, name in enumerate(frame.columns) if name in new]:
            parts += [frame.iloc[:, start:place], new[frame.columns[place]].to_frame(frame.columns[place])]
            start = place + 1
        parts.append(frame.iloc[:, start:])
        parts += [column.to_frame(name) for name, column in new.items() if name not in frame.columns]
        return pd.concat([part for part in parts if part.shape[1]], axis=1)

    def needs(self, wanted: Columns) -> Columns:
        """What the expressions read too; a column that is replaced is wanted for its place."""
        return plus(wanted, frozenset().union(*(expression.columns for expression in self.columns.values())))


def _beside(frame: pd.DataFrame, new: Mapping[str, pd.Series], expression: Expression, at: str) -> pd.DataFrame:
    """The frame for an expression that may read new columns: those of them that it reads, over the frame's own."""
    names = sorted(expression.columns)
    for name in names:
        if name not in new and name not in frame.columns:
            raise ColumnUnknown(name, [*frame.columns, *new], at)
    if not any(name in new for name in names):
        return frame
    read = {name: new[name] if name in new else one_column(frame, name, at) for name in names}
    return pd.DataFrame(read, copy=False)


class Rename(Transform):
    """Rename columns; others keep their names."""

    op = "rename"
    family = "columns"
    follows = Follows.WHOLLY
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

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted, by its old name."""
        if wanted is None:
            return ALL
        old = {name for name, new in self.columns.items() if new in wanted or self.errors == "raise"}
        return plus(wanted - self.columns.keys(), old)


class Drop(Transform):
    """Leave out columns, or rows by their position."""

    op = "drop"
    family = "columns"
    follows = Follows.WHOLLY
    keeps = True
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

    def needs(self, wanted: Columns) -> Columns:
        """What is left out has to be there, unless that is no error."""
        return wanted if self.errors == "ignore" else plus(wanted, name_list(self.columns))


class AsType(Transform):
    """Change the dtype of columns."""

    op = "astype"
    family = "columns"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"flight": "1545", "delay": 4}, {"flight": "1714", "delay": None}]},
        pipeline=[{"op": "astype", "dtype": {"flight": "int64", "delay": "float64"}}],
        result=[{"flight": 1545, "delay": 4.0}, {"flight": 1714, "delay": None}],
    )

    dtype: DtypeName | dict[str, DtypeName]
    """The dtype of all columns, or column → dtype: pandas' names (`Int64`, `datetime64[us, UTC]`) and Arrow's."""
    errors: OnMissing = "raise"
    """`ignore`: a column with values that do not fit stays as it is."""

    def columns_follow(self) -> Follows:
        """Where a cast may be left out, the values decide about the dtypes."""
        return Follows.NAMES if self.errors == "ignore" else self.follows

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The frame with these columns cast; the others are shared. Rows that do not fit may be set aside."""
        if isinstance(self.dtype, dict):
            for name in self.dtype:
                require_all(frame, [name], pointer("dtype", name))
        set_aside = around.context.set_aside
        if set_aside is None or self.errors != "raise":
            return self._all_cast(frame)
        try:
            return self._all_cast(frame)
        except DtypeUnsuitable:
            return self._all_cast(self._fitting(frame, set_aside))

    def _fitting(self, frame: pd.DataFrame, set_aside: SetAside) -> pd.DataFrame:
        """The frame without the rows that do not fit; as it is where no single row is at fault."""
        for place, name in enumerate(frame.columns):
            wanted = self.dtype.get(name) if isinstance(self.dtype, dict) else self.dtype
            if wanted is not None:
                reasons = refusals(frame.iloc[:, place], wanted, set_aside.room + 1)
                if reasons:
                    frame = set_aside(frame, reasons, code=DtypeUnsuitable.code, column=str(name))
        return frame

    def _all_cast(self, frame: pd.DataFrame) -> pd.DataFrame:
        result = frame.copy(deep=False)
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

    def needs(self, wanted: Columns) -> Columns:
        """Those that are cast too: a value that does not fit is an error."""
        return plus(wanted, self.dtype if isinstance(self.dtype, dict) else None)
