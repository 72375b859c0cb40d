"""The bridge between Arrow and pandas: what a column means decides its dtype, not how it was stored.

Column by column on purpose: `Table.to_pandas` and `Table.from_pandas` cost about 600 µs on 100 rows, before data moves.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionArray

from jobs.codecs.blocks import column_arrays, frame_of, labels_of
from jobs.codecs.objects import array_of_objects
from jobs.codecs.offsets import narrowed, widened
from jobs.model import Warn

Array = np.ndarray | ExtensionArray
_STR = pd.StringDtype(na_value=np.nan)
_STRINGS: Any = pd.arrays.ArrowStringArray  # the stubs do not know its dtype


def to_pandas(table: pa.Table, *, as_declared: bool = False) -> pd.DataFrame:
    """The frame of `table`, with a range index; columns without nulls are views of Arrow's memory, and so read-only.

    int and bool columns are NumPy's without nulls and nullable with them (never float); a NaN in a float column is
    missing like a null; strings are `str`, dictionaries `category`, timestamps and durations keep unit and zone; dates,
    decimals, times, binary and nested values are `ArrowDtype`. With `as_declared` the field says whether a column is
    nullable, though the rows that are left may have no nulls.
    """
    arrays = [
        _to_array(column, nullable=as_declared and field.nullable)
        for column, field in zip(table.columns, table.schema, strict=True)
    ]
    return frame_of(table.column_names, arrays, table.num_rows)


def from_pandas(frame: pd.DataFrame) -> tuple[pa.Table, tuple[Warn, ...]]:
    """The table of `frame` without its index, and a warning for every column that had to be mapped.

    A field is nullable where nulls occur. Object columns take the type of their values; mixed ones, periods, intervals
    and whatever else Arrow has no type for become text.
    """
    warnings: list[Warn] = []
    names = [_name_of(label, warnings) for label in labels_of(frame)]
    arrays = [_to_arrow(array, name, warnings) for array, name in zip(column_arrays(frame), names, strict=True)]
    if not arrays:
        return _without_columns(len(frame)), ()
    fields = [
        pa.field(name, a.type, nullable=a.null_count > 0 or pa.types.is_null(a.type))
        for name, a in zip(names, arrays, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields)), tuple(warnings)


def _without_columns(rows: int) -> pa.Table:
    return pa.table({"": pa.nulls(rows)}).select([])


def _to_array(column: pa.ChunkedArray, *, nullable: bool = False) -> Array:
    type_ = column.type
    if type_.id in _NUMERIC:
        return _numeric(column, nullable=nullable)
    for applies, convert in _CONVERTERS:
        if applies(type_):
            return convert(column)
    return pd.array(column, dtype=pd.ArrowDtype(type_))


def _numeric(column: pa.ChunkedArray, *, nullable: bool) -> Array:
    type_ = column.type
    if (column.null_count == 0 and not nullable) or pa.types.is_floating(type_):
        values: np.ndarray = (
            column.chunk(0).to_numpy(zero_copy_only=False) if column.num_chunks == 1 else column.to_numpy()
        )
        return values
    mask = column.is_null().to_numpy()
    values = column.fill_null(False if pa.types.is_boolean(type_) else 0).to_numpy()
    return pd.arrays.BooleanArray(values, mask) if pa.types.is_boolean(type_) else pd.arrays.IntegerArray(values, mask)


def _text(column: pa.ChunkedArray) -> Array:
    array: ExtensionArray = _STRINGS(widened(column), dtype=_STR)
    return array


def _categorical(column: pa.ChunkedArray) -> Array:
    if pa.types.is_nested(column.type.value_type):
        return _to_array(column.cast(column.type.value_type))
    if not column.num_chunks:
        return _categorical(pa.chunked_array([_no_codes(column.type)]))
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # too many for one
        whole = pa.concat_arrays(whole.chunks)
    categories = whole.dictionary
    if categories.null_count or len(categories.unique()) != len(categories):
        return _to_array(pa.chunked_array([whole.dictionary_decode()]))
    codes = (
        whole.indices.fill_null(-1)
        if pa.types.is_signed_integer(whole.indices.type)
        else whole.indices.cast(pa.int64()).fill_null(-1)
    )
    labels = pd.Index(_to_array(pa.chunked_array([categories])))
    return pd.Categorical.from_codes(codes.to_numpy(), categories=labels, ordered=bool(column.type.ordered))


def _no_codes(type_: pa.DictionaryType) -> pa.DictionaryArray:
    """An array without values, which Arrow itself does not make of every dictionary type."""
    codes, categories = pa.array([], type_.index_type), pa.array([], type_.value_type)
    return pa.DictionaryArray.from_arrays(codes, categories, ordered=bool(type_.ordered))


def _instants(column: pa.ChunkedArray) -> Array:
    type_ = column.type
    if pa.types.is_timestamp(type_) and type_.tz is not None:
        return pd.DatetimeTZDtype(type_.unit, type_.tz).__from_arrow__(column)
    values: np.ndarray = column.to_numpy()
    return values


def _nothing_known(column: pa.ChunkedArray) -> Array:
    return np.full(len(column), None, dtype=object)


_NUMERIC = frozenset(
    type_.id
    for type_ in (
        pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
        pa.float16(), pa.float32(), pa.float64(), pa.bool_(),
    )
)  # fmt: skip


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_))


def _is_instant(type_: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(type_) or pa.types.is_duration(type_))


_CONVERTERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.ChunkedArray], Array]], ...] = (
    (_is_text, _text),
    (_is_instant, _instants),
    (pa.types.is_dictionary, _categorical),
    (pa.types.is_null, _nothing_known),
)


def _name_of(label: Any, warnings: list[Warn]) -> str:
    if isinstance(label, str):
        return label
    parts = label if isinstance(label, tuple) else (label,)
    name = "_".join("" if part is None or part is pd.NaT or part != part else str(part) for part in parts)  # noqa: PLR0124  # NaN alone differs from itself
    warnings.append(
        Warn(code="name_to_text", detail=f"the column label {label!r} became the name {name!r}", column=name)
    )
    return name


def _to_arrow(array: Any, name: str, warnings: list[Warn]) -> pa.Array:
    if isinstance(array, np.ndarray) and array.dtype.kind in "iufb":
        return pa.array(array, from_pandas=True)
    convert = _FROM_PANDAS.get(type(array).__name__)
    if convert is not None:
        return convert(array, name, warnings)
    if isinstance(array, ExtensionArray) and hasattr(array, "__arrow_array__"):
        return pa.array(array)
    return array_of_objects(np.asarray(array, dtype=object), name, warnings)


def _from_text(array: Any, _name: str, _warnings: list[Warn]) -> pa.Array:
    text = pa.array(array, from_pandas=True)
    return narrowed(text) if pa.types.is_large_string(text.type) else text


def _from_instants(array: Any, _name: str, _warnings: list[Warn]) -> pa.Array:
    unit, kind = array.unit, "m8" if array.dtype.kind == "m" else "M8"
    plain = pa.array(array.view("i8").view(f"{kind}[{unit}]"))
    zone = getattr(array, "tz", None)
    return plain if zone is None else plain.view(pa.timestamp(unit, _zone_name(zone)))


def _zone_name(zone: Any) -> str:
    return str(pa.lib.tzinfo_to_string(zone))


def _from_category(array: Any, name: str, warnings: list[Warn]) -> pa.Array:
    categories = _to_arrow(array.categories.array, name, warnings)
    if isinstance(categories, pa.ChunkedArray):
        categories = categories.combine_chunks()
    codes = pa.array(array.codes, mask=array.codes < 0)
    return pa.DictionaryArray.from_arrays(codes, categories, ordered=bool(array.ordered))


def _from_labels(array: Any, name: str, warnings: list[Warn]) -> pa.Array:
    what = type(array).__name__.removesuffix("Array").lower()
    warnings.append(Warn(code=f"{what}_to_text", detail=f"column {name!r}: every {what} became its text", column=name))
    text = np.asarray(array.astype(str), dtype=object)
    return pa.array(text, pa.string(), mask=np.asarray(array.isna()))


def _from_sparse(array: Any, name: str, warnings: list[Warn]) -> pa.Array:
    return _to_arrow(np.asarray(array), name, warnings)


_FROM_PANDAS: dict[str, Callable[[Any, str, list[Warn]], pa.Array]] = {
    "ArrowStringArray": _from_text,
    "StringArray": _from_text,
    "Categorical": _from_category,
    "DatetimeArray": _from_instants,
    "IntervalArray": _from_labels,
    "PeriodArray": _from_labels,
    "SparseArray": _from_sparse,
    "TimedeltaArray": _from_instants,
}
