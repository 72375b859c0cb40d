"""Values become columns, and what meets in a cell is aggregated: `pivot_table`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Names, Scalar, name_list, refusal, require_all, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.reshape.axis import Axis
from jobs.transforms.reshape.combinations import Side
from jobs.transforms.reshape.cross import Cross, Layout, Piece
from jobs.transforms.reshape.pivot import check_apart
from jobs.transforms.reshape.totals import Function, Measure
from jobs.transforms.usage import ALL, Columns, plus

Functions = Annotated[tuple[Function, ...], Field(min_length=1)]


class PivotTable(Transform):
    """A table as of a spreadsheet: a row per `index`, a column per value of `columns`, aggregates in its cells.

    New columns are named after the values (see `pivot`), levels joined with `_`: of a list in `values` `price_apple`,
    of a list in `aggfunc` `sum_apple` or `sum_price_apple`. Without `index` each of the `values` is a row, called in
    `column`. With margins the keys of the rows come as text, since one of them is `All`. Cells without rows are null,
    and integers stay integers. pandas' functions and keyword arguments of functions are no JSON: functions have names.
    """

    op = "pivot_table"
    family = "reshape"
    follows = Follows.DATA
    example: ClassVar[Example] = Example(
        inputs={
            "df": [
                {"region": "N", "kind": "web", "amount": 10},
                {"region": "N", "kind": "web", "amount": 5},
                {"region": "S", "kind": "shop", "amount": 7},
            ]
        },
        pipeline=[
            {
                "op": "pivot_table", "values": "amount", "index": "region", "columns": "kind", "aggfunc": "sum",
                "fill_value": 0, "margins": True,
            }
        ],
        result=[
            {"region": "N", "shop": 0, "web": 15, "All": 15},
            {"region": "S", "shop": 7, "web": 0, "All": 7},
            {"region": "All", "shop": 7, "web": 15, "All": 22},
        ],
    )  # fmt: skip

    values: Names | None = None
    """The columns to aggregate; without it, all that are no keys."""
    index: Names | None = None
    """The columns whose values make the rows."""
    columns: Names | None = None
    """The columns whose values name the new columns."""
    aggfunc: Function | Functions | dict[str, Function | Functions] = "mean"
    """How to aggregate: a function, several, or those of each column."""
    fill_value: Scalar = None
    """What to put in place of null, in cells."""
    margins: bool = False
    """Add a row and columns with the aggregates of everything."""
    dropna: bool = True
    """Leave out rows with a null key, cells and columns that are all null, and of margins rows with any null; false:
    null is a key, and every key of one column is shown with every key of the others."""
    margins_name: str = "All"
    """What the margins are called."""
    observed: bool = True
    """Of categorical keys show only categories that occur; false: all of them."""
    sort: bool = True
    """Sort rows and columns; false: in order of first appearance."""

    @model_validator(mode="after")
    def _arguments_agree(self) -> "PivotTable":
        check_apart(self.index, self.columns)
        if self.index is None and self.columns is None:
            raise refusal(ArgumentInvalid("there are no keys; give 'index', 'columns' or both"), "/index")
        if self.margins and self.index is None:
            raise refusal(ArgumentInvalid("margins need an 'index' to stand below"), "/margins")
        if isinstance(self.aggfunc, dict):
            self._check_named(self.aggfunc)
        return self

    def _check_named(self, functions: Mapping[str, Function | Functions]) -> None:
        if not functions:
            raise refusal(ArgumentInvalid("an empty object aggregates nothing"), "/aggfunc")
        if self.margins and any(isinstance(one, tuple) for one in functions.values()):
            raise refusal(ArgumentInvalid("margins go with one function for each column"), "/aggfunc")
        for name, given in functions.items():
            if self.values is not None and name not in name_list(self.values):
                raise refusal(ArgumentInvalid(f"{name!r} is none of the 'values'"), f"/aggfunc/{name}")
            if "size" in (given if isinstance(given, tuple) else (given,)):
                raise refusal(ArgumentInvalid("'size' counts rows, of no column; 'count' counts values"), "/aggfunc")

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The table."""
        index = require_keys(frame, "index", self.index)
        columns = require_keys(frame, "columns", self.columns)
        listed = require_keys(frame, "values", self.values)
        if isinstance(self.aggfunc, dict):
            require_all(frame, self.aggfunc, "/aggfunc")
            require_keys(frame, "aggfunc", tuple(self.aggfunc))
        values = listed or [str(name) for name in frame.columns if name not in {*index, *columns}]
        require_keys(frame, "values", tuple(values) or None)
        keys = frame[[*index, *columns]]
        loose = not self.observed and any(isinstance(dtype, pd.CategoricalDtype) for dtype in keys.dtypes)
        counted = None
        if self.margins:
            regarded = frame[[*index, *columns, *values]] if listed else frame
            counted = regarded.notna().all(axis=1).to_numpy() if self.dropna else np.ones(len(frame), bool)
        layout = Layout(self.fill_value, self.dropna, counted, self.margins_name, full=loose)
        down = self._side(frame, index, around, of_rows=True)
        across = self._side(frame, columns, around, of_rows=False)
        cross = Cross(frame, down, across, layout)
        pieces = self._pieces(values)
        return cross.table(pieces, around) if index else cross.flat(pieces, around)

    def _side(self, frame: pd.DataFrame, names: Sequence[str], around: Surroundings, *, of_rows: bool) -> Axis:
        if not names:
            return Axis.of_one(len(frame))
        side = Side(
            nulls="drop" if self.dropna else "last",
            sort=self.sort,
            observed=self.observed,
            whole=self.index is None or self.columns is None,
            product=not self.dropna and len(names) > 1,
            what="rows" if of_rows else "columns",
            limit=around.max_rows if of_rows else around.max_columns,
            at="/index" if of_rows else "/columns",
        )
        return Axis.of([frame[name] for name in names], side)

    def _pieces(self, values: Sequence[str]) -> list[Piece]:
        """What is made of the values: of each function in a list apart, else together."""
        lone = isinstance(self.values, str)
        if isinstance(self.aggfunc, dict):
            return [self._named(self.aggfunc, lone=lone)]
        if not isinstance(self.aggfunc, tuple):
            return [self._of_one(self.aggfunc, values, lone=lone)]
        pieces = [self._of_one(one, values, lone=lone) for one in self.aggfunc]
        return [
            Piece(piece.measures, () if one == "size" and not (self.columns and self.index) else (one,))
            for piece, one in zip(pieces, self.aggfunc, strict=True)
        ]

    def _of_one(self, function: Function, values: Sequence[str], *, lone: bool) -> Piece:
        if function == "size":
            return Piece((Measure(function, None, () if self.columns and self.index else (function,)),))
        dropped = lone and bool(self.columns and self.index)
        ordered = sorted(values) if self.sort else values
        return Piece(tuple(Measure(function, name, () if dropped else (name,)) for name in ordered))

    def _named(self, functions: Mapping[str, Function | Functions], *, lone: bool) -> Piece:
        several = any(isinstance(one, tuple) for one in functions.values())
        found = []
        for name in sorted(functions) if self.sort else functions:
            given = functions[name]
            each: tuple[Function, ...] = given if isinstance(given, tuple) else (given,)
            for function in sorted(each) if self.sort else each:
                parts = (name, function) if several else (name,)
                found.append(
                    Measure(function, name, parts[1:] if lone and (several or (self.columns and self.index)) else parts)
                )
        return Piece(tuple(found))

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # what columns there are, all of these decide
        """The keys and the values."""
        if self.values is None:
            return ALL
        return plus(frozenset(name_list(self.values)), [*name_list(self.index), *name_list(self.columns)])
