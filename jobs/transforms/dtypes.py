"""Dtypes by name, and casts that say which row did not fit."""

from functools import lru_cache
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import pandas_dtype
from pydantic import AfterValidator, WithJsonSchema

from jobs.codecs.schema import parse_dtype
from jobs.errors import ArgumentInvalid, DtypeUnsuitable, SpecInvalid
from jobs.rejects import refused
from jobs.transforms.arguments import refusal
from jobs.transforms.meanings import floats_of, is_decimal

# kinds of NumPy dtypes a frame may have; fixed-width bytes, records and complex numbers have no payload form
_KINDS: Final = frozenset("biufmMO")
_REFUSALS = (TypeError, ValueError, OverflowError, NotImplementedError, pa.ArrowException)


@lru_cache(maxsize=256)
def resolve(name: str) -> Any:
    """The dtype that pandas means by `name`, or Arrow's where pandas has none; raises SpecInvalid."""
    try:
        found = pandas_dtype(name)
    except (TypeError, ValueError, SyntaxError):
        return pd.ArrowDtype(parse_dtype(name))
    if isinstance(found, np.dtype) and (found.kind not in _KINDS or found.shape or not name[0].isalpha()):
        return pd.ArrowDtype(parse_dtype(name))
    return found


def _known(name: str) -> str:
    try:
        resolve(name)
    except SpecInvalid as error:
        raise refusal(ArgumentInvalid(error.detail)) from None
    return name


DtypeName = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "examples": ["int64", "Int64"]})]
"""pandas' name of a dtype (`int64`, `Int64`, `category`), or Arrow's (`decimal128(12, 2)`, `date32`)."""


def cast(column: pd.Series, name: str, at: str) -> pd.Series:
    """The column as that dtype; raises DtypeUnsuitable with the first row that does not fit, pointing at `at`."""
    wanted = resolve(name)
    if column.dtype == wanted:
        return column
    try:
        return _cast(column, wanted)
    except _REFUSALS as error:
        row = _first_refused(column, wanted)
        raise _unsuitable(column, name, at, row, error) from error


def _cast(column: pd.Series, wanted: Any) -> pd.Series:
    if wanted == "float64" and is_decimal(column.dtype):
        return pd.Series(floats_of(column), index=column.index, name=column.name)
    if not isinstance(wanted, pd.ArrowDtype):
        return column.astype(wanted)
    values = pa.array(column, from_pandas=True).cast(wanted.pyarrow_dtype)
    return pd.Series(pd.array(values, dtype=wanted), index=column.index, name=column.name)


def refusals(column: pd.Series, name: str, most: int) -> dict[int, str]:
    """The positions of the rows that are refused on their own, at most so many, and why."""
    wanted = resolve(name)
    if column.dtype == wanted:
        return {}
    return {row: f"{_value(column, row)} is no {name}" for row in _refused(column, wanted, most)}


def _refused(column: pd.Series, wanted: Any, most: int) -> list[int]:
    return refused(len(column), lambda start, length: _fits(column.iloc[start : start + length], wanted), most)


def _first_refused(column: pd.Series, wanted: Any) -> int | None:
    """The position of the first row that is refused on its own."""
    return next(iter(_refused(column, wanted, 1)), None)


def _value(column: pd.Series, row: int) -> str:
    value = column.iloc[row]
    return "null" if pd.api.types.is_scalar(value) and pd.isna(value) else repr(value)[:100]


def _fits(part: pd.Series, wanted: Any) -> bool:
    try:
        _cast(part, wanted)
    except _REFUSALS:
        return False
    return True


def _unsuitable(column: pd.Series, name: str, at: str, row: int | None, error: Exception) -> DtypeUnsuitable:
    where, hint = "", ""
    if row is not None:
        value = column.iloc[row]
        null = pd.api.types.is_scalar(value) and pd.isna(value)
        where = f"; row {row + 1} is {'null' if null else repr(value)[:100]}"
        capital = name.capitalize().replace("Uint", "UInt")
        hint = f"; {capital!r} can hold nulls" if null and name.startswith(("int", "uint")) else ""
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    unsuitable = DtypeUnsuitable(
        f"column {column.name!r} ({column.dtype}) cannot become {name}: {reason}{where}{hint}",
        column=str(column.name),
        dtype=str(column.dtype),
        pointer=at,
    )
    unsuitable.rows = () if row is None else (row,)
    return unsuitable
