"""Columns by what they are called: filtered, prefixed, put in a given order."""

from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid, ColumnAmbiguous
from jobs.expressions.patterns import check_pattern
from jobs.expressions.values import Clash
from jobs.transforms.arguments import Scalar, one_column, refusal, shown
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.nulls import nullable_dtype
from jobs.transforms.usage import Columns

_FLIGHT: list[dict[str, Any]] = [{"dep_delay": 4, "arr_delay": 11, "carrier": "UA"}]


class Filter(Transform):
    """Keep the columns whose names are in `items`, contain `like`, or match `regex` (RE2); one of the three."""

    op = "filter"
    family = "columns"
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHT},
        pipeline=[{"op": "filter", "like": "delay"}],
        result=[{"dep_delay": 4, "arr_delay": 11}],
    )

    items: tuple[str, ...] | None = None
    """The names to keep, in this order; names that are no column are passed over, as in pandas."""
    like: str | None = None
    """A part of the names to keep."""
    regex: str | None = Field(None, max_length=4096)
    """What is found in the names to keep, anywhere in them."""

    @model_validator(mode="after")
    def _one_rule(self) -> "Filter":
        given = [name for name in ("items", "like", "regex") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise refusal(ArgumentInvalid(f"give one of 'items', 'like' and 'regex', not {found}"))
        if self.regex is not None:
            try:
                check_pattern(self.regex)
            except Clash as clash:
                raise refusal(ArgumentInvalid(str(clash)), "/regex") from None
        return self

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The columns that are kept."""
        if self.items is not None:
            return frame.loc[:, [name for name in dict.fromkeys(self.items) if name in frame.columns]]
        names = pa.array([str(name) for name in frame.columns], pa.string())
        found = (
            pc.match_substring_regex(names, self.regex) if self.regex else pc.match_substring(names, self.like or "")
        )
        kept: pd.DataFrame = frame.loc[:, found.to_numpy(zero_copy_only=False).astype(bool)]
        return kept

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted, of the columns that are kept."""
        return wanted


class AddPrefix(Transform):
    """Put a text before every column's name."""

    op = "add_prefix"
    family = "columns"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4}]}, pipeline=[{"op": "add_prefix", "prefix": "dep_"}], result=[{"dep_delay": 4}]
    )

    prefix: str
    """The text."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.add_prefix(prefix)`."""
        return frame.add_prefix(self.prefix)


class AddSuffix(Transform):
    """Put a text behind every column's name."""

    op = "add_suffix"
    family = "columns"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4}]}, pipeline=[{"op": "add_suffix", "suffix": "_min"}], result=[{"delay_min": 4}]
    )

    suffix: str
    """The text."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.add_suffix(suffix)`."""
        return frame.add_suffix(self.suffix)


class SetAxis(Transform):
    """Give all columns new names, in their order."""

    op = "set_axis"
    family = "columns"
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHT},
        pipeline=[{"op": "set_axis", "labels": ["dep", "arr", "by"]}],
        result=[{"dep": 4, "arr": 11, "by": "UA"}],
    )

    labels: tuple[str, ...]
    """As many names as there are columns."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.set_axis(labels, axis=1)`."""
        if len(self.labels) != frame.shape[1]:
            raise ArgumentInvalid(
                f"there are {frame.shape[1]:,} columns, and {len(self.labels):,} labels for them", "/labels"
            )
        return frame.set_axis(list(self.labels), axis=1)


class Reindex(Transform):
    """Give the frame exactly these columns, or exactly the rows whose column `on` has these labels.

    What is not there becomes null, or `fill_value`.
    """

    op = "reindex"
    family = "columns"
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
    fill_value: Scalar = None
    """What stands where there was nothing; null by default."""

    @model_validator(mode="after")
    def _one_axis(self) -> "Reindex":
        if (self.on is None) != (self.labels is None):
            raise refusal(ArgumentInvalid("'on' and 'labels' go together: the column, and the values it is to have"))
        if (self.columns is None) == (self.on is None):
            raise refusal(ArgumentInvalid("give either 'columns', or 'on' and 'labels'"))
        return self

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with these columns or rows."""
        if self.columns is not None:
            return self._columns(frame, self.columns)
        return self._rows(frame)

    def _columns(self, frame: pd.DataFrame, wanted: tuple[str, ...]) -> pd.DataFrame:
        if not frame.columns.is_unique:
            raise ColumnAmbiguous(str(frame.columns[frame.columns.duplicated()][0]), "/columns")
        parts = {
            place: frame[name] if name in frame.columns else pd.Series([self.fill_value] * len(frame))
            for place, name in enumerate(wanted)
        }
        result = pd.DataFrame(parts, index=frame.index)
        result.columns = pd.Index(list(wanted), dtype="str")
        return result

    def _rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        from_labels = pd.Index(list(self.labels or ()))
        column = one_column(frame, self.on or "", "/on")
        if column.duplicated().any():
            raise ArgumentInvalid(f"column {shown(self.on)} has a value twice, and an index to fit must not", "/on")
        places = pd.Index(column.astype(object)).get_indexer(from_labels.astype(object))
        return _taken(frame, places, self.on or "", from_labels, self.fill_value)


def _taken(frame: pd.DataFrame, places: Any, on: str, labels: pd.Index, fill: Scalar) -> pd.DataFrame:
    result: dict[int, Any] = {}
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if name == on:
            result[place] = pd.Series(labels).astype(column.dtype).array
            continue
        dtype = nullable_dtype(column.dtype)
        ready = column.astype(dtype) if dtype is not None and (places < 0).any() and fill is None else column
        result[place] = ready.array.take(places, allow_fill=True, fill_value=fill)
    made = pd.DataFrame(result)
    made.columns = frame.columns
    return made
