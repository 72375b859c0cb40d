"""What a pipeline reads of its inputs, and when; what failures tell of what was not read."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from config.sections import LimitSettings
from jobs import Context, transform
from jobs.codecs.base import DecodeLimits, DecodeOptions, EncodeOptions
from jobs.codecs.decoding import decode
from jobs.codecs.table import by_name
from jobs.errors import CastFailed, ColumnUnknown, CountExceeded, DtypeUnsuitable, InputEmpty, StepFailed
from jobs.model import Input, PayloadRef
from jobs.pipeline import Pipeline, failure_details
from jobs.transforms.catalogue import BUILTIN, Catalogue
from jobs.transforms.declare import declaration
from jobs.transforms.own import model_of
from jobs.worker.compute import Work, compute
from jobs.worker.stop import Stop
from tests.store.build import spec
from tests.unit.codecs.tables import every_type

CATALOGUE = Catalogue()


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
    assert (found.steps, found.columns, found.kept) == ((0,), {"a", "k", "v", "w", "v * w"}, {"k", "v", "w", "v * w"})
    join = {"op": "merge", "right": "kept", "on": "k"}
    found = readings(
        {"from": "other", "op": "head"}, {"from": "df", "save": "kept", **query}, join, inputs=("df", "other")
    )
    assert (found["df"].steps, found["other"].conditions) == ((1,), ())
    assert readings(query, {"from": "df", **GROUPBY})["df"].conditions == ()
    assert readings({"op": "head"}, query)["df"].conditions == ()


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


OTHER = b"k,w\nx,1\ny,2\n"


def joined(*steps: dict[str, Any], other: bytes = OTHER, **given: Any) -> Work:
    one = work(b"a,k\n1,x\n2,y\n3,z\n", *steps, **given)
    inputs = {**one.spec.inputs, "other": Input(payload=PayloadRef(blob="", media_type="text/csv", bytes=len(other)))}
    return replace(one, spec=one.spec.changed(inputs=inputs), payloads={**one.payloads, "other": pa.py_buffer(other)})


async def test_an_input_of_no_step_is_never_decoded() -> None:
    """So it may be no CSV at all; nothing is told of its rows."""
    outcome = compute(joined({"op": "head", "from": "df"}, other=b"")).outcome
    assert outcome.result is not None
    assert (outcome.result.rows, set(outcome.inputs)) == (3, {"df"})


async def test_an_input_is_decoded_when_a_step_reads_it_and_not_before() -> None:
    merge = {"op": "merge", "right": "other", "on": "k"}
    fails = {"op": "astype", "from": "df", "dtype": {"k": "int64"}}
    with pytest.raises(DtypeUnsuitable):  # the step's own error comes before that of an input behind it
        compute(joined(fails, merge, other=b""))
    with pytest.raises(InputEmpty):
        compute(joined({"op": "head", "from": "df"}, merge, other=b""))
    one = joined({"op": "head", "from": "df"}, merge)
    outcome = compute(one).outcome
    assert outcome.result is not None
    assert (outcome.result.rows, list(outcome.inputs), one.payloads) == (2, ["df", "other"], {})
    assert outcome.timing.decode_ms > 0


async def test_own_code_finds_all_inputs_decoded() -> None:
    @transform
    def counts(df: pd.DataFrame, context: Context) -> pd.DataFrame:
        return pd.DataFrame({name: [len(frame)] for name, frame in context.inputs.items()})

    declared = declaration(counts)
    assert declared is not None
    catalogue = Catalogue({**BUILTIN, "counts": model_of(declared)})
    outcome = compute(replace(joined({"op": "head", "from": "df"}, {"op": "counts"}), catalogue=catalogue)).outcome
    assert outcome.result is not None
    assert outcome.result.preview == b'[{"df":3,"other":2}]'
