"""What errors suggest to somebody who writes what pandas has, and JSON or this service has not."""

import pandas as pd
import pytest

from jobs.errors import ExpressionSyntax, FramequeueError
from jobs.expressions import parse
from jobs.pipeline import Pipeline
from tests.unit.transforms.frames import CATALOGUE, run

FRAME = pd.DataFrame({"k": ["a", "b", "a"], "x": [1, 2, 3], "at": pd.to_datetime(["2024-01-01"] * 3)})


def refused(step):
    """The detail and the pointer of the error at submit, or of the run."""
    with pytest.raises(FramequeueError) as raised:
        run(FRAME, step)
    return raised.value.detail, raised.value.places[0].pointer


@pytest.mark.parametrize(
    ("op", "hint"),
    [
        ("reset_index", "labels are columns"),
        ("set_index", "labels are columns"),
        ("transform", "`assign`, `agg`, or a transform of your own"),
        ("T", "`transpose`"),
        ("loc", "`select`, `query`, `slice` and `drop` say it"),
        ("join", "`merge` on columns"),
        ("aggregate", "`agg`"),
        ("argsort", "`sort_values`"),
        ("read_csv", "an input comes in CSV"),
        ("haed", "; did you mean 'head'?"),
        ("qqqqqqqq", "; GET /v1/transforms lists the ops there are"),
    ],
)
def test_an_op_that_pandas_has_is_told_apart_from_a_slip(op, hint):
    with pytest.raises(FramequeueError) as raised:
        Pipeline.parse([{"op": op}], ["df"], CATALOGUE)
    assert hint in raised.value.detail
    assert raised.value.places[0].pointer == "/pipeline/0/op"
    assert "reindex" not in raised.value.detail
    assert ("did you mean" in raised.value.detail) == (op == "haed")


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("M", "; pandas now calls it 'ME'"),
        ("2M", "; pandas now calls it 'ME'"),
        ("H", "; pandas now calls it 'h'"),
        ("Q", "; pandas now calls it 'QE'"),
        ("often", "'7D' or 'MS'"),
    ],
)
def test_an_old_frequency_is_told_by_its_new_name(rule, hint):
    detail, at = refused({"op": "resample", "rule": rule, "on": "at", "agg": {"n": [None, "size"]}})
    assert detail.endswith(hint)
    assert at == "/pipeline/0/rule"


def test_what_pandas_says_is_told_to_the_end():
    days = pd.DataFrame({"day": ["2024-01-31", "31.12.2024"]})
    with pytest.raises(FramequeueError) as raised:
        run(days, {"op": "to_datetime", "columns": "day"})
    assert "might want to try: passing `format`" in raised.value.detail
    assert "passing `format='mixed'`" in raised.value.detail
    assert raised.value.detail.endswith("; row 2 is '31.12.2024'; errors=coerce makes such values null")


@pytest.mark.parametrize(
    ("verb", "value", "form"),
    [
        ("head", 2, '{"n": 2}'),
        ("nth", "x", '{"n": 2}'),
        ("sum", "x", '{"columns": ["x"]}'),
        ("mean", ["x"], '{"columns": ["x"]}'),
        ("rank", True, '{"columns": ["x"]}'),
        ("value_counts", "x", '{"subset": ["x"]}'),
        ("size", True, "{}"),
        ("agg", ["sum", "mean"], '{"new name": ["column", "function"]}'),
        ("agg", {"x": ["sum"]}, '{"new name": ["column", "function"]}'),
        ("agg", {"x": ["sum", "mean"]}, '{"new name": ["column", "function"]}'),
        ("agg", {"x": ["sum", "mean", "max"]}, '{"new name": ["column", "function"]}'),
        ("agg", {"x": "sum"}, '{"new name": ["column", "function"]}'),
    ],
)
def test_a_verb_of_groupby_shows_the_form_of_its_arguments(verb, value, form):
    detail, at = refused({"op": "groupby", "by": "k", verb: value})
    assert form in detail
    assert at.startswith(f"/pipeline/0/{verb}")


