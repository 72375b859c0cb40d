"""Reshape: each op answers as the plain pandas call does, its index as columns."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jobs.codecs.frames import to_pandas
from jobs.errors import ArgumentInvalid, ColumnAmbiguous, ColumnTaken, ColumnUnknown, DtypeUnsuitable, OutputTooLarge
from jobs.transforms.base import Surroundings
from jobs.transforms.catalogue import BUILTIN
from tests.unit.transforms.frames import any_frames, frames, run
from tests.unit.transforms.reshaping import as_columns, refused, told

quick = settings(max_examples=25, deadline=None)
KEYS = ("str", "int64", "bool", "category", "Int64", "float64")
same = pd.testing.assert_frame_equal


def exactly(frame: pd.DataFrame) -> pd.DataFrame:
    """With integers and booleans that can be null, as they become in a pipeline."""
    wider = {"int64": "Int64", "bool": "boolean"}
    return frame.astype({name: wider.get(str(dtype), dtype) for name, dtype in frame.dtypes.items()})


def once(frame: pd.DataFrame, *keys: str) -> pd.DataFrame:
    return frame.drop_duplicates(list(keys)).reset_index(drop=True)


@quick
@given(frames(names=("k", "c", "v", "w"), dtypes=KEYS), st.sampled_from(["v", ["v"], ["w", "v"], None]), st.booleans())
def test_pivot(frame: pd.DataFrame, values: Any, rows: bool) -> None:
    words = {"columns": "c", **({"index": "k"} if rows else {}), **({"values": values} if values else {})}
    frame = once(frame, "k", "c")
    if not rows:
        frame = frame.drop(columns="k")
    made = run(frame, {"op": "pivot", **words})
    exact = exactly(frame).assign(c=frame["c"], **({"k": frame["k"]} if rows else {}))
    if isinstance(values, list):  # where pandas would make objects of them
        exact = exact[[name for name in exact if name in ("k", "c")] + values]
        words.pop("values")
    assert told(made) == told(as_columns(exact.pivot(**words)))


@quick
@given(
    frames(names=("k", "c", "d", "v"), dtypes=KEYS), st.sampled_from([-1, 0, "c", ["k", "d"], [1, 2]]), st.booleans()
)
def test_unstack(frame: pd.DataFrame, level: Any, sort: bool) -> None:
    frame = once(frame, "k", "c", "d")
    made = run(frame, {"op": "unstack", "on": ["k", "c", "d"], "level": level, "sort": sort})
    exact = frame.assign(v=exactly(frame[["v"]])["v"]).set_index(["k", "c", "d"])
    assert told(made) == told(as_columns(exact.unstack(level, sort=sort)))


def test_unstack_of_the_whole_index_is_long() -> None:
    frame = pd.DataFrame({"k": ["a", "b"], "v": [1, 2], "w": [3, 4]})
    made = run(frame, {"op": "unstack", "on": "k"})
    plain = frame.set_index("k").rename_axis("column", axis=1).unstack()
    same(made, plain.rename("unstack").reset_index().astype({"column": "str"}))
    assert run(frame, {"op": "unstack", "on": ["k", "v"], "fill_value": 0})["w_2"].tolist() == [0, 4]


def test_what_meets_in_a_cell_is_refused() -> None:
    frame = pd.DataFrame({"k": ["a", "b", "a"], "c": ["x", "y", "x"], "v": [1, 2, 3]})
    error = refused(frame, {"op": "pivot", "index": "k", "columns": "c"})
    assert isinstance(error, ArgumentInvalid)
    assert "rows 1 and 3 have the same keys" in str(error)
    assert "pivot_table" in str(error)
    assert "rows 1 and 3" in str(refused(frame, {"op": "unstack", "on": ["k", "c"]}))


def test_names_are_the_texts_of_values() -> None:
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2024-02-29", "2024-02-29T13:45:00", None], format="ISO8601"),
            "n": [1.0, 2.5, None],
            "v": [1, 2, 3],
        }
    )
    made = run(frame, {"op": "pivot", "columns": "at", "values": "v"})
    assert list(made) == ["null", "2024-02-29", "2024-02-29T13:45:00"]
    assert list(run(frame, {"op": "pivot", "columns": ["n"], "values": ["v"]})) == ["v_null", "v_1.0", "v_2.5"]
    days = frame.assign(at=frame["at"].astype(pd.ArrowDtype(pa.date32()))).iloc[[0]]
    assert list(run(days.reset_index(drop=True), {"op": "pivot", "columns": "at", "values": "v"})) == ["2024-02-29"]
    texts = pd.DataFrame({"k": [1, 1], "c": ["null", None], "v": [1, 2]})
    assert isinstance(refused(texts, {"op": "pivot", "index": "k", "columns": "c", "values": "v"}), ColumnTaken)
    taken = pd.DataFrame({"k": [1], "c": ["k"], "v": [1]})
    assert isinstance(refused(taken, {"op": "pivot", "index": "k", "columns": "c", "values": "v"}), ColumnTaken)


def plain_values(frame: pd.DataFrame, plain: Any) -> pd.DataFrame | None:
    """pandas' long frame, or None where its values are a mixture of objects."""
    made = plain(frame)
    mixed = made.iloc[:, -1].dtype == object and not made.iloc[:, -1].isna().all()
    return None if mixed or (made.iloc[:, -1].dtype == object and frame.empty) else made


