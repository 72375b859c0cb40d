"""Aggregates of the whole frame."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import infer_dtype
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid, ColumnTaken, DtypeUnsuitable
from jobs.transforms.arguments import refusal
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.meanings import decimals_as_floats
from jobs.transforms.selection import check_selection

_MANY: Final = 100
_STATISTICS: Final = 8  # count, unique, top, freq, mean, std, min, max; beside the percentiles
_PERCENTILES: Final = 3


class Describe(Transform):
    """Summary statistics of the columns, one row per statistic (in the column `index`).

    Counts and moments of numbers, extremes of times, frequencies of text. A column whose statistics mix numbers and
    other things (`count` and `top` of text) comes as text, so that it has one type.
    """

    op = "describe"
    family = "aggregate"
    follows = Follows.DTYPES
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 1}, {"delay": 3}, {"delay": 5}]},
        pipeline=[{"op": "describe", "percentiles": [0.5]}],
        result=[
            {"index": "count", "delay": 3.0},
            {"index": "mean", "delay": 3.0},
            {"index": "std", "delay": 2.0},
            {"index": "min", "delay": 1.0},
            {"index": "50%", "delay": 3.0},
            {"index": "max", "delay": 5.0},
        ],
    )

    percentiles: Annotated[tuple[float, ...], Field(max_length=1_000)] | None = None
    """Which percentiles, each in 0..1; without it 0.25, 0.5 and 0.75."""
    include: Literal["all"] | tuple[str, ...] | None = None
    """Dtypes to describe (`number`, `str`, `category`, …) or `all`; without it, numbers where there are any."""
    exclude: tuple[str, ...] | None = None
    """Dtypes to leave out."""

    @model_validator(mode="after")
    def _known(self) -> "Describe":
        for place, percentile in enumerate(self.percentiles or ()):
            if not 0 <= percentile <= 1:
                raise refusal(
                    ArgumentInvalid(f"a percentile lies between 0 and 1, not {percentile}"), f"/percentiles/{place}"
                )
        if len(set(self.percentiles or ())) < len(self.percentiles or ()):
            raise refusal(ArgumentInvalid("a percentile stands in the list twice"), "/percentiles")
        if self.include == "all" and self.exclude is not None:
            raise refusal(
                ArgumentInvalid("'exclude' cannot stand beside 'include' all; give one of the two"), "/exclude"
            )
        for argument, given in (("include", self.include), ("exclude", self.exclude)):
            for place, name in enumerate(given if isinstance(given, tuple) else ()):
                check_selection(f"/{argument}/{place}", [name], None)
        if isinstance(self.include, tuple) or self.exclude is not None:
            include = list(self.include) if isinstance(self.include, tuple) else None
            check_selection("/exclude" if self.exclude else "/include", include, self.exclude and list(self.exclude))
        return self

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """One row per statistic, one column per column described; decimals as float64."""
        described = self._described(decimals_as_floats(frame))
        if "index" in described.columns:
            raise ColumnTaken("index")
        columns = [_one_type(described.iloc[:, place]) for place in range(described.shape[1])]
        statistics = pd.Series(described.index.astype("str"), index=described.index, name="index")
        return pd.concat([statistics, *columns], axis=1).reset_index(drop=True)

    def _described(self, frame: pd.DataFrame) -> pd.DataFrame:
        percentiles = None if self.percentiles is None else list(self.percentiles)
        if self.include is None and self.exclude is None and frame.shape[1] > _MANY:
            plain = _plain_numbers(frame)
            if plain is not None:
                return _wide(plain, percentiles)
        include: Any = list(self.include) if isinstance(self.include, tuple) else self.include
        exclude: Any = None if self.exclude is None else list(self.exclude)
        try:
            return frame.describe(percentiles=percentiles, include=include, exclude=exclude)
        except (TypeError, pa.ArrowNotImplementedError) as error:
            for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
                if _is_nested(dtype):
                    detail = f"column {name!r} is {dtype}, of which there are no statistics; select others or drop it"
                    raise DtypeUnsuitable(detail, column=str(name), dtype=str(dtype)) from error
            raise
        except ValueError as error:
            if frame.shape[1] and not frame.select_dtypes(include, exclude).empty:
                raise
            raise DtypeUnsuitable("there is no column to describe; include=all takes every dtype") from error

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """One for each statistic."""
        return _STATISTICS + (_PERCENTILES if self.percentiles is None else len(self.percentiles))


def _plain_numbers(frame: pd.DataFrame) -> pd.DataFrame | None:
    """The columns of plain numbers, where nothing else would be described beside them."""
    plain = np.array([str(dtype) in ("int64", "float64") for dtype in frame.dtypes])
    others = {str(dtype) for dtype in frame.dtypes[~plain]}
    return frame.loc[:, plain] if len(frame) and plain.any() and others <= {"str", "bool", "category"} else None


def _wide(frame: pd.DataFrame, percentiles: list[float] | None) -> pd.DataFrame:
    """What pandas' describe gives, a statistic at a time; pandas goes column by column."""
    labels = frame.iloc[:, :1].describe(percentiles=percentiles).index
    shares = frame.quantile(sorted([0.25, 0.5, 0.75] if percentiles is None else percentiles))
    rows = [frame.count(), frame.mean(), frame.std(), frame.min(), *(row for _, row in shares.iterrows()), frame.max()]
    return pd.DataFrame(np.array([row.to_numpy("float64") for row in rows]), index=labels, columns=frame.columns)


def _is_nested(dtype: Any) -> bool:
    return dtype == np.dtype(object) or (isinstance(dtype, pd.ArrowDtype) and pa.types.is_nested(dtype.pyarrow_dtype))


def _one_type(column: pd.Series) -> pd.Series:
    if column.dtype != object or not infer_dtype(column, skipna=True).startswith("mixed"):
        return column
    return column.map(str, na_action="ignore").astype("str")
