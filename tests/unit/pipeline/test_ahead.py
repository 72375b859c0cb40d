"""Branches in threads of their own: the same results, events and errors as step after step, and the same end."""

import threading
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.errors import FramequeueError, InputMalformed, JobCanceled
from jobs.interrupted import InterruptedThread, raise_in
from jobs.pipeline import Pipeline
from jobs.transforms.base import Surroundings, Transform
from jobs.transforms.catalogue import BUILTIN, Catalogue
from jobs.transforms.context import Context
from tests.unit.transforms.frames import frames
from tests.unit.transforms.steps import STEPS

LIMIT_S = 60


class Events:
    """Who is told of steps; it notes them without their times."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []

    def before_step(self, step: Any, frame: pd.DataFrame, named: Any) -> None:
        self.seen.append(("before", step.index, frame.shape))

    def after_step(self, step: Any, result: pd.DataFrame, elapsed_ms: float) -> None:
        assert elapsed_ms >= 0
        self.seen.append(("after", step.index, result.shape))


class Meet(Transform):
    """Waits for another thread to be here too."""

    op = "meet"
    family = "rows"

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame."""
        MET.wait(LIMIT_S)
        return frame


class Linger(Transform):
    """Runs until somebody raises in it."""

    op = "linger"
    family = "rows"

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """Never."""
        LINGERS.set()
        while True:
            threading.Event().wait(0.001)


MET = threading.Barrier(2)
LINGERS = threading.Event()
CATALOGUE = Catalogue({**BUILTIN, "meet": Meet, "linger": Linger})
ONE = pd.DataFrame({"k": ["a", "b"], "v": [1, 2]})
TWO = pd.DataFrame({"k": ["b", "c"], "w": [3.5, 4.5]})
HEAD = {"op": "head", "from": "one", "save": "left"}
JOIN = {"op": "merge", "from": "left", "right": "right", "on": "k"}


def parsed(*steps: dict[str, Any]) -> Pipeline:
    return Pipeline.parse(list(steps), ["one", "two"], CATALOGUE)


def names_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("branch-")}


def outcome(pipeline: Pipeline, given: dict[str, Any], branches: int) -> tuple[Any, str, str, list[Any]]:
    events = Events()
    try:
        result = pipeline.run(given, observer=events, branches=branches, max_columns=100)
    except FramequeueError as error:
        return None, error.code, error.places[0].pointer, events.seen
    return result, "", "", events.seen


STEP = st.one_of(*(steps for op, steps in STEPS.items() if op != "sample"))
BRANCH = st.lists(STEP, min_size=1, max_size=2)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(frames(), frames(), BRANCH, BRANCH, BRANCH, st.booleans(), st.integers(2, 4))
def test_threads_change_nothing(
    df: pd.DataFrame, other: pd.DataFrame, first: Any, second: Any, third: Any, lazily: bool, branches: int
) -> None:
    second[-1] = {**second[-1], "save": "made"}
    join = {"op": "merge", "right": "made", "on": "k"}
    steps = [{**first[0], "from": "df"}, *first[1:], {**second[0], "from": "other"}, *second[1:]]
    steps += [{**third[0], "from": "df"}, *third[1:], join]
    try:
        pipeline = Pipeline.parse(steps, ["df", "other"], CATALOGUE)
    except FramequeueError:
        return
    given: dict[str, Any] = {"df": df, "other": (lambda: other) if lazily else other}
    *told, events = outcome(pipeline, given, 1)
    *told_ahead, events_ahead = outcome(pipeline, given, branches)
    assert (told[1:], events) == (told_ahead[1:], events_ahead)
    if told[0] is not None:
        pd.testing.assert_frame_equal(told_ahead[0], told[0])
    assert not names_threads()


def test_branches_run_at_the_same_time() -> None:
    """Each waits for the other."""
    MET.reset()
    steps = parsed({"op": "meet", "from": "one", "save": "left"}, {"op": "meet", "from": "two", "save": "right"}, JOIN)
    assert steps.run({"one": ONE, "two": lambda: TWO}, branches=2).to_dict("list") == {"k": ["b"], "v": [2], "w": [3.5]}


@pytest.mark.parametrize("branches", [1, 2])
def test_the_error_of_the_first_step_is_told_whoever_fails_first(branches: int) -> None:
    steps = parsed(
        {"op": "head", "from": "one"},
        {"op": "select", "columns": "none", "save": "left"},
        {"op": "select", "from": "two", "columns": "neither", "save": "right"},
        JOIN,
    )
    assert outcome(steps, {"one": ONE, "two": TWO}, branches)[1:3] == (
        "transform.column_unknown",
        "/pipeline/1/columns",
    )


@pytest.mark.parametrize("branches", [1, 2])
def test_an_input_that_cannot_be_decoded_fails_as_ever(branches: int) -> None:
    def broken() -> pd.DataFrame:
        raise InputMalformed("input 'two' is broken", input="two")

    steps = parsed(HEAD, {"op": "head", "from": "two", "save": "right"}, JOIN)
    events = Events()
    with pytest.raises(InputMalformed):
        steps.run({"one": ONE, "two": broken}, branches=branches, observer=events)
    assert [seen[:2] for seen in events.seen] == [("before", 0), ("after", 0)]


def test_a_failure_ends_what_still_runs_beside() -> None:
    steps = parsed(
        {"op": "select", "from": "one", "columns": "none", "save": "left"},
        {"op": "linger", "from": "two", "save": "right"},
        JOIN,
    )
    assert outcome(steps, {"one": ONE, "two": TWO}, 2)[2] == "/pipeline/0/columns"
    assert not names_threads()


def test_a_stop_that_is_asked_for_is_seen_while_a_branch_is_waited_for() -> None:
    LINGERS.clear()

    def check() -> None:
        if LINGERS.is_set():
            raise JobCanceled

    steps = parsed(
        {"op": "head", "from": "one", "save": "left"}, {"op": "linger", "from": "two", "save": "right"}, JOIN
    )
    with pytest.raises(JobCanceled):
        steps.run({"one": ONE, "two": TWO}, branches=2, context=Context(stop_check=check))
    assert not names_threads()


def test_what_is_raised_in_the_thread_that_waits_reaches_the_branch() -> None:
    LINGERS.clear()
    steps = parsed(
        {"op": "head", "from": "one", "save": "left"}, {"op": "linger", "from": "two", "save": "right"}, JOIN
    )
    ended: list[BaseException] = []

    def run() -> None:
        try:
            steps.run({"one": ONE, "two": TWO}, branches=2)
        except InterruptedThread as error:
            ended.append(error)

    waiting = threading.Thread(target=run, daemon=True)
    waiting.start()
    assert LINGERS.wait(LIMIT_S)
    assert waiting.ident is not None
    raise_in(waiting.ident)
    waiting.join(LIMIT_S)
    assert len(ended) == 1
    assert not names_threads()
