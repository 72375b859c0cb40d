"""Shares in place of the values of a `crosstab`."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from jobs.codecs.blocks import column_arrays, frame_of
from jobs.errors import DtypeUnsuitable
from jobs.transforms.delegated import REFUSALS

Share = bool | Literal["all", "index", "columns", 0, 1]
_BY: Final[Mapping[object, str]] = {0: "index", 1: "columns"}
Matrix = np.ndarray[Any, Any]


def normalized(made: pd.DataFrame, keys: int, share: Share, *, margins: bool) -> pd.DataFrame:
    """A table whose first `keys` columns are keys, its values as shares of their sum, of their row's or column's.

    Margins become shares of themselves; of rows there is then no column of margins (they are all 1), of columns no row.
    """
    if share is False:
        return made
    by = _BY.get(share, share) if not isinstance(share, bool) else "all"
    margins = margins and made.shape[1] > keys and len(made) > 0
    values = _floats(made.iloc[:, keys:])
    core = values[:-1, :-1] if margins else values
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.nan_to_num(_share(core, by), posinf=np.inf, neginf=-np.inf)
        if margins:
            below, beside = values[-1:, :-1], values[:-1, -1:]
            below, beside = (np.nan_to_num(edge / np.nansum(edge)) for edge in (below, beside))
            shares = _with_edges(shares, below, beside, by)
    given = list(column_arrays(made))[:keys]
    if margins and by == "columns":
        given = [key[:-1] for key in given]
    names = [str(name) for name in made.columns]
    kept = names if shares.shape[1] == len(names) - keys else names[:-1]
    return frame_of(kept, [*given, *shares.T.copy()], len(shares))


def _share(values: Matrix, by: object) -> Matrix:
    if by == "index":
        whole = np.nansum(values, axis=1, keepdims=True)
    elif by == "columns":
        whole = np.nansum(values, axis=0, keepdims=True)
    else:
        whole = np.nansum(values)
    shares: Matrix = values / whole
    return shares


def _with_edges(shares: Matrix, below: Matrix, beside: Matrix, by: object) -> Matrix:
    if by == "columns":
        return np.hstack([shares, beside])
    if by == "index":
        return np.vstack([shares, below])
    return np.vstack([np.hstack([shares, beside]), np.hstack([below, [[1.0]]])])


def _floats(values: pd.DataFrame) -> Matrix:
    try:
        numbers: Matrix = values.to_numpy(dtype="float64", na_value=np.nan)
    except REFUSALS as error:
        raise DtypeUnsuitable(
            "there are shares of numbers only; leave 'normalize' out", pointer="/normalize"
        ) from error
    return numbers
