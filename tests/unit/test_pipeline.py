"""Pipeline: everything wrong is found at once, frames are let go after their last use, failures tell their story."""

import threading
import weakref

import pandas as pd
import pytest

from jobs import Context, transform
from jobs.errors import (
    ArgumentInvalid,
    ArgumentUnknown,
    ColumnUnknown,
    CountExceeded,
    FramequeueError,
    JobCanceled,
    NameUnknown,
    OpUnknown,
    OutputTooLarge,
    StepFailed,
)
from jobs.pipeline import Bounds, Pipeline, failure_details
from jobs.transforms.catalogue import BUILTIN, Catalogue
from jobs.transforms.declare import declaration
from jobs.transforms.own import model_of


def parse(steps, inputs=("df",), functions=(), **options):
    own = {noted.op: model_of(noted) for noted in map(declaration, functions)}
    return Pipeline.parse(steps, inputs, Catalogue({**BUILTIN, **own}), **options)


class Watch:
    def __init__(self, stop_before=None):
        self.seen, self.stop_before = [], stop_before

    def before_step(self, step, frame, named):
        self.seen.append(("before", step.index, step.op))
        if step.index == self.stop_before:
            raise JobCanceled

    def after_step(self, step, result, elapsed_ms):
        assert elapsed_ms >= 0
        self.seen.append(("after", step.index, step.op))


def test_all_that_is_wrong_is_found_at_once():
    steps = [
        {"op": "gruopby", "from": "df"},
        {"op": "head", "n": "5"},
        {"op": "head", "m": 3},
        {"n": 1},
        "head",
        {"op": 7},
        {"op": "query", "expr": "a +"},
        {"op": "query"},
        {"op": "merge", "right": "othre", "on": "k"},
        {"op": "concat", "frames": ["other", "x"], "save": "df"},
        {"op": "head", "from": "y", "save": ""},
        {"op": "head", "save": "kept"},
        {"op": "head", "from": "kept", "save": "kept"},
    ]
    with pytest.raises(OpUnknown, match=r"step 1: no op 'gruopby'; did you mean 'groupby'\? \(and 13 more") as caught:
        parse(steps, ["df", "other"])
    assert [(place.pointer, place.code) for place in caught.value.places] == [
        ("/pipeline/0/op", "pipeline.op_unknown"),
        ("/pipeline/1/n", "pipeline.argument_invalid"),
        ("/pipeline/2/m", "pipeline.argument_unknown"),
        ("/pipeline/3/op", "pipeline.argument_invalid"),
        ("/pipeline/4", "pipeline.argument_invalid"),
        ("/pipeline/5/op", "pipeline.argument_invalid"),
        ("/pipeline/6/expr", "expression.syntax"),
        ("/pipeline/7/expr", "pipeline.argument_invalid"),
        ("/pipeline/8/right", "pipeline.name_unknown"),
        ("/pipeline/9/frames/1", "pipeline.name_unknown"),
        ("/pipeline/9/save", "pipeline.name_taken"),
        ("/pipeline/10/from", "pipeline.name_unknown"),
        ("/pipeline/10/save", "pipeline.argument_invalid"),
        ("/pipeline/12/save", "pipeline.name_taken"),
    ]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"op": "head", "n": "5"}, "'n' should be an integer, not '5'"),
        ({"op": "head", "n": True}, "'n' should be an integer, not true"),
        ({"op": "groupby", "by": 5, "agg": {"t": ["a", "sum"]}}, "'by' should be a string or an array, not 5"),
        ({"op": "select", "columns": ["a", 5]}, r"'columns\[1\]' should be a string, not 5"),
        ({"op": "sort_values", "by": "a", "kind": "fast"}, "'kind' should be one of 'quicksort'"),
        ({"op": "sort_values", "ascendin": True, "by": "a"}, "no argument 'ascendin'; did you mean 'ascending'"),
        ({"op": "head", "n": "\ud800"}, "not valid JSON"),
    ],
)
def test_messages_say_what_is_expected(step, message):
    with pytest.raises(FramequeueError, match=message):
        parse([step])


def test_a_misspelt_argument_is_told_before_the_one_it_leaves_out():
    with pytest.raises(ArgumentUnknown, match=r"'expresion'; did you mean 'expr'\?") as caught:
        parse([{"op": "query", "expresion": "qty > 1"}])
    assert [place.pointer for place in caught.value.places] == ["/pipeline/0/expresion", "/pipeline/0/expr"]
    with pytest.raises(ArgumentInvalid, match="query needs 'expr'"):
        parse([{"op": "query", "zzz": "qty > 1"}])


def test_with_several_inputs_the_first_step_says_which():
    with pytest.raises(ArgumentInvalid, match="'a', 'b'"):
        parse([{"op": "head"}], ["a", "b"])
    with pytest.raises(ArgumentInvalid):
        parse([], ["a", "b"])
    assert len(parse([{"op": "head", "from": "b"}], ["a", "b"]).run({"a": pd.DataFrame(), "b": pd.DataFrame([1])})) == 1


def test_an_empty_pipeline_converts():
    frame = pd.DataFrame({"a": [1]})
    pd.testing.assert_frame_equal(parse([]).run({"df": frame}), frame)


def test_too_many_steps():
    with pytest.raises(CountExceeded, match=r"limits\.steps"):
        parse([{"op": "head"}] * 3, bounds=Bounds(steps=2))