def alike(frame: pd.DataFrame, names: list[str]) -> bool:
    """Whether one dtype holds these columns, for certain: they are all numbers or booleans, or all of one dtype."""
    dtypes = {str(frame[name].dtype) for name in names}
    return len(dtypes) < 2 or dtypes <= {"int64", "float64", "Int64"} or dtypes <= {"bool", "boolean"}


@quick
@given(frames(names=("k", "c", "v", "w")), st.sampled_from([["v", "w"], ["w"], ["w", "v", "c"], None]))
def test_melt(frame: pd.DataFrame, value_vars: Any) -> None:
    words = {"id_vars": ["k"], **({"value_vars": value_vars} if value_vars else {})}
    melted = value_vars or ["c", "v", "w"]
    if alike(frame, melted):
        made, plain = run(frame, {"op": "melt", **words}), frame.melt(**words)
        assert told(made) == told(plain)
        assert frame.empty or [str(one).lower() for one in made.dtypes] == [str(one).lower() for one in plain.dtypes]
        return
    try:
        made = run(frame, {"op": "melt", **words})
    except DtypeUnsuitable:
        error = refused(frame, {"op": "melt", **words})
        assert isinstance(error, DtypeUnsuitable)
        assert error.column in melted
        assert "astype" in error.detail
    else:
        assert told(made) == told(frame.melt(**words))


@quick
@given(any_frames(twice=False))
def test_melt_gives_dtypes_that_follow_from_dtypes(frame: pd.DataFrame) -> None:
    first = str(frame.columns[0])
    assume(first not in ("variable", "value"))
    step = {"op": "melt", "id_vars": first}
    try:
        none = run(frame.iloc[:0], step)
    except DtypeUnsuitable:
        return
    same(run(frame, step).iloc[:0], none, check_index_type=False)


def test_melt_refuses_names_and_mixtures() -> None:
    frame = pd.DataFrame({"k": [1], "n": [2], "t": ["x"]})
    error = refused(frame, {"op": "melt", "id_vars": "k"})
    assert "no dtype holds the values of both 'n' (int64) and 't' (str)" in str(error)
    assert isinstance(refused(frame, {"op": "melt", "id_vars": "k", "value_name": "k"}), ColumnTaken)
    assert isinstance(refused(frame, {"op": "melt", "value_vars": ["n", "tt"]}), ColumnUnknown)
    twice = pd.DataFrame([[1, 2]], columns=["k", "k"])
    assert isinstance(refused(twice, {"op": "melt", "id_vars": "k"}), ColumnAmbiguous)
    assert run(twice, {"op": "melt"})["value"].tolist() == [1, 2]


def test_melt_joins_what_means_the_same() -> None:
    frame = pd.DataFrame({"a": pd.Categorical(["x", "y"]), "b": pd.Categorical(["z", None]), "c": ["t", "u"]})
    made = run(frame, {"op": "melt"})["value"]
    assert (str(made.dtype), made.tolist()[:3], made.isna().tolist()) == (
        "str",
        ["x", "y", "z"],
        [False] * 3 + [True, False, False],
    )
    table = pa.table({"a": pa.array(["1.5"]).cast(pa.decimal128(5, 2)), "b": pa.array(["7"]).cast(pa.decimal128(3, 0))})
    made = run(to_pandas(table), {"op": "melt"})["value"]
    assert [str(value) for value in made] == ["1.50", "7.00"]
    nothing = to_pandas(pa.table({"a": [1, 2], "b": pa.nulls(2)}))
    assert run(nothing, {"op": "melt"})["value"].tolist() == [1, 2, pd.NA, pd.NA]


@quick
@given(
    st.sampled_from(["int64", "float64", "Int64"]).flatmap(lambda one: frames(names=("k", "v", "w"), dtypes=(one,))),
    st.sampled_from(["k", ["k", "v"]]),
)
def test_stack(frame: pd.DataFrame, on: Any) -> None:
    frame = frame.fillna({"k": 0, "v": 0})  # in an index of several levels pandas makes floats of integers beside null
    made = run(frame, {"op": "stack", "on": on})
    plain = frame.set_index(on).stack().rename("stack")
    plain.index = plain.index.set_names("column", level=-1)
    assert told(made) == told(as_columns(plain, "stack"))


