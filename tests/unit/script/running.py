"""Scripts run, and frames compared with what a pipeline gives."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.codecs.frames import to_pandas
from jobs.pipeline import Pipeline
from jobs.script.script import Script, script_of
from jobs.transforms.catalogue import Catalogue

Steps = Sequence[dict[str, Any]]


def scripted(steps: Steps, inputs: Sequence[str], catalogue: Catalogue | None = None) -> Script:
    """The script of these steps."""
    return script_of(list(steps), Pipeline.parse(list(steps), inputs, catalogue or Catalogue()), {})


def executed(script: Script, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What the script's steps make of these frames in place of the files it would read."""
    scope: dict[str, Any] = {script.inputs[name]: frame for name, frame in frames.items()}
    with np.errstate(all="ignore"):  # as a pipeline computes: the root of a negative number is null
        exec("\n".join([*script.imports, *script.helpers, *script.steps]), scope)  # the one test of generated code
    found: pd.DataFrame = scope[script.result]
    return found


def frames_of(inputs: Mapping[str, list[dict[str, Any]]]) -> dict[str, pd.DataFrame]:
    """Records as a job decodes them."""
    return {name: to_pandas(pa.Table.from_pylist(records)) for name, records in inputs.items()}


def assert_same(script: pd.DataFrame, pipeline: pd.DataFrame) -> None:
    """Equal, but for how a column holds nulls: nullable integers and booleans are floats and objects to plain pandas,
    and a column of nulls alone has any dtype.
    """
    pd.testing.assert_frame_equal(comparable(script), comparable(pipeline), check_dtype=False)


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with one form for each kind of column."""
    assert list(frame.index) == list(range(len(frame))), "the rows are not numbered from 0"
    columns = {place: _plain(frame.iloc[:, place]) for place in range(frame.shape[1])}
    return pd.DataFrame(columns).set_axis([str(name) for name in frame.columns], axis=1)


def _plain(column: pd.Series) -> pd.Series:
    if column.isna().all():
        return pd.Series([np.nan] * len(column), dtype="float64")
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        column = column.astype("boolean")
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("Float64").astype("float64")
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or column.dtype.kind == "m":
        return column.dt.as_unit("ns")
    if isinstance(column.dtype, (pd.PeriodDtype, pd.CategoricalDtype)):
        return column.astype("str")
    if pd.api.types.infer_dtype(column, skipna=True) == "string":
        return column.astype("str")
    return column
