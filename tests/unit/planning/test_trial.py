"""A pipeline tried without rows: what is refused and where, what is left to the run, and the plan."""

import json

import pytest

from jobs.errors import ColumnUnknown, DtypeUnsuitable
from jobs.pipeline import Pipeline
from jobs.planning import planned, problems_of
from jobs.transforms.base import Transform
from jobs.transforms.catalogue import BUILTIN, Catalogue, load_catalogue
from jobs.transforms.follows import Follows
from tests.unit.planning.looking import raw

ORDERS = [{"region": "N", "amount": 1.5, "qty": 2}, {"region": "S", "amount": 2.0, "qty": 3}]
CSV = b"region,amount,qty\nN,1.5,2\nS,2,3\n"
SHORTER = "(region.max() + region).str.lower()"  # without rows there is no greatest region
CUSTOMERS = [{"region": "N", "name": "x", "since": None}]


def schemas(csv=False, **others):
    given = raw(CSV, "text/csv") if csv else raw(json.dumps(ORDERS).encode(), "application/json")
    return {"df": given, **{name: raw(json.dumps(rows).encode(), "application/json") for name, rows in others.items()}}


def told(steps, *, csv=False, catalogue=None, **others):
    """Code and pointer of each problem."""
    known = schemas(csv, **others)
    pipeline = Pipeline.parse(steps, list(known), catalogue or Catalogue())
    return [(error.code, error.places[0].pointer) for error in problems_of(pipeline, known, 100)]


def plan(steps, *, csv=False, **others):
    known = schemas(csv, **others)
    return planned(Pipeline.parse(steps, list(known), Catalogue()), known, 100)[0]


def groupby(by):
    return {"op": "groupby", "by": [by], "agg": {"t": ["amount", "sum"]}}


def test_an_unknown_column_is_refused_with_a_suggestion():
    known = schemas()
    pipeline = Pipeline.parse([{"op": "query", "expr": "amount > 1"}, groupby("regoin")], ["df"], Catalogue())
    (error,) = problems_of(pipeline, known, 100)
    assert isinstance(error, ColumnUnknown)
    assert error.detail == "step 2 (groupby): no column 'regoin'; did you mean 'region'?"
    assert error.places[0].pointer == "/pipeline/1/by/0"


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ({"op": "select", "columns": ["amount", "qyt"]}, ("transform.column_unknown", "/pipeline/0/columns/1")),
        ({"op": "assign", "columns": {"x": "amuont * 2"}}, ("transform.column_unknown", "/pipeline/0/columns/x")),
        ({"op": "sort_values", "by": "price"}, ("transform.column_unknown", "/pipeline/0/by")),
        ({**groupby("qty"), "agg": {"qty": ["qty", "sum"]}}, ("transform.column_taken", "/pipeline/0/agg/qty")),
        ({"op": "query", "expr": "region > 5"}, ("transform.dtype_unsuitable", "/pipeline/0/expr")),
        ({"op": "nlargest", "n": 1, "columns": "region"}, ("transform.dtype_unsuitable", "/pipeline/0/columns")),
        ({**groupby("qty"), "agg": {"t": ["region", "mean"]}}, ("transform.dtype_unsuitable", "/pipeline/0/agg/t/0")),
    ],
)  # fmt: skip
def test_what_no_data_could_help_is_refused(step, problem):
    assert told([step]) == [problem]
    of_names = problem[0] != "transform.dtype_unsuitable"
    assert told([step], csv=True) == ([problem] if of_names else []), "the dtypes of a CSV are a guess"


@pytest.mark.parametrize(
    "steps",
    [
        [{"op": "drop", "index": 1}],  # fails without rows, and only there
        [{"op": "assign", "columns": {"x": SHORTER}}],
        [{"op": "query", "expr": "amount > 1e9"}, {"op": "assign", "columns": {"x": SHORTER}}],
        [{"op": "astype", "dtype": {"region": "int64"}}],  # the data decides
        [{"op": "astype", "dtype": {"region": "category"}}, {"op": "query", "expr": "region == 'N'"}],
        [{"op": "dropna", "axis": "columns"}, groupby("regoin")],  # which columns are left, the data decides
        [{"op": "describe"}, {"op": "query", "expr": "amount > 'a'"}],  # its dtypes, the data decides
        [],
    ],
)  # fmt: skip
def test_what_the_data_decides_is_left_to_the_run(steps):
    assert told(steps) == []


