"""What the tests of groups, windows and bins share: how an answer compares with that of plain pandas."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.errors import ColumnAmbiguous, ColumnTaken, DtypeUnsuitable
from tests.unit.transforms.frames import run

NULLABLE = {"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "boolean"}
REFUSALS = (TypeError, ValueError, NotImplementedError, OverflowError, ZeroDivisionError, pd.errors.DataError)


def cells(column: pd.Series) -> list[Any]:
    return [None if pd.api.types.is_scalar(cell) and pd.isna(cell) else cell for cell in column.astype(object)]


def alike(made: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """The same columns and values; where pandas made floats or objects of whole numbers or booleans, nullable ones."""
    assert list(made.columns) == list(wanted.columns)
    assert len(made) == len(wanted)
    for place in range(made.shape[1]):
        one, other = made.iloc[:, place], wanted.iloc[:, place]
        if one.dtype == other.dtype:
            pd.testing.assert_series_equal(one, other, check_names=False, check_index=False)
            continue
        names = [str(one.dtype), str(other.dtype)]
        assert names[0] in NULLABLE or names[0].lower() == names[1].lower() or names == ["bool", "boolean"], names
        for mine, theirs in zip(cells(one), cells(other), strict=True):
            assert (mine is None) == (theirs is None)
            # what came through a float may have lost its last digits
            assert mine is None or mine == theirs or float(mine) == pytest.approx(float(theirs), rel=1e-15)


def either(
    step: dict[str, Any], frame: pd.DataFrame, plain: Callable[[pd.DataFrame], pd.DataFrame], *, takes: str = ""
) -> None:
    """The step answers as pandas does, and refuses, naming a column, what pandas refuses.

    Columns of the kinds `takes` (of NumPy's dtypes) may be refused though pandas takes them.
    """
    with np.errstate(all="ignore"):
        try:
            wanted = plain(frame)
        except REFUSALS:
            with pytest.raises((DtypeUnsuitable, ColumnTaken, ColumnAmbiguous)) as caught:
                run(frame, step)
            assert caught.value.column in frame.columns
            return
        try:
            made = run(frame, step)
        except DtypeUnsuitable as error:
            allowed = error.column is not None and frame[error.column].dtype.kind in takes
            if not allowed:
                raise
            return
    alike(made, wanted)
