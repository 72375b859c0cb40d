"""Infinite edges and bounds, which JSON says as text."""

import pandas as pd
import pytest

from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from tests.unit.script.running import assert_same, executed, scripted
from tests.unit.transforms.frames import run

FRAME = pd.DataFrame({"n": [-5, 3, 70], "x": [-5.5, 3.5, None], "k": ["a", "b", "c"]})
CUT = {"op": "cut", "column": "n", "bins": ["-inf", 0, 15, "inf"]}


@pytest.mark.parametrize("column", ["n", "x"])
def test_bins_are_open_ended(column):
    made = run(FRAME, {**CUT, "column": column, "into": "bin"})["bin"]
    plain = pd.cut(FRAME[column], [float("-inf"), 0, 15, float("inf")])
    assert made.isna().tolist() == plain.isna().tolist()
    assert [str(one) for one in made[:2]] == ["(-inf, 0.0]", "(0.0, 15.0]"]


def test_edges_rise_to_infinity_and_no_further():
    for bins in (["inf", 0], [0, "inf", 3], ["inf", "-inf"]):
        with pytest.raises(ArgumentInvalid, match="edges rise"):
            run(FRAME, {**CUT, "bins": bins})
    with pytest.raises(DtypeUnsuitable, match="'Inf' does not fit column 'n'"):
        run(FRAME, {**CUT, "bins": [0, "Inf"]})


@pytest.mark.parametrize(("lower", "upper"), [("-inf", 10), (0, "inf"), ("-inf", "inf"), ({"n": "-inf"}, {"n": 10})])
def test_an_infinite_bound_is_none(lower, upper):
    numbers = FRAME[["n", "x"]]
    plain = [None if bound in ("inf", "-inf") else bound for bound in (lower, upper)]
    if isinstance(lower, dict):
        plain = [None, upper]
    step = {"op": "clip", "lower": lower, "upper": upper}
    made = run(numbers, step)
    pd.testing.assert_frame_equal(made, run(numbers, {"op": "clip", "lower": plain[0], "upper": plain[1]}))
    assert made["n"].dtype == "int64"


@pytest.mark.parametrize("step", [CUT, {"op": "clip", "from": "df", "lower": {"n": 0}, "upper": {"n": "inf"}}])
def test_a_script_says_them_as_floats(step):
    assert_same(executed(scripted([step], ["df"]), {"df": FRAME}), run(FRAME, step))
