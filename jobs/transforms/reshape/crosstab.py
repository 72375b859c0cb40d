"""How often values meet: `crosstab`."""

from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from jobs.errors import ArgumentInvalid, ColumnTaken
from jobs.transforms.arguments import Names, name_list, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.reshape.axis import Axis
from jobs.transforms.reshape.combinations import Side
from jobs.transforms.reshape.cross import Cross, Layout, Piece
from jobs.transforms.reshape.normalize import Share, normalized
from jobs.transforms.reshape.pivot import check_apart
from jobs.transforms.reshape.totals import Function, Measure
from jobs.transforms.usage import Columns


class Crosstab(Transform):
    """Count how often the values of columns meet, or aggregate `values` where they do: a row per `index`.

    The arguments that are arrays in pandas are names of columns here. New columns are named after the values, and with
    margins the keys of the rows come as text, as in `pivot_table`.
    """

    op = "crosstab"
    family = "reshape"
    follows = Follows.DATA
    example: ClassVar[Example] = Example(
        inputs={"df": [{"size": "S", "red": True}, {"size": "M", "red": True}, {"size": "S", "red": False}]},
        pipeline=[{"op": "crosstab", "index": "size", "columns": "red", "margins": True}],
        result=[
            {"size": "M", "False": 0, "True": 1, "All": 1},
            {"size": "S", "False": 1, "True": 1, "All": 2},
            {"size": "All", "False": 1, "True": 2, "All": 3},
        ],
    )

    index: Names
    """The columns whose values make the rows."""
    columns: Names
    """The columns whose values name the new columns."""
    values: str | None = None
    """The column to aggregate; without it, rows are counted."""
    rownames: tuple[str, ...] | None = None
    """Other names for the columns of `index` in the result."""
    aggfunc: Function | None = None
    """How to aggregate `values`."""
    margins: bool = False
    """Add a row and a column with the aggregates of everything."""
    margins_name: str = "All"
    """What the margins are called."""
    dropna: bool = True
    """Leave out rows with a null key; false: null is a key, and so is every category and every pair of keys."""
    normalize: Share = False
    """Shares in place of values: of all (true, `all`), of each row (`index`, 0) or of each column (`columns`, 1)."""

    @model_validator(mode="after")
    def _arguments_agree(self) -> "Crosstab":
        check_apart(self.index, self.columns)
        if (self.values is None) != (self.aggfunc is None):
            lacking, given = ("aggfunc", "values") if self.aggfunc is None else ("values", "aggfunc")
            raise refusal(ArgumentInvalid(f"{given!r} needs {lacking!r} beside it"), f"/{given}")
        keys = name_list(self.index)
        if self.rownames is not None and len(self.rownames) != len(keys):
            raise refusal(
                ArgumentInvalid(f"'rownames' has {len(self.rownames)} names, and 'index' {len(keys)} columns"),
                "/rownames",
            )
        return self

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The table."""
        index = require_keys(frame, "index", self.index)
        columns = require_keys(frame, "columns", self.columns)
        values = require_keys(frame, "values", self.values)
        keys = frame[[*index, *columns]]
        loose = not self.dropna and any(isinstance(dtype, pd.CategoricalDtype) for dtype in keys.dtypes)
        counted = None
        if self.margins:
            counted = np.ones(len(frame), bool)
            if self.dropna:
                counted = frame[[*index, *columns, *values]].notna().all(axis=1).to_numpy()
        fill = 0 if self.values is None else None
        layout = Layout(fill, self.dropna, counted, self.margins_name, full=loose)
        down = self._side(frame, index, around, "rows")
        across = self._side(frame, columns, around, "columns")
        measure = Measure(self.aggfunc or "size", self.values if self.aggfunc != "size" else None, ())
        made = Cross(frame, down, across, layout).table([Piece((measure,))], around)
        made = normalized(made, len(index), self.normalize, margins=self.margins)
        return self._named(made, len(index))

    def _side(
        self,
        frame: pd.DataFrame,
        names: list[str],
        around: Surroundings,
        what: Literal["rows", "columns"],
    ) -> Axis:
        side = Side(
            nulls="drop" if self.dropna else "last",
            observed=self.dropna,
            product=not self.dropna and len(names) > 1,
            what=what,
            limit=around.max_rows if what == "rows" else around.max_columns,
            at="/index" if what == "rows" else "/columns",
        )
        return Axis.of([frame[name] for name in names], side)

    def _named(self, made: pd.DataFrame, keys: int) -> pd.DataFrame:
        if self.rownames is None:
            return made
        names = [*self.rownames, *made.columns[keys:]]
        for place, name in enumerate(self.rownames):
            if names.count(name) > 1:
                raise ColumnTaken(name, f"/rownames/{place}")
        return made.set_axis(pd.Index(names, dtype=made.columns.dtype), axis=1)

    def needs(self, wanted: Columns) -> Columns:  # noqa: ARG002  # what columns there are, all of these decide
        """The keys and the values."""
        return frozenset([*name_list(self.index), *name_list(self.columns), *name_list(self.values)])
