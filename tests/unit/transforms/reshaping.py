"""How the tests of reshaping compare: pandas' answer as a pipeline spells it, with its index as columns."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.errors import ArgumentInvalid, ColumnAmbiguous, ColumnTaken, ColumnUnknown, DtypeUnsuitable
from jobs.transforms.reshape.labels import text_of
from tests.unit.transforms.frames import run

OURS = (ArgumentInvalid, ColumnAmbiguous, ColumnTaken, ColumnUnknown, DtypeUnsuitable)


def name_of(label: Any) -> str:
    """A label of pandas' columns as a name: the texts of its levels, joined."""
    parts = label if isinstance(label, tuple) else (label,)
    marked = [place for place, part in enumerate(parts) if isinstance(part, str) and part == "All"]
    last = marked[0] + 1 if marked else len(parts)  # what follows in margins is empty
    return "_".join(text_of(part) for part in parts[:last])


def as_columns(result: pd.DataFrame | pd.Series, name: str = "") -> pd.DataFrame:
    """pandas' answer with its named index as columns, its columns named by text."""
    table = result.to_frame(name) if isinstance(result, pd.Series) else result
    keys = [(level, table.index.get_level_values(place)) for place, level in enumerate(table.index.names) if level]
    made = table.set_axis([name_of(label) for label in table.columns], axis=1).reset_index(drop=True)
    for place, (level, values) in enumerate(keys):
        made.insert(place, level, pd.Series(values.array), allow_duplicates=True)
    return made


def cell(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.12g}")
    return int(value) if isinstance(value, bool) else value


def told(frame: pd.DataFrame, *, text: tuple[str, ...] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names and the rows, whatever the dtypes; keys in `text` by their texts."""
    columns = []
    for place, name in enumerate(frame.columns):
        values = list(frame.iloc[:, place])
        columns.append([text_of(value) for value in values] if name in text else [cell(value) for value in values])
    rows = list(zip(*columns, strict=True)) if columns else [()] * len(frame)
    return [str(name) for name in frame.columns], [tuple(row) for row in rows]


def refused(frame: pd.DataFrame, step: dict[str, Any]) -> Exception:
    """The error of ours that the step is refused with: it names a place in the step."""
    with pytest.raises(OURS) as caught:
        run(frame, step)
    assert caught.value.places[0].pointer.startswith("/pipeline/0")
    error: Exception = caught.value
    return error
