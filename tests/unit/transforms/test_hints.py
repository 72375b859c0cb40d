"""What errors suggest to somebody who writes what pandas has, and JSON or this service has not."""

import pandas as pd
import pytest

from jobs.errors import FramequeueError
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
