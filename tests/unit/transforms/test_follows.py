"""What an op says of itself holds: columns that follow from columns, nulls that do not come, columns it needs not.

Over frames of every dtype, with equal names too; whatever an op refuses it refuses with an error of ours.
"""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.codecs.frames import from_pandas, to_pandas
from jobs.errors import DtypeUnsuitable, FramequeueError, StepFailed
from jobs.pipeline import Pipeline
from jobs.transforms.base import Transform
from jobs.transforms.follows import Follows
from tests.unit.transforms.frames import CATALOGUE, any_frames, run
from tests.unit.transforms.steps import aggregate, columns, rows, values

STEPS = {op: made for family in (rows, columns, values, aggregate) for op, made in family.STEPS.items()}
# the check takes few examples of each op, and a search for new ones (HYPOTHESIS_PROFILE=new) many
EACH = settings(max_examples=5 if settings.default is not None and settings.default.derandomize else 60)
QUIET = pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")


def parsed(step: dict[str, Any]) -> Transform | None:
    try:
        return Pipeline.parse([step], ["df"], CATALOGUE).steps[0].transform
    except FramequeueError:
        return None


def emptied(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame that a trial has in its place: the same columns, nullable where they hold nulls, and no rows."""
    return to_pandas(from_pandas(frame)[0].schema.empty_table(), as_declared=True)


def outcome(frame: pd.DataFrame, step: dict[str, Any]) -> pd.DataFrame | FramequeueError:
    """The step's result, or the error of ours that it ends with."""
    try:
        return run(frame, step)
    except FramequeueError as error:
        failed = error
    of_pandas = isinstance(failed, StepFailed) and failed.places[0].pointer == "/pipeline/0"
    assert not of_pandas, f"an error that is none of ours: {failed.detail}"
    return failed


def labels(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns]


@pytest.mark.parametrize("op", STEPS)
@QUIET
@EACH
@given(df=any_frames(odd=False), data=st.data())
def test_columns_follow_from_what_an_op_says(op: str, df: pd.DataFrame, data: st.DataObject) -> None:
    step = data.draw(STEPS[op])
    transform = parsed(step)
    frame = to_pandas(from_pandas(df)[0])
    if transform is None:
        return
    made = outcome(frame, step)
    follows = transform.columns_follow()
    if isinstance(made, FramequeueError) or follows is Follows.DATA:
        return
    blank = outcome(emptied(frame), step)
    if isinstance(blank, (DtypeUnsuitable, StepFailed)):
        return  # no extremes of nothing, no order of no categories: after such a step the trial knows nothing
    assert isinstance(blank, pd.DataFrame)
    assert labels(blank) == labels(made)
    if follows is Follows.WHOLLY:
        assert list(map(str, blank.dtypes)) == list(map(str, made.dtypes))
    if transform.keeps:
        for name in made.columns.intersection(frame.columns).unique():
            assert frame[[name]].isna().to_numpy().any() or not made[[name]].isna().to_numpy().any()
    most = transform.rows_after(len(frame), [])
    with_categories = any(isinstance(dtype, pd.CategoricalDtype) for dtype in frame.dtypes)
    assert most is None or len(made) <= most or with_categories


@pytest.mark.parametrize("op", STEPS)
@QUIET
@EACH
@given(df=any_frames(odd=False), wanted=st.sets(st.sampled_from("kvwxyz")), data=st.data())
def test_columns_that_are_not_needed_make_no_difference(
    op: str, df: pd.DataFrame, wanted: set[str], data: st.DataObject
) -> None:
    step = data.draw(STEPS[op])
    transform = parsed(step)
    if transform is None:
        return
    needed = transform.needs(frozenset(wanted))
    if needed is None:
        return
    frame = to_pandas(from_pandas(df)[0])
    whole = outcome(frame, step)
    less = outcome(frame.loc[:, [name in needed for name in frame.columns]], step)
    if isinstance(whole, FramequeueError) or isinstance(less, FramequeueError):
        assert type(whole) is type(less)
        return
    picked = [one.loc[:, [name in wanted for name in one.columns]] for one in (whole, less)]
    if not any(isinstance(dtype, pd.CategoricalDtype) for dtype in frame.dtypes) or len(picked[0].columns):
        pd.testing.assert_frame_equal(*picked)
