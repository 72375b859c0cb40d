"""The error tree: messages built from facts, places that move with their step, and a way back from the store."""

import re

from jobs import errors
from jobs.errors import ColumnUnknown, FramequeueError, InternalError, OpUnknown
from jobs.model import Problem


def _leaves(root: type[FramequeueError]) -> list[type[FramequeueError]]:
    # the service hangs errors of its own into the tree
    children = [kind for kind in root.__subclasses__() if kind.__module__.startswith("jobs.")]
    return [root] if not children else [leaf for child in children for leaf in _leaves(child)]


def test_every_leaf_has_a_code_of_its_own_and_stands_in_the_tree() -> None:
    leaves = _leaves(FramequeueError)
    codes = [leaf.code for leaf in leaves]
    assert len(set(codes)) == len(codes)
    drawn = re.findall(r"[├└]── (\w+) {2,}([a-z_]+(?:\.[a-z_]+)?)$", errors.__doc__ or "", re.MULTILINE)
    assert sorted(drawn) == sorted((leaf.__name__, leaf.code) for leaf in leaves)


def test_a_near_name_is_suggested_and_a_far_one_is_not() -> None:
    assert "did you mean 'region'?" in ColumnUnknown("regoin", ["region", "amount"]).detail
    assert "did you mean" not in OpUnknown("zzz", ["head", "tail"]).detail


def test_an_error_knows_its_step() -> None:
    error = ColumnUnknown("x", ["a"], "/by/0").inside("/pipeline/1", "step 2 (groupby)")
    assert error.detail.startswith("step 2 (groupby): no column 'x'")
    assert [place.pointer for place in error.places] == ["/pipeline/1/by/0"]


def test_a_stored_problem_becomes_the_same_error() -> None:
    error = ColumnUnknown("x", ["a"], "/by/0")
    again = FramequeueError.restored(error.problem)
    assert type(again) is ColumnUnknown
    assert (again.detail, again.places) == (error.detail, error.places)


def test_a_problem_of_a_later_version_is_still_an_error() -> None:
    unknown = Problem(code="new.code", title="New", detail="what", retryable=False)
    assert type(FramequeueError.restored(unknown)) is InternalError
