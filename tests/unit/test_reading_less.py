"""Reading less: what a pipeline never looks at is not decoded, and nobody can tell but by the time it takes."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.sections import LimitSettings
from jobs import transform
from jobs.codecs.base import DecodeLimits, DecodeOptions, EncodeOptions
from jobs.codecs.decoding import decode
from jobs.codecs.frames import from_pandas
from jobs.codecs.table import by_name
from jobs.errors import CastFailed, ColumnUnknown, CountExceeded, DtypeUnsuitable, FramequeueError, StepFailed
from jobs.model import Input, PayloadRef
from jobs.pipeline import Pipeline, failure_details
from jobs.transforms.catalogue import BUILTIN, Catalogue
from jobs.transforms.declare import declaration
from jobs.transforms.own import model_of
from jobs.worker.compute import Work, compute
from jobs.worker.inputs import read
from jobs.worker.stop import Stop
from tests.store.build import spec
from tests.unit.codecs.tables import every_type
from tests.unit.transforms.frames import frames

CATALOGUE = Catalogue()


def with_three_categories(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = frame.select_dtypes("category")
    return frame.assign(**{str(name): kinds[name].cat.set_categories(["x", "y", "z"]) for name in kinds})


TABLES = frames(names=("k", "v", "w", "x")).map(with_three_categories)
COLUMN = st.sampled_from(["k", "v", "w", "x", "y", "v_x", "k_y"])
COLUMNS = st.lists(COLUMN, min_size=1, max_size=3, unique=True)
CONDITION = st.sampled_from(
    [
        "v > 0", "not v > 0", "k == 'a'", "k != 'a' and v <= 1.5", "v.isna() or w > 1", "w in [1, 2, None]", "w == w",
        "x < '2001-01-01'", "v > v.mean()", "v / w > 0", "v // w > 0 or k == 'x'", "True", "x", "y > 1", "0 < v <= w",
    ]
)  # fmt: skip


def step(op: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"op": st.just(op), **arguments})


FILTERS = step("query", expr=CONDITION)
STEPS = st.one_of(
    FILTERS,
    step("select", columns=COLUMNS),
    step("head", n=st.integers(-2, 3)),
    step("tail", n=st.integers(-2, 3)),
    step("slice", start=st.integers(-3, 3)),
    step("sort_values", by=COLUMNS),
    step("nlargest", n=st.just(2), columns=COLUMN),
    step("drop_duplicates", subset=COLUMNS),
    step("drop_duplicates"),
    step("dropna", subset=COLUMNS),
    step("dropna"),
    step("drop", columns=COLUMNS, errors=st.sampled_from(["raise", "ignore"])),
    step("rename", columns=st.dictionaries(COLUMN, COLUMN, max_size=2), errors=st.sampled_from(["raise", "ignore"])),
    step("assign", columns=st.dictionaries(COLUMN, st.sampled_from(["v", "w * 2", "k", "7"]), min_size=1, max_size=2)),
    step("astype", dtype=st.dictionaries(COLUMN, st.sampled_from(["str", "float64"]), max_size=2)),
    step("fillna", value=st.dictionaries(COLUMN, st.sampled_from([0, "a"]), max_size=2)),
    step("fillna", value=st.just(0)),
    step("describe"),
    step("concat", frames=st.just(["other"]), join=st.sampled_from(["outer", "inner"])),
    step("merge", right=st.just("other"), on=COLUMN, how=st.sampled_from(["inner", "left", "outer", "semi"])),
    step("merge", right=st.just("other"), left_on=COLUMN, right_on=COLUMN, how=st.just("inner")),
    step("merge", right=st.just("other"), how=st.sampled_from(["inner", "cross"])),
)
CLOSING = st.one_of(
    step("select", columns=COLUMNS),
    step(
        "groupby",
        by=COLUMNS,
        agg=st.dictionaries(
            st.sampled_from(["n", "m"]),
            st.sampled_from([[None, "size"], ["v", "max"], ["v * 2", "sum"], ["y", "count"], [["v", "w"], "corr"]]),
            min_size=1,
        ),
    ),
    STEPS,
)


def encoded(frame: pd.DataFrame, name: str) -> pa.Buffer:
    table, _ = from_pandas(frame)
    pieces = by_name(name).encode(pa.RecordBatchReader.from_batches(table.schema, table.to_batches(3)), EncodeOptions())
    return pa.py_buffer(b"".join(pieces))


def outcome(
    pipeline: Pipeline, tables: dict[str, pd.DataFrame], form: str, *, less: bool
) -> tuple[pd.DataFrame | None, str]:
    given = {n: Input(payload=PayloadRef(blob="", media_type=by_name(form).media_types[0], bytes=1)) for n in tables}
    payloads = {name: encoded(table, form) for name, table in tables.items()}
    try:
        inputs = read(given, payloads, pipeline.readings if less else {}, DecodeLimits(), lambda: None)
        for name, table in tables.items():
            assert (inputs.infos[name].rows, inputs.infos[name].column_count) == table.shape
        return pipeline.run(inputs.frames, done=inputs.done), ""
    except FramequeueError as error:
        return None, error.code


@settings(max_examples=100)
@given(
    TABLES,
    TABLES,
    st.lists(STEPS, max_size=3),
    CLOSING,
    st.sampled_from(["arrow", "arrow-file", "parquet", "csv"]),
    st.booleans(),
)
def test_less_gives_what_all_gives(
    df: pd.DataFrame, other: pd.DataFrame, steps: list[dict[str, Any]], last: dict[str, Any], form: str, first: bool
) -> None:
    steps = [{"op": "query", "expr": "v > 0"}] * first + [*steps, last]
    pipeline = Pipeline.parse([{"from": "df", **steps[0]}, *steps[1:]], ["df", "other"], CATALOGUE)
    tables = {"df": df, "other": other.drop(columns="x")}
    whole, refused = outcome(pipeline, tables, form, less=False)
    less, refused_less = outcome(pipeline, tables, form, less=True)
    assert bool(refused) == bool(refused_less)
    if whole is not None and less is not None:
        pd.testing.assert_frame_equal(less, whole)


def readings(*steps: dict[str, Any], inputs: tuple[str, ...] = ("df",)) -> dict[str, Any]:
    return dict(Pipeline.parse(steps, inputs, CATALOGUE).readings)


GROUPBY = {"op": "groupby", "by": "k", "agg": {"n": ["v * w", "sum"]}}


@pytest.mark.parametrize(
    ("steps", "columns"),
    [
        ([], None),
        ([{"op": "head"}], None),
        ([{"op": "select", "columns": ["b", "a"]}], {"a", "b"}),
        ([{"op": "head"}, {"op": "tail"}, {"op": "slice"}, {"op": "select", "columns": "a"}], {"a"}),
        ([GROUPBY], {"k", "v", "w", "v * w"}),
        ([{"op": "describe"}, {"op": "select", "columns": "a"}], None),
        ([{"op": "dropna"}, GROUPBY], None),
        ([{"op": "dropna", "subset": "a"}, {"op": "select", "columns": "b"}], {"a", "b"}),
        ([{"op": "drop_duplicates", "subset": ["a"]}, {"op": "select", "columns": "b"}], {"a", "b"}),
        ([{"op": "sort_values", "by": "a"}, {"op": "select", "columns": "b"}], {"a", "b"}),
        ([{"op": "nlargest", "n": 1, "columns": "a"}, {"op": "select", "columns": "b"}], {"a", "b"}),
        ([{"op": "nsmallest", "n": 1, "columns": "a"}, {"op": "select", "columns": "b"}], {"a", "b"}),
        ([{"op": "assign", "columns": {"a": "b + c"}}, {"op": "select", "columns": "a"}], {"a", "b", "c"}),
        ([{"op": "rename", "columns": {"a": "b", "c": "d"}}, {"op": "select", "columns": "b"}], {"a", "b"}),
        ([{"op": "drop", "columns": "a"}, {"op": "select", "columns": "b"}], {"a", "b"}),
        ([{"op": "astype", "dtype": {"a": "str"}}, {"op": "select", "columns": "b"}], {"a", "b"}),
        ([{"op": "fillna", "value": {"a": 0}}, {"op": "select", "columns": "b"}], {"a", "b"}),
        ([{"op": "fillna", "value": 0}, {"op": "select", "columns": "b"}], None),
        ([{"op": "head", "save": "top"}, {"op": "concat", "frames": ["top"]}, {"op": "select", "columns": "b"}], None),
        ([{"op": "head"}, {"op": "select", "from": "df", "columns": "b"}], {"b"}),
    ],
)
def test_what_a_pipeline_reads_is_known_from_its_steps(steps: list[dict[str, Any]], columns: set[str] | None) -> None:
    found = readings(*steps)["df"].columns
    assert (None if found is None else set(found)) == columns


def test_a_join_reads_the_keys_and_both_sides_of_a_name_with_a_suffix() -> None:
    join = {"op": "merge", "from": "df", "right": "other", "left_on": "a", "right_on": "b"}
    found = readings(join, {"op": "select", "columns": ["v_x"]}, inputs=("df", "other"))
    assert (found["df"].columns, found["other"].columns) == ({"a", "v", "v_x"}, {"b", "v", "v_x"})
    found = readings({**join, "how": "semi"}, {"op": "select", "columns": ["v"]}, inputs=("df", "other"))
    assert (found["df"].columns, found["other"].columns) == ({"a", "v"}, {"b"})


def test_a_condition_is_applied_while_reading_only_where_nobody_else_reads_the_input() -> None:
    query = {"op": "query", "expr": "a > 1"}
    found = readings(query, GROUPBY)["df"]
    assert (found.step, found.columns, found.kept) == (0, {"a", "k", "v", "w", "v * w"}, {"k", "v", "w", "v * w"})
    join = {"op": "merge", "right": "kept", "on": "k"}
    found = readings(
        {"from": "other", "op": "head"}, {"from": "df", "save": "kept", **query}, join, inputs=("df", "other")
    )
    assert (found["df"].step, found["other"].condition) == (1, None)
    assert readings(query, {"from": "df", **GROUPBY})["df"].condition is None
    assert readings({"op": "head"}, query)["df"].condition is None


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "ndjson", "parquet", "arrow", "arrow-file"])
def test_only_the_columns_asked_for_are_decoded(form: str) -> None:
    table = pa.table({"a": [1, 2], "b": ["x", None], "c.d": [1.5, 2.5]})
    data = pa.py_buffer(b"".join(by_name(form).encode(table.to_reader(), EncodeOptions())))
    for asked, names in ((frozenset({"b", "z"}), ["b"]), (frozenset({"c.d"}), ["c.d"]), (frozenset[str](), ["a"])):
        found = decode(data, by_name(form).media_types[0], None, DecodeOptions(columns=asked))
        assert (found.table.column_names, found.table.num_rows, found.width) == (names, 2, 3)
        assert found.table.column(0).to_pylist() == table.column(names[0]).to_pylist()


@pytest.mark.parametrize("form", ["parquet", "arrow", "arrow-file"])
def test_a_column_of_any_type_is_the_same_alone(form: str) -> None:
    table = every_type()
    data = pa.py_buffer(b"".join(by_name(form).encode(table.to_reader(), EncodeOptions())))
    whole = decode(data, by_name(form).media_types[0], None, DecodeOptions()).table
    for name in table.column_names:
        alone = decode(data, by_name(form).media_types[0], None, DecodeOptions(columns=frozenset({name}))).table
        assert alone.equals(whole.select([name]))


def test_columns_of_one_name_or_none_are_picked_by_their_place() -> None:
    options = DecodeOptions(columns=frozenset({"a", ""}))
    found = decode(pa.py_buffer(b"a,b,a,\n1,2,3,4\n"), "text/csv", None, options).table
    assert (found.column_names, [column.to_pylist() for column in found.columns]) == (["a", "a", ""], [[1], [3], [4]])
    rows = b"".join(b"%d,x%d,%d.5\n" % (row, row, row) for row in range(100_000))
    found = decode(pa.py_buffer(b"a,b,a\n" + rows), "text/csv", None, options).table  # by the fast way
    assert (found.column_names, found.schema.types) == (["a", "a"], [pa.int64(), pa.float64()])


def test_limits_hold_for_what_is_left_unread_too() -> None:
    options = DecodeOptions(columns=frozenset({"a"}), limits=DecodeLimits(columns=2))
    for form in ("csv", "json", "parquet", "arrow"):
        data = b"".join(by_name(form).encode(pa.table({"a": [1], "b": [2], "c": [3]}).to_reader(), EncodeOptions()))
        with pytest.raises(CountExceeded):
            decode(pa.py_buffer(data), by_name(form).media_types[0], None, options)


def work(text: bytes, *steps: dict[str, Any], **given: Any) -> Work:
    one = Input(payload=PayloadRef(blob="", media_type="text/csv", bytes=len(text)), **given)
    return Work(
        job_id="job_x",
        attempt=1,
        spec=spec(pipeline=list(steps), inputs={"df": one}),
        payloads={"df": pa.py_buffer(text)},
        catalogue=CATALOGUE,
        limits=LimitSettings(),
        stop=Stop(),
        on_progress=lambda *_: None,
    )


async def test_a_failure_tells_of_the_columns_that_were_not_read_too() -> None:
    with pytest.raises(ColumnUnknown, match="did you mean 'region'") as caught:
        compute(
            work(
                b"amount,region\n1,N\n2,S\n",
                {"op": "query", "expr": "amount > 1"},
                {"op": "select", "columns": "regoin"},
            )
        )
    details = failure_details(caught.value)
    assert details is not None
    assert (details.step, details.samples, details.shape) == (2, ({"amount": 2, "region": "S"},), (1, 2))
    with pytest.raises(DtypeUnsuitable) as caught_too:
        compute(work(b"a,b,c\n1,x,y\n", {"op": "query", "expr": "b > 1"}, {"op": "select", "columns": "a"}))
    details = failure_details(caught_too.value)
    assert details is not None
    assert (details.step, details.samples, details.shape) == (1, ({"a": 1, "b": "x", "c": "y"},), (1, 3))


async def test_own_code_that_fails_is_not_called_twice() -> None:
    calls = []

    @transform
    def fails(df: pd.DataFrame) -> pd.DataFrame:
        calls.append(list(df.columns))
        raise ValueError("no")

    declared = declaration(fails)
    assert declared is not None
    one = work(b"a,b\n1,x\n2,y\n", {"op": "query", "expr": "a > 1"}, {"op": "fails"})
    with pytest.raises(StepFailed):
        compute(replace(one, catalogue=Catalogue({**BUILTIN, "fails": model_of(declared)})))
    assert calls == [["a", "b"]]


async def test_a_dtype_that_does_not_fit_is_an_error_though_no_step_reads_its_column() -> None:
    with pytest.raises(CastFailed):
        compute(work(b"a,b\n1,x\n", {"op": "select", "columns": "a"}, dtypes={"b": "int64"}))


async def test_every_step_is_timed_and_the_inputs_are_told_whole() -> None:
    steps = ({"op": "query", "expr": "a > 1"}, {"op": "select", "columns": ["a"]})
    outcome = compute(work(b"a,b\n1,x\n2,y\n3,z\n", *steps)).outcome
    assert outcome.result is not None
    assert (outcome.result.rows, len(outcome.timing.steps_ms)) == (2, 2)
    assert (outcome.inputs["df"].rows, outcome.inputs["df"].column_count) == (3, 2)
