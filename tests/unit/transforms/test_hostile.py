"""Odd data and hostile arguments: an answer as pandas gives it, or an error that names the place; never a plain one."""

import random

import pandas as pd
import pyarrow as pa
import pytest

from jobs.errors import ArgumentInvalid, DtypeUnsuitable, FramequeueError
from tests.unit.transforms.frames import run

NESTED = {
    "list": (pa.list_(pa.int64()), [1, 2]),
    "struct": (pa.struct([("a", pa.int64())]), {"a": 1}),
    "map": (pa.map_(pa.string(), pa.int64()), [("a", 1)]),
}


def refused(frame: pd.DataFrame, step: dict) -> FramequeueError:
    with pytest.raises(FramequeueError) as caught:
        run(frame, step)
    return caught.value


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize(
    "step",
    [
        {"op": "sort_values", "by": ["k", "n"]},
        {"op": "drop_duplicates"},
        {"op": "duplicated", "subset": ["k", "n"]},
        {"op": "value_counts"},
        {"op": "value_counts", "subset": ["k", "n"]},
        {"op": "get_dummies", "columns": ["n"]},
        {"op": "map", "columns": {"n": {"a": 1}}},
    ],
)
def test_nested_values_have_no_order_and_no_keys(kind, step):
    dtype, value = NESTED[kind]
    frame = pd.DataFrame({"k": [1, 1], "n": pd.Series([value, value], dtype=pd.ArrowDtype(dtype))})
    if step["op"] == "map" and kind == "struct":
        step = {"op": "sort_values", "by": "n"}
    error = refused(frame, step)
    assert isinstance(error, DtypeUnsuitable), error.detail
    assert error.column == "n"


@pytest.mark.parametrize("op", ["nlargest", "nsmallest"])
@pytest.mark.parametrize(("n", "rows"), [(-(2**63), 0), (-1, 0), (0, 0), (2**63, 3), (2**62, 3)])
def test_extremes_take_any_number(op, n, rows):
    frame = pd.DataFrame({"v": [2, 3, 1], "w": [1.0, 2.0, 3.0]})
    made = run(frame, {"op": op, "n": n, "columns": ["v", "w", "v"]})
    assert made["v"].tolist() == sorted([1, 2, 3], reverse=op == "nlargest")[:rows]


def test_categories_of_numbers_may_lack_some():
    frame = pd.DataFrame({"i": pd.Categorical([1, None]), "b": pd.Categorical([True, None])})
    made = run(frame, {"op": "assign", "columns": {"more": "i + 1", "not": "not b"}})
    assert made["more"].tolist() == [2, pd.NA]
    assert made["not"].tolist() == [False, pd.NA]


def test_an_empty_text_is_no_moment():
    frame = pd.DataFrame({"t": pd.to_datetime(["2024-01-31", None]), "d": pd.to_timedelta(["1h", None])})
    made = run(frame, {"op": "replace", "to_replace": ["", "NaT"], "value": ["2024-01-31", "2024-01-31"]})
    pd.testing.assert_frame_equal(made, frame)
    error = refused(frame[["d"]], {"op": "fillna", "value": "NaT"})
    assert isinstance(error, DtypeUnsuitable)


def test_replace_of_thousands_of_values_is_replace_of_each():
    chance = random.Random(5)
    old = chance.sample(range(10_000), 2_000)
    new = [chance.choice([None, 1, 2, 3]) for _ in old]
    table = dict(zip(old, new, strict=True))
    cells = [chance.randrange(10_000) for _ in range(300)]
    frame = pd.DataFrame({"v": cells, "k": ["a"] * 300, "w": pd.Series(cells, dtype="Int64")})
    made = run(frame, {"op": "replace", "to_replace": old, "value": new})
    wanted = [pd.NA if (found := table.get(cell, cell)) is None else found for cell in cells]
    assert made["v"].tolist() == made["w"].tolist() == wanted
    assert (str(made["v"].dtype), made["k"].tolist()) == ("Int64", frame["k"].tolist())


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"op": "replace", "to_replace": "a", "value": "\\1", "regex": True}, "/pipeline/0/value"),
        ({"op": "round", "decimals": 2**31}, "/pipeline/0/decimals"),
        ({"op": "round", "decimals": {"v": -(2**31)}}, "/pipeline/0/decimals/v"),
    ],
)
def test_arguments_that_cannot_be_meant(step, pointer):
    error = refused(pd.DataFrame({"k": ["a"], "v": [1.5]}), step)
    assert isinstance(error, ArgumentInvalid)
    assert error.places[0].pointer == pointer


