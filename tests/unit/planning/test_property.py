"""Whatever runs on the data is not refused before it: random frames and pipelines, in every format."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jobs.codecs.base import DecodeOptions
from jobs.codecs.decoding import decode
from jobs.codecs.frames import from_pandas, to_pandas
from jobs.errors import FramequeueError
from jobs.pipeline import Pipeline
from jobs.planning import planned, problems_of
from jobs.transforms.catalogue import BUILTIN, Catalogue
from tests.unit.planning.looking import FORMATS, encoded, seen
from tests.unit.transforms.frames import frames
from tests.unit.transforms.steps import STEPS

CATALOGUE = Catalogue()
PIPELINES = st.lists(st.one_of(*STEPS.values()), min_size=1, max_size=4)


def told(error: FramequeueError) -> tuple[str, str]:
    return error.code, error.places[0].pointer


def run(pipeline: Pipeline, tables: dict[str, pa.Table]) -> tuple[str, str] | None:
    """How the run fails; None where it does not."""
    try:
        pipeline.run({name: to_pandas(table) for name, table in tables.items()}, max_columns=100)
    except FramequeueError as error:
        return told(error)
    return None


def check(steps: list[dict[str, Any]], tables: dict[str, pa.Table], form: str) -> None:
    try:
        pipeline = Pipeline.parse([{"from": "df", **steps[0]}, *steps[1:]], list(tables), CATALOGUE)
    except FramequeueError:
        return
    payloads = {name: encoded(table, form) for name, table in tables.items()}
    schemas = {name: seen(*payload) for name, payload in payloads.items()}
    read = {
        name: decode(pa.py_buffer(data), ref.media_type, None, DecodeOptions(orient=ref.orient)).table
        for name, (data, ref) in payloads.items()
    }
    refused = problems_of(pipeline, schemas, 100)
    failed = run(pipeline, read)
    plan, again = planned(pipeline, schemas, 100)
    assert [told(error) for error in again] == [told(error) for error in refused]
    assert len(plan) == len(steps)
    if refused:
        assert failed is not None, f"{refused[0].detail}: refused, and it runs"
        step_of = [int(pointer.split("/")[2]) for _, pointer in (told(refused[0]), failed)]
        # an argument of the same step may meet the data first
        assert failed == told(refused[0]) or step_of[1] <= step_of[0], "another error than the run's"


def test_every_op_is_tried() -> None:
    assert STEPS.keys() == BUILTIN.keys()


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(df=frames(), other=frames(), steps=PIPELINES)
def test_what_runs_is_not_refused(form: str, df: Any, other: Any, steps: list[dict[str, Any]]) -> None:
    """Contract: 422 meaning, only where it is certain."""
    tables = {"df": from_pandas(df)[0], "other": from_pandas(other)[0]}
    if form in ("csv", "ndjson") and not len(df) * len(other):
        return  # a CSV has its names without rows, and NDJSON is no table without
    check(steps, tables, form)


@pytest.mark.parametrize("op", BUILTIN)
@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=5)
@given(rows=st.integers(0, 3))
@example(rows=3)
def test_examples_are_not_refused_on_fewer_rows(op: str, form: str, rows: int) -> None:
    shown = BUILTIN[op].example
    assert shown is not None
    tables = {name: pa.Table.from_pylist(records).slice(0, max(1, rows)) for name, records in shown.inputs.items()}
    schemas = {name: seen(*encoded(table, form)) for name, table in tables.items()}
    assert problems_of(Pipeline.parse(shown.pipeline, list(tables), CATALOGUE), schemas, 100) == []