def test_behind_an_unknown_step_the_check_goes_on_with_another_frame():
    steps = [
        {"op": "dropna", "from": "df", "axis": "columns", "save": "dense"},
        {"op": "select", "from": "people", "columns": ["nmae"], "save": "names"},
        {"op": "merge", "right": "dense", "on": "anything"},
        {"op": "select", "from": "df", "columns": "regoin"},
    ]
    assert told(steps, people=CUSTOMERS) == [
        ("transform.column_unknown", "/pipeline/1/columns/0"),
        ("transform.column_unknown", "/pipeline/3/columns"),
    ]


def test_a_users_function_is_not_called(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    text = "from jobs import transform\n@transform\ndef boom(df):\n    raise SystemExit(df)\n"
    (tmp_path / "own_of_planning.py").write_text(text)
    steps = [{"op": "boom"}, {"op": "select", "columns": "regoin"}]
    assert told(steps, catalogue=load_catalogue(["own_of_planning"])) == []


def test_a_join_over_two_inputs_is_checked_on_both_sides():
    steps = [{"op": "merge", "from": "df", "right": "people", "left_on": "region", "right_on": "regoin"}]
    assert told(steps, people=CUSTOMERS) == [("transform.column_unknown", "/pipeline/0/right_on")]
    assert told([{**steps[0], "right_on": "region"}], people=CUSTOMERS) == []
    nothing = [{"op": "merge", "from": "df", "right": "people"}]
    assert told(nothing, people=[{"x": 1}]) == [("pipeline.argument_invalid", "/pipeline/0/on")]


def test_too_many_columns_are_refused():
    wide = [{"op": "assign", "columns": {f"c{n}": "qty" for n in range(100)}}]
    assert told(wide) == [("transform.output_too_large", "/pipeline/0")]


def test_the_plan_has_columns_and_rows_of_every_step():
    steps = [
        {"op": "query", "from": "df", "expr": "amount > 1", "save": "kept"},
        {"op": "merge", "right": "people", "how": "left"},
        groupby("region"),
        {"op": "head", "n": 1},
        {"op": "dropna", "axis": "columns"},
        {"op": "select", "columns": "t"},
        {"op": "concat", "from": "kept", "frames": ["people"]},
    ]
    found = plan(steps, people=CUSTOMERS)
    shown = [step.columns and [(one.name, one.dtype, one.nullable) for one in step.columns] for step in found]
    assert shown[0] == [("region", "str", False), ("amount", "float64", False), ("qty", "int64", False)]
    assert [name for name, _, _ in shown[1] or ()] == ["region", "amount", "qty", "name", "since"]
    assert shown[2:6] == [[("region", "str", True), ("t", "float64", True)]] * 2 + [None, None]
    assert [step.rows_estimate for step in found] == [2, 2, 2, 1, 1, 1, 3]
    assert [step.op for step in found] == [step["op"] for step in steps]


def test_a_plan_that_is_wrong_ends_at_the_step():
    found = plan([{"op": "head"}, groupby("regoin"), {"op": "head"}])
    assert [step.columns is None for step in found] == [False, True, True]


def test_dtype_errors_are_said_as_the_run_says_them():
    (error,) = problems_of(Pipeline.parse([{"op": "query", "expr": "region > 5"}], ["df"], Catalogue()), schemas(), 100)
    assert isinstance(error, DtypeUnsuitable)
    assert "column 'region' is str" in error.detail


@pytest.mark.parametrize("op", BUILTIN)
def test_every_op_says_what_its_columns_follow_from(op):
    """Whoever adds an op decides: `follows` stands in its class (or a base of its own), and a rule for its rows."""
    lineage = BUILTIN[op].__mro__
    own = lineage[: lineage.index(Transform)]
    assert any("follows" in vars(one) for one in own), f"{op}: declare `follows`, see jobs/transforms/follows.py"
    told = BUILTIN[op].rows_after is not Transform.rows_after
    assert told or BUILTIN[op].follows is Follows.DATA, f"{op} does not say how many rows it gives"


def test_an_op_that_says_nothing_is_not_tried():
    assert Transform.follows is Follows.DATA