def test_a_number_too_large_for_any_column_is_no_new_value():
    error = refused(pd.DataFrame({"v": [1]}), {"op": "map", "columns": {"v": {"1": 10**30}}})
    assert (error.code, error.places[0].pointer) == ("transform.dtype_unsuitable", "/pipeline/0/columns/v")


@pytest.mark.parametrize(("op", "argument"), [("resample", "rule"), ("asfreq", "freq")])
@pytest.mark.parametrize(
    ("first", "last", "unit", "frequency"),
    [
        ("0001-01-01", "9999-12-31", "us", "h"),
        ("0001-01-01", "9999-12-31", "s", "1us"),
        ("2262-04-01", "2262-04-09", "ns", "1us"),
        ("1678-01-01", "2262-04-09", "ns", "1ns"),
    ],
)
def test_bins_of_any_year_are_counted_before_they_are_made(op, argument, first, last, unit, frequency):
    frame = pd.DataFrame(
        {"t": pd.to_datetime([first, last], format="%Y-%m-%d").astype(f"datetime64[{unit}]"), "v": [1, 2]}
    )
    agg = {"agg": {"n": ["v", "sum"]}} if op == "resample" else {}
    error = refused(frame, {"op": op, argument: frequency, "on": "t", **agg})
    assert (error.code, error.places[0].pointer) == ("transform.output_too_large", f"/pipeline/0/{argument}")


def test_a_tolerance_beyond_64_bits_is_none():
    frame = pd.DataFrame({"v": [1, 2]})
    made = run(frame, {"op": "merge_asof", "right": "other", "on": "v", "tolerance": 10**30}, other=frame)
    assert made["v"].tolist() == [1, 2]


def test_columns_are_counted_before_they_are_made():
    error = refused(pd.DataFrame({"v": [1]}), {"op": "reindex", "columns": [f"c{n}" for n in range(20_000)]})
    assert (error.code, error.places[0].pointer) == ("transform.output_too_large", "/pipeline/0/columns")


@pytest.mark.parametrize(
    "step",
    [
        {"op": "where", "cond": "k == 'b'", "other": "x" * 2**20},
        {"op": "mask", "cond": "k == 'a'", "other": "x" * 2**20},
        {"op": "fillna", "value": {"n": "x" * 2**20}},
        {"op": "map", "columns": {"k": {"a": "x" * 2**20}}},
        {"op": "replace", "to_replace": "a", "value": "x" * 2**20},
        {"op": "replace", "to_replace": ["a", *map(str, range(20))], "value": "x" * 2**20},
        {"op": "replace", "to_replace": "a", "value": "x" * 2**20, "regex": True},
    ],
)
def test_a_long_text_is_not_put_into_thousands_of_cells(step):
    rows = 1100
    frame = pd.DataFrame({"k": ["a"] * rows, "n": pd.Series([None] * rows, dtype="str")})
    assert refused(frame, step).code == "transform.output_too_large"


@pytest.mark.parametrize("kind", [pa.binary(), pa.time64("us"), pa.list_(pa.int64())])
@pytest.mark.parametrize("expr", ["n in ['', 1]", "n not in ['z', 0.5]"])
def test_bytes_times_and_lists_are_in_no_list_of_other_kinds(kind, expr):
    frame = pd.DataFrame({"n": pd.Series([None, None], dtype=pd.ArrowDtype(kind))})
    error = refused(frame, {"op": "query", "expr": expr})
    assert (error.code, error.places[0].pointer) == ("transform.dtype_unsuitable", "/pipeline/0/expr")


@pytest.mark.parametrize("dtype", ["int64", "str", "category", "datetime64[us]", "Int64"])
def test_many_values_over_no_rows(dtype):
    frame = pd.DataFrame({"c": pd.Series([], dtype=dtype)})
    many = [f"n{number}" for number in range(50)]
    assert run(frame, {"op": "isin", "values": many}).dtypes.astype(str).tolist() == ["bool"]
    pd.testing.assert_frame_equal(run(frame, {"op": "replace", "to_replace": many, "value": "x"}), frame)