@quick
@given(frames(names=("k", "c", "v"), dtypes=KEYS))
def test_there_and_back(frame: pd.DataFrame) -> None:
    """pivot undoes melt, unstack undoes stack."""
    frame = once(frame, "k").dropna(subset="k").sort_values("k", ignore_index=True)
    if not alike(frame, ["c", "v"]) or frame.empty:
        return
    long = {"op": "melt", "id_vars": "k"}
    made = run(frame, long, {"op": "pivot", "index": "k", "columns": "variable", "values": "value"})
    assert told(made) == told(frame)
    made = run(frame, {"op": "stack", "on": "k"}, {"op": "unstack", "on": ["k", "column"]})
    assert told(made.set_axis(["k", "c", "v"], axis=1)) == told(frame)


LISTS = st.lists(st.none() | st.lists(st.sampled_from([None, 1, 2**62 + 1]), max_size=3), min_size=1, max_size=5)


@quick
@given(LISTS, st.sampled_from([pa.list_(pa.int64()), pa.large_list(pa.int64())]))
def test_explode(lists: list[Any], kind: pa.DataType) -> None:
    frame = to_pandas(pa.table({"n": range(len(lists)), "l": pa.array(lists, kind), "t": ["x"] * len(lists)}))
    made = run(frame, {"op": "explode", "column": "l"})
    plain = frame.assign(l=pd.Series(lists, dtype=object)).explode("l", ignore_index=True)
    assert told(made) == told(plain)
    assert str(made["l"].dtype) == "Int64"


def test_explode_several_and_none() -> None:
    table = pa.table({"a": [[1, 2], []], "b": [["x", "y"], None], "c": [1, 2]})
    frame = to_pandas(table)
    made = run(frame, {"op": "explode", "column": ["a", "b"]})
    assert told(made) == (["a", "b", "c"], [(1, "x", 1), (2, "y", 1), (None, None, 2)])
    same(run(frame, {"op": "explode", "column": "c"}), frame)
    other = to_pandas(pa.table({"a": [[1, 2], []], "b": [["x"], None]}))
    assert "different lengths in row 1" in str(refused(other, {"op": "explode", "column": ["a", "b"]}))
    nested = to_pandas(pa.table({"a": [[[1], [2, 3]]]}))
    assert run(nested, *[{"op": "explode", "column": "a"}] * 2)["a"].tolist() == [1, 2, 3]


@quick
@given(
    st.sampled_from(["int64", "float64", "Int64", "str"]).flatmap(lambda one: frames(names=("v", "w"), dtypes=(one,)))
)
def test_transpose(frame: pd.DataFrame) -> None:
    made = run(frame, {"op": "transpose"})
    assert told(made) == told(as_columns(frame.T.rename_axis("column")))
    keyed = frame.assign(k=[f"r{row}" for row in range(len(frame))])
    made = run(keyed, {"op": "transpose", "on": "k"})
    assert told(made) == told(as_columns(keyed.set_index("k").T.rename_axis("column")))
    back = run(made, {"op": "transpose", "on": "column"})
    assert told(back) == told(keyed[["k", "v", "w"]].rename(columns={"k": "column"}))


WIDE = st.sampled_from(["a1", "a2", "a10", "b1", "b3", "b-1", "z", "y"])


@quick
@given(
    st.lists(WIDE, min_size=1, max_size=6, unique=True), st.integers(0, 3),
    st.sampled_from([["a"], ["a", "b"], ["b", "a"]]),
    st.sampled_from(["i", ["i", "h"]]), st.sampled_from([r"\d+", r"-?\d+", r"\w+"]),
)  # fmt: skip
def test_wide_to_long(columns: list[str], rows: int, stubs: list[str], i: Any, suffix: str) -> None:
    frame = pd.DataFrame({"i": range(rows), "h": list("xyz")[:rows]} | {name: range(rows) for name in columns})
    frame = frame.astype({"h": "str"})
    assume(
        all(any(name.startswith(stub) and name[-1].isdigit() and "-" not in name for name in columns) for stub in stubs)
    )
    words = {"stubnames": stubs, "i": i, "j": "j", "suffix": suffix}
    made = run(frame, {"op": "wide_to_long", **words})
    exact = frame.astype(dict.fromkeys(columns, "Int64"))
    assert told(made) == told(as_columns(pd.wide_to_long(exact, **words)))