def test_from_and_save_name_frames():
    steps = [
        {"op": "query", "expr": "v > 1", "save": "large"},
        {"op": "groupby", "by": "k", "agg": {"n": [None, "size"]}, "from": "df"},
        {"op": "merge", "right": "large", "on": "k"},
    ]
    frame = pd.DataFrame({"k": ["a", "a", "b"], "v": [1, 2, 3]})
    result = parse(steps).run({"df": frame})
    assert result.to_dict("list") == {"k": ["a", "b"], "n": [2, 1], "v": [2, 3]}
    with pytest.raises(NameUnknown):
        parse([{"op": "head", "from": "later"}, {"op": "head", "save": "later"}])


def test_frames_are_let_go_after_their_last_use():
    alive = []

    @transform
    def look(df: pd.DataFrame) -> pd.DataFrame:
        alive.append([name for name, reference in references.items() if reference() is not None])
        return df

    frames = {"a": pd.DataFrame({"k": [1]}), "b": pd.DataFrame({"k": [1]})}
    references = {name: weakref.ref(frame) for name, frame in frames.items()}
    steps = [
        {"op": "assign", "from": "a", "columns": {"v": "k"}},
        {"op": "look"},
        {"op": "merge", "right": "b", "on": "k"},
        {"op": "look"},
    ]
    pipeline = parse(steps, ["a", "b"], [look])
    given = [frames]
    del frames
    pipeline.run(given.pop())
    assert alive == [["b"], []]


def test_the_observer_sees_each_step_and_may_stop_between_two():
    watch = Watch()
    parse([{"op": "head"}, {"op": "tail"}]).run({"df": pd.DataFrame()}, observer=watch)
    assert watch.seen == [("before", 0, "head"), ("after", 0, "head"), ("before", 1, "tail"), ("after", 1, "tail")]
    with pytest.raises(JobCanceled):
        parse([{"op": "head"}, {"op": "tail"}]).run({"df": pd.DataFrame()}, observer=Watch(stop_before=1))


def test_a_stop_inside_a_step_passes_as_it_is_with_its_details():
    def stop():
        raise JobCanceled

    @transform
    def wait(df: pd.DataFrame, context: Context) -> pd.DataFrame:
        context.check_canceled()
        return df

    with pytest.raises(JobCanceled) as caught:
        parse([{"op": "wait"}], functions=[wait]).run({"df": pd.DataFrame()}, context=Context(stop_check=stop))
    assert caught.value.places == ()
    assert failure_details(caught.value).op == "wait"


def test_a_context_shows_the_inputs():
    @transform
    def add(df: pd.DataFrame, context: Context) -> pd.DataFrame:
        return df.assign(n=len(context.inputs["b"]))

    pipeline = parse([{"op": "head", "from": "a"}, {"op": "add"}], ["a", "b"], [add])
    result = pipeline.run({"a": pd.DataFrame({"x": [1]}), "b": pd.DataFrame({"x": [1, 2, 3]})})
    assert result["n"].tolist() == [3]


def test_limits_hold_after_every_step():
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    with pytest.raises(OutputTooLarge, match=r"step 1 \(tail\).*limits.rows") as caught:
        parse([{"op": "tail"}, {"op": "head", "n": 1}]).run({"df": frame}, max_rows=1)
    assert caught.value.places[0].pointer == "/pipeline/0"
    with pytest.raises(OutputTooLarge, match=r"limits\.columns"):
        parse([{"op": "assign", "columns": {"c": "a"}}]).run({"df": frame}, max_columns=2)


def test_the_details_of_a_failure():
    frame = pd.DataFrame({"region": ["N" * 500] * 9, "n": [float("nan")] * 9, "t": pd.Timestamp("2024-01-31")})
    steps = [{"op": "head", "n": 7}, {"op": "groupby", "by": ["regoin"], "agg": {"n": ["n", "sum"]}}]
    with pytest.raises(ColumnUnknown, match=r"step 2 \(groupby\): no column 'regoin'; did you mean 'region'") as caught:
        parse(steps).run({"df": frame})
    assert caught.value.places[0].pointer == "/pipeline/1/by/0"
    details = failure_details(caught.value)
    assert (details.step, details.op, details.column, details.shape) == (2, "groupby", "regoin", (7, 3))
    assert details.samples == ({"region": "N" * 200, "n": None, "t": "2024-01-31 00:00:00"},) * 5
    assert details.exception.startswith("ColumnUnknown: ")
    assert "Traceback" in details.traceback
    assert failure_details(ValueError()) is None


def test_samples_of_columns_of_one_name_keep_both():
    @transform
    def fail(df: pd.DataFrame) -> pd.DataFrame:
        raise ValueError("no")

    frame = pd.DataFrame([[1, 2.5], [True, float("inf")]], columns=["a", "a"])
    with pytest.raises(StepFailed, match=r"step 1 \(fail\): ValueError: no") as caught:
        parse([{"op": "fail"}], functions=[fail]).run({"df": frame})
    details = failure_details(caught.value)
    assert details.samples == ({"a": 1, "a (2)": 2.5}, {"a": True, "a (2)": "inf"})
    assert details.exception == "ValueError: no"
    assert "in fail" in details.traceback


def test_an_interrupt_in_a_worker_thread_fails_the_step_and_in_the_main_thread_passes():
    @transform
    def interrupted(df: pd.DataFrame) -> pd.DataFrame:
        raise KeyboardInterrupt

    pipeline, outcomes = parse([{"op": "interrupted"}], functions=[interrupted]), []

    def work():
        try:
            pipeline.run({"df": pd.DataFrame()})
        except FramequeueError as error:
            outcomes.append(type(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert outcomes == [StepFailed]
    with pytest.raises(KeyboardInterrupt):
        pipeline.run({"df": pd.DataFrame()})
