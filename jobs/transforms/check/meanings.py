"""What a dtype means, apart from how it is stored: `Int64` and Arrow's int64 are `int64`, all kinds of text `str`."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.codecs.schema import dtype_name
from jobs.transforms.dtypes import resolve
from jobs.transforms.nulls import NULLABLE

_PLAIN = {str(nullable): name for name, nullable in NULLABLE.items()} | {"Float32": "float32", "Float64": "float64"}


def fits(column: pd.Series, wanted: str) -> bool:
    """Whether the column's dtype means what `wanted`, the name of a dtype, means.

    Whether nulls may be there is no part of it. A column of nulls alone that came without a type fits everything.
    """
    return _meaning(column.dtype) == _meaning(resolve(wanted)) or untyped(column)


def untyped(column: pd.Series) -> bool:
    """Whether the column has neither a type nor values: nulls alone, as JSON and CSV know them."""
    dtype = column.dtype
    if isinstance(dtype, pd.ArrowDtype):
        return bool(pa.types.is_null(dtype.pyarrow_dtype))
    return isinstance(dtype, np.dtype) and dtype.kind == "O" and bool(column.isna().all())


def _meaning(dtype: Any) -> str:
    if isinstance(dtype, pd.ArrowDtype):
        return dtype_name(dtype.pyarrow_dtype)
    if isinstance(dtype, pd.StringDtype):
        return "str"
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    return _PLAIN.get(str(dtype), str(dtype))
