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

CATALOGUE = Catalogue()
COLUMN = st.sampled_from(["k", "v", "w", "new", "index"])
COLUMNS = st.lists(COLUMN, min_size=1, max_size=2, unique=True)
EXPRESSIONS = st.sampled_from(
    [
        "v > 1", "v > v.mean()", "k == 'a'", "not (v > 0)", "v == v", "w.isna()", "k in ['a', 'x']", "v * 2", "v + w",
        "k + v.max()", "(k.max() + k).str.lower()", "k.str.upper()", "v.fillna(0)", "coalesce(v, w)", "v.sum()",
        "w.dt.year", "w - w.min()", "v if k == 'a' else w", "k.astype('category')", "v.max() > w", "new + 1",
        "where(v > 1, k, 'z')", "v.rank()", "k.fillna('z') == 'z'", "v.mean() + k", "(v - v.min()) > 0", "str(v)",
    ]
)  # fmt: skip
FUNCTIONS = st.sampled_from(["sum", "mean", "min", "first", "count", "nunique", "median", "std", "idxmax", "any"])
DTYPE = st.sampled_from(["int64", "float64", "str", "category", "Int64", "bool", "datetime64[us]", "date32"])
OTHER = st.sampled_from(["other", "df"])
HOW = st.sampled_from(["inner", "left", "right", "outer", "cross", "semi", "left_anti", "right_anti"])


def step(op: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"op": st.just(op)}, optional={}).flatmap(
        lambda made: st.fixed_dictionaries(arguments).map(lambda more: {**made, **more})
    )


STEPS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "query": step("query", expr=EXPRESSIONS),
    "head": step("head", n=st.integers(-2, 3)),
    "tail": step("tail", n=st.integers(-2, 3)),
    "slice": step("slice", start=st.integers(-2, 3)),
    "sort_values": step("sort_values", by=COLUMNS),
    "nlargest": step("nlargest", n=st.integers(0, 3), columns=COLUMN),
    "nsmallest": step("nsmallest", n=st.integers(0, 3), columns=COLUMNS),
    "drop_duplicates": step("drop_duplicates", subset=st.none() | COLUMNS),
    "dropna": step("dropna", axis=st.sampled_from([0, "columns"]), how=st.sampled_from(["any", "all"])),
    "select": step("select", columns=COLUMNS),
    "assign": step("assign", columns=st.dictionaries(COLUMN, EXPRESSIONS, min_size=1, max_size=2)),
    "rename": step("rename", columns=st.dictionaries(COLUMN, COLUMN, min_size=1, max_size=2)),
    "drop": step("drop", columns=COLUMNS) | step("drop", index=st.integers(0, 2)),
    "astype": step("astype", dtype=DTYPE | st.dictionaries(COLUMN, DTYPE, min_size=1, max_size=2)),
    "fillna": step("fillna", value=st.sampled_from([0, "z", 1.5]) | st.dictionaries(COLUMN, st.just(0), min_size=1)),
    "describe": step("describe", include=st.sampled_from([None, "all"])),
    "groupby": step(
        "groupby", by=COLUMNS, agg=st.dictionaries(COLUMN, st.tuples(COLUMN | EXPRESSIONS, FUNCTIONS), min_size=1),
        observed=st.booleans(),
    ),
    "merge": step("merge", right=OTHER, how=HOW, on=COLUMNS) | step("merge", right=OTHER, how=HOW),
    "concat": step("concat", frames=st.lists(OTHER, min_size=1, max_size=2), axis=st.sampled_from([0, 1])),
}  # fmt: skip
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
