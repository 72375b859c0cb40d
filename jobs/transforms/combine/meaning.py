"""What columns of different dtypes mean together: the one dtype that holds the values of both, if there is one.

pandas makes objects of many such pairs (a date and a timestamp, text and a category, two decimals of other scales), or
refuses them; here what a column means decides, not how it was stored.
"""

from collections.abc import Callable
from typing import Any, Final
from typing import cast as cast_to

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.codecs.blocks import column_array
from jobs.codecs.frames import to_pandas
from jobs.transforms.combine.take import nulls, taken, unwrapped
from jobs.transforms.meanings import floats_of
from jobs.transforms.nulls import NULLABLE, nullable_dtype

_TEXT: Final = pd.StringDtype(na_value=np.nan)
_UNITS: Final = ("s", "ms", "us", "ns")
_MOST_DIGITS: Final = 38
_ARROW_KINDS: Final[tuple[tuple[Callable[[pa.DataType], bool], str], ...]] = (
    (pa.types.is_date, "date"),
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_null, "null"),
)
_KINDS: Final = {"b": "bool", "i": "number", "u": "number", "f": "number", "M": "instant", "m": "duration"}


def kind_of(dtype: Any) -> str:
    """What values of a canonical dtype are: number, bool, text, instant, zoned, duration, date, decimal, null, else."""
    if isinstance(dtype, pd.ArrowDtype):
        found = (kind for applies, kind in _ARROW_KINDS if applies(dtype.pyarrow_dtype))
        return next(found, str(dtype))
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "zoned"
    if isinstance(dtype, pd.StringDtype):
        return "text"
    return _KINDS.get(_numpy(dtype).kind, str(dtype))


def canonical(array: Any) -> Any:
    """The values in the dtype that an input would have; a category becomes what it stands for."""
    dtype = array.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        codes = array.codes.astype(np.intp)
        return canonical(taken(unwrapped(array.categories.array), codes, missing=bool((codes < 0).any())))
    if isinstance(dtype, pd.StringDtype):
        return array if dtype == _TEXT else pd.Series(array).astype(_TEXT).array
    if isinstance(dtype, pd.ArrowDtype):
        return array if kind_of(dtype) in ("date", "decimal", "null") else _as_an_input(pa.array(array), array)
    return _as_an_input(array, array) if dtype == np.dtype(object) else array


def _as_an_input(values: Any, given: Any) -> Any:
    try:
        column = pa.array(values, from_pandas=True) if isinstance(values, np.ndarray) else values
    except pa.ArrowException:  # values of several kinds
        return given
    if pa.types.is_null(column.type):
        return pd.array(column, dtype=pd.ArrowDtype(pa.null()))
    return column_array(to_pandas(pa.table({"": column})), 0)


def common_dtype(one: Any, other: Any) -> Any:
    """The dtype that holds the values of both canonical dtypes, or None; zones and categories are the first one's."""
    if one == other:
        return one
    kinds = (kind_of(one), kind_of(other))
    if "null" in kinds:
        known = other if kinds[0] == "null" else one
        return nullable_dtype(known) or known
    if kinds[0] != kinds[1]:
        return _COMMON_OF_TWO.get(frozenset(kinds), _none)(one, other)
    return _COMMON.get(kinds[0], _none)(one, other)


def cast(array: Any, dtype: Any) -> Any:
    """The values of a canonical array as another dtype that `common_dtype` gave for it; nulls stay nulls."""
    if array.dtype == dtype:
        return array
    if kind_of(array.dtype) == "null":
        return nulls(len(array), dtype)
    if isinstance(dtype, pd.ArrowDtype):
        made = pa.array(array, from_pandas=True).cast(dtype.pyarrow_dtype)
        return pd.array(made, dtype=dtype)
    if isinstance(array.dtype, pd.ArrowDtype) and kind_of(dtype) == "instant":
        return column_array(to_pandas(pa.table({"": pa.array(array).cast(pa.timestamp(unit_of(dtype)))})), 0)
    if dtype == np.dtype("float64"):
        return floats_of(pd.Series(array))
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        return pd.Series(array).to_numpy(dtype=dtype, na_value=np.nan)
    return unwrapped(pd.Series(array).astype(dtype).array)


def _numpy(dtype: Any) -> np.dtype[Any]:
    """NumPy's dtype of the values; object for whatever has none."""
    found = dtype if isinstance(dtype, np.dtype) else getattr(dtype, "numpy_dtype", None)
    return found if isinstance(found, np.dtype) else np.dtype(object)


def _numbers(one: Any, other: Any) -> Any:
    made = np.result_type(_numpy(one), _numpy(other))
    masked = not (isinstance(one, np.dtype) and isinstance(other, np.dtype))
    return NULLABLE.get(made.name, made) if masked else made


def _finer(one: Any, other: Any) -> Any:
    unit = max(unit_of(one), unit_of(other), key=_UNITS.index)
    if isinstance(one, pd.DatetimeTZDtype):
        return pd.DatetimeTZDtype(cast_to(Any, unit), one.tz)
    return np.dtype(f"{one.kind}8[{unit}]")


def unit_of(dtype: Any) -> str:
    """The unit of a dtype of times: s, ms, us or ns."""
    return str(dtype.unit if isinstance(dtype, pd.DatetimeTZDtype) else np.datetime_data(dtype)[0])


def _decimals(one: Any, other: Any) -> Any:
    types = [dtype.pyarrow_dtype for dtype in (one, other)]
    scale = max(type_.scale for type_ in types)
    digits = scale + max(type_.precision - type_.scale for type_ in types)
    return pd.ArrowDtype(pa.decimal128(digits, scale)) if digits <= _MOST_DIGITS else np.dtype("float64")


def _decimal_and_number(one: Any, other: Any) -> Any:
    decimal, number = (one, _numpy(other)) if kind_of(one) == "decimal" else (other, _numpy(one))
    if number.kind == "f":
        return np.dtype("float64")
    digits = len(str(np.iinfo(number).max))
    return _decimals(decimal, pd.ArrowDtype(pa.decimal128(digits, 0)))


def _date_and_instant(one: Any, other: Any) -> Any:
    return other if kind_of(one) == "date" else one


def _dates(_one: Any, _other: Any) -> Any:
    return pd.ArrowDtype(pa.date32())


def _none(_one: Any, _other: Any) -> Any:
    return None


_COMMON: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "number": _numbers,
    "bool": _numbers,
    "instant": _finer,
    "zoned": _finer,
    "duration": _finer,
    "date": _dates,
    "decimal": _decimals,
}
_COMMON_OF_TWO: Final[dict[frozenset[str], Callable[[Any, Any], Any]]] = {
    frozenset({"decimal", "number"}): _decimal_and_number,
    frozenset({"date", "instant"}): _date_and_instant,
}
