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
