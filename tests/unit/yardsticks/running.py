"""An example pipeline, planned as at submit and run as a worker runs it, beside DuckDB's answer over the same files."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from jobs.codecs.base import DecodeLimits
from jobs.codecs.frames import from_pandas
from jobs.codecs.schema import columns_of
from jobs.errors import FramequeueError
from jobs.model import Input, PayloadRef
from jobs.pipeline import Pipeline
from jobs.planning import planned
from jobs.planning.binary_look import parquet_schema
from jobs.planning.plan import PlannedStep
from jobs.transforms.catalogue import Catalogue
from jobs.worker.inputs import read

EXAMPLES = Path(__file__).parents[3] / "examples"
PARQUET = "application/vnd.apache.parquet"
CATALOGUE = Catalogue()


@dataclass(frozen=True)
class Answer:
    """What a pipeline gave, and what was said of it before."""

    table: pa.Table
    problems: list[FramequeueError]
    plan: tuple[PlannedStep, ...]

    def columns(self) -> list[tuple[str, str]]:
        return [(one.name, one.dtype) for one in columns_of(self.table.schema)]

    def planned_columns(self) -> list[tuple[str, str]] | None:
        last = self.plan[-1].columns
        return None if last is None else [(one.name, one.dtype) for one in last]


def steps_of(file: Path) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads(file.read_text())
    return steps


def inputs_of(steps: list[dict[str, Any]]) -> list[str]:
    """The names that a pipeline reads and does not save itself."""
    read_by = [[step.get("from"), step.get("right"), *step.get("frames", [])] for step in steps]
    saved = {step.get("save") for step in steps}
    return sorted({name for names in read_by for name in names if name is not None} - saved)


def files_of(folder: Path) -> dict[str, pa.Buffer]:
    """The Parquet files of a folder, by the names of their tables."""
    return {file.stem: pa.py_buffer(file.read_bytes()) for file in folder.glob("*.parquet")}


def planned_over(
    steps: list[dict[str, Any]], files: Mapping[str, pa.Buffer]
) -> tuple[tuple[PlannedStep, ...], list[FramequeueError]]:
    """What is known of a pipeline at submit, from the footers of the files alone."""
    pipeline = Pipeline.parse(steps, inputs_of(steps) or list(files), CATALOGUE)
    return planned(pipeline, {name: parquet_schema(bytes(files[name])) for name in pipeline.inputs}, 10_000)


def ran(steps: list[dict[str, Any]], files: Mapping[str, pa.Buffer]) -> pd.DataFrame:
    """The pipeline over Parquet files by name, of which no more is read than it needs."""
    pipeline = Pipeline.parse(steps, inputs_of(steps) or list(files), CATALOGUE)
    given = {name: files[name] for name in pipeline.inputs}
    refs = {name: PayloadRef(blob="", media_type=PARQUET, bytes=len(data)) for name, data in given.items()}
    asked_for = {name: Input(payload=ref) for name, ref in refs.items()}
    inputs = read(asked_for, given, pipeline.readings, DecodeLimits(), lambda: None)
    return pipeline.run(inputs.frames, done=inputs.done)


def answer(steps: list[dict[str, Any]], files: Mapping[str, pa.Buffer]) -> Answer:
    """What the pipeline gives, and what is known of it at submit."""
    plan, problems = planned_over(steps, files)
    return Answer(from_pandas(ran(steps, files))[0], problems, plan)


def queries(file: Path) -> dict[str, str]:
    """The statements of an SQL file by the names in the comments before them."""
    _, *parts = re.split(r"^-- (\w+)$", file.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def asked(folder: Path, query: str) -> pa.Table:
    """DuckDB's answer over the Parquet files of a folder, each a table."""
    with duckdb.connect() as connection:
        for file in folder.glob("*.parquet"):
            connection.execute(f"CREATE VIEW {file.stem} AS SELECT * FROM '{file}'")
        found: pa.Table = connection.sql(query).to_arrow_table()
        return found


def differences(ours: pa.Table, theirs: pa.Table) -> list[str]:
    """Where two tables differ: in names, in rows and their order, in values; floats may by 1e-9 of their size."""
    if ours.column_names != theirs.column_names:
        return [f"columns {ours.column_names}, wanted {theirs.column_names}"]
    if ours.num_rows != theirs.num_rows:
        return [f"{ours.num_rows} rows, wanted {theirs.num_rows}"]
    found = []
    for name in ours.column_names:
        pairs = zip(ours[name].to_pylist(), theirs[name].to_pylist(), strict=True)
        wrong = [
            f"{name}[{row}] is {one!r}, wanted {other!r}"
            for row, (one, other) in enumerate(pairs)
            if not same(one, other)
        ]
        found += wrong[:3]
    return found


def same(one: Any, other: Any) -> bool:
    """Exactly the same, but for floats; NaN is null."""
    one, other = (None if value != value else value for value in (one, other))
    if one is None or other is None:
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return bool(one == other)