@pytest.mark.parametrize("name", ["as_index", "group_keys"])
def test_groupby_has_no_index(name):
    detail, at = refused({"op": "groupby", "by": "k", "size": {}, name: False})
    assert detail.endswith(f"no argument {name!r}; the groups' keys always come as columns")
    assert at == f"/pipeline/0/{name}"


@pytest.mark.parametrize(
    ("name", "rule"),
    [("gte", "ge"), ("lte", "le"), ("min", "ge"), ("max", "le"), ("greater_than", "gt"), ("regex", "matches")],
)
def test_a_rule_by_another_name_is_told_by_its_own(name, rule):
    detail, at = refused({"op": "expect", "schema": {"x": {name: 1}}})
    assert detail.endswith(f"a column of 'schema' has no rule {name!r}; did you mean {rule!r}?")
    assert at == f"/pipeline/0/schema/x/{name}"


def test_a_misspelt_rule_is_told_by_the_nearest():
    assert refused({"op": "expect", "schema": {"x": {"nulable": True}}})[0].endswith("did you mean 'nullable'?")
    assert "'min_length'" in refused({"op": "expect", "schema": {"x": {"zzz": True}}})[0]


@pytest.mark.parametrize("dtype", ["int", "float", "Int64", "uint16", "bool", "Float32"])
def test_flags_have_the_dtypes_that_astype_gives(dtype):
    made = run(FRAME[["k"]], {"op": "get_dummies", "columns": "k", "dtype": dtype})
    pd.testing.assert_frame_equal(made, pd.get_dummies(FRAME[["k"]]).astype(dtype))


@pytest.mark.parametrize("dtype", ["str", "datetime64[us]", "date32", "category", "decimal128(3, 1)", "object"])
def test_flags_are_booleans_or_numbers(dtype):
    detail, at = refused({"op": "get_dummies", "columns": "k", "dtype": dtype})
    assert f"not {dtype!r}" in detail
    assert at == "/pipeline/0/dtype"


@pytest.mark.parametrize("step", [{"op": "diff"}, {"op": "pct_change"}, {"op": "shift", "fill_value": 0}])
def test_moves_that_do_not_suit_all_columns_tell_of_one(step):
    detail, _ = refused(step)
    assert detail.endswith(f"; this works on all columns, and `assign` with `x.{step['op']}()` on one")
    run(FRAME, {"op": "assign", "columns": {"y": f"x.{step['op']}()"}})


@pytest.mark.parametrize(
    "text", ["qty > ", "qty >", "a + b *", "a and", "not", "f(a,", "(a + b", "a in [1, 2", "a if b else"]
)
def test_an_unfinished_expression_ends_too_early(text):
    with pytest.raises(ExpressionSyntax) as raised:
        parse(text)
    assert "the expression ends too early" in raised.value.detail or "was never closed" in raised.value.detail
    if raised.value.detail.startswith("the expression ends"):
        assert raised.value.position == len(text)


def test_the_end_is_the_place_of_an_unfinished_expression():
    with pytest.raises(ExpressionSyntax, match=r"^the expression ends too early, at character 7 in 'qty > '$"):
        parse("qty > ")


@pytest.mark.parametrize(
    ("text", "name", "position"),
    [
        ("Order Date > 1", "Order Date", 0),
        ("a > 1 and Unit  Price x < 2", "Unit  Price x", 10),
        ("x + née la", "née la", 4),
        ("a b.dt.year", "a b", 0),
    ],
)
def test_a_name_with_a_blank_is_shown_in_backticks(text, name, position):
    with pytest.raises(ExpressionSyntax) as raised:
        parse(text)
    assert (f"`{name}`" in raised.value.detail, raised.value.position) == (True, position)


def test_other_malformed_text_keeps_its_place():
    for sql in ("a > 1 AND b < 2", "a LIKE 'x'", "a between 1 and 2"):
        with pytest.raises(ExpressionSyntax, match=r"^this is not an expression"):
            parse(sql)
    with pytest.raises(ExpressionSyntax) as raised:
        parse("a > > 1")
    assert (raised.value.detail.startswith("this is not an expression"), raised.value.position) == (True, 4)
