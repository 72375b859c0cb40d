"""Every op has a way to be written, and what is written gives what the op gives."""

import pytest

from jobs.pipeline import Pipeline
from jobs.script.table import RENDERERS
from jobs.transforms.catalogue import BUILTIN, Catalogue
from tests.unit.script.running import assert_same, executed, frames_of, scripted


def test_every_op_is_written() -> None:
    assert sorted(BUILTIN.keys() - RENDERERS.keys()) == []


@pytest.mark.parametrize("op", [op for op, transform in BUILTIN.items() if transform.example])
def test_the_script_of_an_example_gives_its_result(op: str) -> None:
    example = BUILTIN[op].example
    assert example is not None
    frames = frames_of(example.inputs)
    script = scripted(example.pipeline, list(frames))
    expected = Pipeline.parse(example.pipeline, list(frames), Catalogue()).run(frames)
    assert_same(executed(script, frames), expected)