def test_wide_to_long_refuses() -> None:
    frame = pd.DataFrame({"i": [1, 1], "a1": [1, 2], "a01": [3, 4]})
    step = {"op": "wide_to_long", "stubnames": "a", "i": "i", "j": "j"}
    assert "row 2 has the keys of a row before it" in str(refused(frame[["i", "a1"]], step))
    assert "not all different" in str(refused(frame.iloc[:1], step))
    assert isinstance(refused(frame.assign(a=1), step), ColumnTaken)
    with pytest.raises(ArgumentInvalid, match="lookahead") as caught:
        run(frame, {**step, "suffix": r"(?=x)\d"})
    assert caught.value.places[0].pointer == "/pipeline/0/suffix"
    mixed = pd.DataFrame({"i": [1], "a1": [1], "ax": [2]})
    assert run(mixed, {**step, "suffix": r"\w"})["j"].tolist() == ["1", "x"]


PEOPLE = [
    {"id": 1, "name": {"first": "C", "last": "R"}, "tags": ["x"]},
    {"id": 2, "name": {"first": "M", "last": None}, "tags": []},
]
STATES = [
    {"state": "F", "info": {"governor": "R"}, "counties": [{"name": "D", "n": 1}, {"name": "B", "n": 2}]},
    {"state": "O", "info": {"governor": "J"}, "counties": [{"name": "S", "n": 3}]},
]


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (PEOPLE, {}),
        (PEOPLE, {"max_level": 0}),
        (PEOPLE, {"sep": "_"}),
        (PEOPLE, {"record_path": "tags", "meta": "id"}),
        (STATES, {"record_path": "counties", "meta": ["state", ["info", "governor"]]}),
        (STATES, {"record_path": "counties", "meta_prefix": "m.", "record_prefix": "r.", "meta": ["state"]}),
        (STATES, {"record_path": ["counties"], "meta": ["zip"], "errors": "ignore"}),
    ],
)
def test_json_normalize(records: list[Any], words: dict[str, Any]) -> None:
    plain = pd.json_normalize(records, **words)
    plain = plain.set_axis([str(name) for name in plain], axis=1)
    made = run(to_pandas(pa.Table.from_pylist(records)), {"op": "json_normalize", **words})
    assert told(made) == told(plain)
    texts = pd.DataFrame({"t": [json.dumps(record) for record in records]})
    made = run(texts, {"op": "json_normalize", "column": "t", **words})
    assert told(made) == told(plain)


def test_json_normalize_of_text_says_which_row() -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "t": ['{"a": {"b": 1}}', None, '{"a": {"b": "x"}}']})
    made = run(frame, {"op": "json_normalize", "parse": "t"})
    assert told(made) == (["id", "t.a.b"], [(1, "1"), (2, None), (3, "x")])
    error = refused(frame.assign(t="{"), {"op": "json_normalize", "column": "t"})
    assert isinstance(error, DtypeUnsuitable)
    assert "row 1: this is no JSON" in error.detail
    assert isinstance(refused(frame, {"op": "json_normalize", "column": "id"}), DtypeUnsuitable)
    deep = frame.assign(t="[" * 200 + "]" * 200)
    assert "deeper than" in str(refused(deep, {"op": "json_normalize", "column": "t"}))
    many = pd.DataFrame({"t": [json.dumps({f"k{row}_{key}": 1 for key in range(50)}) for row in range(20)]})
    with pytest.raises(OutputTooLarge):
        BUILTIN["json_normalize"].model_validate({"column": "t"}).apply(many, Surroundings(max_rows=100))


LARGE = pd.DataFrame({"k": range(100), "c": range(100), "d": range(100), "v": 1})


@pytest.mark.parametrize(
    "step",
    [
        {"op": "melt"},
        {"op": "stack"},
        {"op": "unstack", "on": "k"},
        {"op": "unstack", "on": ["k", "c"]},
        {"op": "pivot", "columns": "c", "values": "v"},
        {"op": "pivot", "index": "k", "columns": ["c"]},
        {"op": "pivot_table", "index": "k", "columns": "c"},
        {"op": "pivot_table", "index": ["k", "d"], "dropna": False},
        {"op": "pivot_table", "columns": "c"},
        {"op": "crosstab", "index": "k", "columns": "c"},
        {"op": "crosstab", "index": "k", "columns": ["c", "d"], "dropna": False},
        {"op": "transpose"},
        {"op": "wide_to_long", "stubnames": "", "i": "k", "j": "j", "suffix": "[cdv]"},
    ],
    ids=lambda step: step["op"],
)
def test_large_results_are_refused_before_they_are_made(step: dict[str, Any]) -> None:
    words = {name: tuple(value) if isinstance(value, list) else value for name, value in step.items() if name != "op"}
    transform = BUILTIN[step["op"]].model_validate(words)
    with pytest.raises(OutputTooLarge):
        transform.apply(LARGE, Surroundings(max_rows=150, max_columns=50))
    many = pd.concat([LARGE] * 30, ignore_index=True).assign(k=np.arange(3000), c=np.arange(3000), d=np.arange(3000))
    with pytest.raises(OutputTooLarge):
        transform.apply(many, Surroundings(max_rows=3000, max_columns=2000))
