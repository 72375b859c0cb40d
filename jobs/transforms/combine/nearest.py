"""The row of the other frame with the nearest key, for each row."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.errors import ArgumentInvalid, DtypeUnsuitable, StepFailed
from jobs.transforms.arguments import shown
from jobs.transforms.combine.keys import KeyPair, compared
from jobs.transforms.combine.matching import as_one
from jobs.transforms.combine.meaning import cast, kind_of, unit_of
from jobs.transforms.combine.take import Positions

_TIMES: Final = ("instant", "zoned", "duration", "date")
_DIGITS_OF_INT64: Final = 18


def nearest_rows(
    on: KeyPair, by: Sequence[KeyPair], tolerance: float | str | None, *, direction: Any, allow_exact_matches: bool
) -> Positions:
    """The row of the right frame for each row of the left one, -1 where none is near enough.

    Raises DtypeUnsuitable for a key that has no distance, ArgumentInvalid for a tolerance that is no distance of it,
    and StepFailed where a key is null or out of order, with its side and row.
    """
    left, right, unit = _distances(on)
    for values, nulls, side in ((left, on.left, "left"), (right, on.right, "right")):
        _check_order(on, values, pd.isna(nulls), side)
    keys: dict[str, Any] = {"on": "key"}
    sides = (pd.DataFrame({"key": left}), pd.DataFrame({"key": right, "row": np.arange(len(right))}))
    if by:
        groups = [compared(pair, sort=False) for pair in by]
        for table, group in zip(sides, as_one(groups), strict=True):
            table["by"] = group
        keys["by"] = "by"
    found = pd.merge_asof(
        *sides,
        **keys,
        tolerance=_tolerance(tolerance, on, unit, left.dtype),
        direction=direction,
        allow_exact_matches=allow_exact_matches,
    )
    return found["row"].fillna(-1).to_numpy(np.intp)


def _distances(on: KeyPair) -> tuple[Any, Any, Any]:
    """Both keys as numbers, and how much of a number one second, or one, is."""
    kind, dtype = kind_of(on.left.dtype), on.left.dtype
    if kind == "date":
        instants = np.dtype("M8[s]")
        return _numbers(cast(on.left, instants)), _numbers(cast(on.right, instants)), "s"
    if kind in _TIMES:
        return _numbers(on.left), _numbers(on.right), unit_of(dtype)
    if kind == "decimal":
        type_ = dtype.pyarrow_dtype
        if type_.precision <= _DIGITS_OF_INT64:
            return _unscaled(on.left, type_.scale), _unscaled(on.right, type_.scale), type_.scale
        return cast(on.left, np.dtype("float64")), cast(on.right, np.dtype("float64")), None
    if kind == "number":
        return _numbers(on.left), _numbers(on.right), None
    detail = f"column {on.left_name!r} ({dtype}) has no distances; a key of merge_asof is a number, a date or a time"
    raise DtypeUnsuitable(detail, column=on.left_name, dtype=str(dtype), pointer=on.at)


def _numbers(array: Any) -> Any:
    if array.dtype.kind in "mM":
        return array.view("i8")
    return array if isinstance(array, np.ndarray) else array.to_numpy(dtype=array.dtype.numpy_dtype, na_value=0)


def _unscaled(array: Any, scale: int) -> Any:
    """Decimals as whole numbers of their last digit, so that distances stay exact; nulls as anything."""
    column = pa.chunked_array([pa.array(array)]) if isinstance(pa.array(array), pa.Array) else pa.array(array)
    whole = column.cast(pa.decimal128(38, scale)).combine_chunks()
    # 16 bytes each, of which the lower 8 hold all of a number of so few digits
    return np.frombuffer(whole.buffers()[1], "<i8")[::2][whole.offset : whole.offset + len(whole)].copy()


def _check_order(on: KeyPair, values: Any, nulls: Any, side: str) -> None:
    name = on.left_name if side == "left" else on.right_name
    which = "the current frame" if side == "left" else "frame 'right'"
    at = np.flatnonzero(nulls)
    if not len(at):
        at = np.flatnonzero(values[1:] < values[:-1]) + 1
        problem, hint = "is out of order", f"; sort both frames with sort_values by {name!r} first"
    else:
        problem, hint = "is null", f"; leave such rows out with dropna, subset {name!r}, first"
    if len(at):
        error = pd.errors.MergeError(f"key {name!r} of row {int(at[0]) + 1:,} of {which} {problem}{hint}")
        failed = StepFailed(error, on.at, column=name)
        failed.rows = (int(at[0]),) if side == "left" else ()
        raise failed


def _tolerance(tolerance: float | str | None, on: KeyPair, unit: Any, dtype: Any) -> Any:
    """The tolerance as a distance of the numbers that stand for the keys; what is below one of them is cut off."""
    if tolerance is None:
        return None
    times = kind_of(on.left.dtype) in _TIMES
    if times != isinstance(tolerance, str):
        wanted = "a duration such as '5min'" if times else "a number"
        detail = f"the tolerance of a key that is {on.left.dtype} is {wanted}, not {shown(tolerance)}"
        raise ArgumentInvalid(detail, "/tolerance")
    distance = _duration(str(tolerance), unit) if times else Decimal(str(tolerance)).scaleb(unit or 0)
    if distance < 0:
        raise ArgumentInvalid("the tolerance is below 0", "/tolerance")
    return float(distance) if dtype.kind == "f" else min(int(distance), 2**63 - 1)


def _duration(text: str, unit: Any) -> Decimal:
    try:
        return Decimal(pd.Timedelta(text) // pd.Timedelta(1, unit))
    except (ValueError, OverflowError) as error:
        raise ArgumentInvalid(f"the tolerance {shown(text)} is no duration such as '5min'", "/tolerance") from error
