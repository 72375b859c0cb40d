"""Columns by their dtypes, and dtypes by what columns hold."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pandas as pd
from pydantic import model_validator

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import Names, name_list, plain, pointer, refusal
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.nulls import NULLABLE
from jobs.transforms.selection import check_selection
from jobs.transforms.usage import Columns

_PAIRS = {name: str(dtype) for name, dtype in NULLABLE.items()}
_TWINS = {**_PAIRS, **{nullable: name for name, nullable in _PAIRS.items()}, "object": "str"}


class SelectDtypes(Transform):
    """Keep the columns of some dtypes, or leave them out; nullable dtypes count as the others (`int64` as `Int64`)."""

    op = "select_dtypes"
    family = "columns"
    follows = Follows.DTYPES
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": [{"carrier": "UA", "delay": 4, "share": 0.5}]},
        pipeline=[{"op": "select_dtypes", "include": "number"}],
        result=[{"delay": 4, "share": 0.5}],
    )

    include: Names | None = None
    """The dtypes to keep: `number`, `bool`, `str`, `category`, `datetime`, `datetimetz`, `timedelta`, `int64`, …"""
    exclude: Names | None = None
    """The dtypes to leave out."""

    @model_validator(mode="after")
    def _known(self) -> "SelectDtypes":
        if self.include is None and self.exclude is None:
            raise refusal(ArgumentInvalid("give 'include', 'exclude', or both"))
        for argument, given in (("include", self.include), ("exclude", self.exclude)):
            for place, name in enumerate(dict.fromkeys(name_list(given))):
                at = pointer(argument) if isinstance(given, str) else pointer(argument, place)
                check_selection(at, [name], None)
        check_selection("/exclude", _with_twins(self.include), _with_twins(self.exclude))
        return self

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.select_dtypes(...)`."""
        include: Any = _with_twins(self.include)
        exclude: Any = _with_twins(self.exclude)
        return plain(frame.select_dtypes(include, exclude))

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted, of the columns that are kept."""
        return wanted


class _Inferred(Transform):
    family = "columns"
    follows = Follows.NAMES
    keeps = True

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """What is wanted."""
        return wanted


class ConvertDtypes(_Inferred):
    """Give each column the best dtype that can hold null: whole numbers Int64, conditions boolean, text str.

    Fractions are float64, where NaN is null. The arguments of pandas' method end with pandas 4, but for
    `dtype_backend`, which would make dtypes that mean nothing else.
    """

    op = "convert_dtypes"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4.0}, {"delay": None}]},
        pipeline=[{"op": "convert_dtypes"}, {"op": "assign", "columns": {"delay": "str(delay)"}}],
        result=[{"delay": "4"}, {"delay": None}],
    )

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.convert_dtypes()`, without nullable floats and second dtypes of text."""
        made = frame.copy(deep=False)
        for place, dtype in enumerate(frame.dtypes):
            if not isinstance(dtype, pd.ArrowDtype | pd.StringDtype):  # these are what they are
                made.isetitem(place, _settled(frame.iloc[:, place].convert_dtypes()))
        return made


class InferObjects(_Inferred):
    """Give columns of objects the dtype of what they hold; others stay as they are."""

    op = "infer_objects"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4}]}, pipeline=[{"op": "infer_objects"}], result=[{"delay": 4}]
    )

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.infer_objects()`."""
        return frame.infer_objects()


def _settled(column: pd.Series) -> Any:
    if str(column.dtype) in ("Float64", "Float32"):
        return column.to_numpy(dtype=str(column.dtype).lower(), na_value=float("nan"))
    return column.astype("str").array if isinstance(column.dtype, pd.StringDtype) else column.array


def _with_twins(names: Names | None) -> list[str] | None:
    """The names, and those of the dtypes that hold the same values with null or without."""
    if names is None:
        return None
    listed = name_list(names)
    return list(dict.fromkeys([*listed, *(_TWINS[name] for name in listed if name in _TWINS)]))
