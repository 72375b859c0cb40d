"""The steps of a pipeline, read from JSON: all that is wrong is found at once, with a pointer for each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.errors import ArgumentInvalid, FramequeueError, NameTaken, NameUnknown, OpUnknown, TooManySteps
from jobs.expressions import Extent
from jobs.hints import listing
from jobs.pipeline.bounds import Bounds
from jobs.pipeline.problems import validated
from jobs.transforms.arguments import shown
from jobs.transforms.base import Transform
from jobs.transforms.catalogue import Catalogue
from jobs.transforms.left_out import why_left_out

_MAX_PLACES = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One checked step: `source` is what `from` named, `save` names its result, `frees` are names used here last."""

    index: int
    op: str
    transform: Transform
    source: str | None = None
    save: str | None = None
    frees: tuple[str, ...] = ()

    @property
    def pointer(self) -> str:
        """Where the step stands in the submission: `/pipeline/0`."""
        return f"/pipeline/{self.index}"

    @property
    def label(self) -> str:
        """The step for a sentence: `step 1 (groupby)`."""
        return f"step {self.index + 1} ({self.op})"


@dataclass(slots=True)
class _Reading:
    """What is known while the steps are read, in order."""

    catalogue: Catalogue
    extent: Extent
    names: list[str]
    problems: list[FramequeueError] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def read_steps(steps: Sequence[Any], inputs: Collection[str], catalogue: Catalogue, bounds: Bounds) -> tuple[Step, ...]:
    """The checked steps; `inputs` are the names of the job's inputs.

    Raises TooManySteps, or the first thing that is wrong with all others in its `places`.
    """
    if len(steps) > bounds.steps:
        raise TooManySteps("steps", len(steps), bounds.steps, "/pipeline")
    if not steps and len(inputs) != 1:
        raise ArgumentInvalid(f"an empty pipeline converts one input, and there are {len(inputs)}", "/pipeline")
    reading = _Reading(catalogue, bounds.expressions, list(inputs))
    for index, raw in enumerate(steps):
        before = len(reading.problems)
        label = _read(reading, index, raw)
        for problem in reading.problems[before:]:
            problem.inside(f"/pipeline/{index}", label)
    if reading.problems:
        raise together(reading.problems)
    return tuple(reading.steps)


def together(problems: list[FramequeueError]) -> FramequeueError:
    """The first of these errors, changed to have the places of all."""
    first, others = problems[0], problems[1:]
    if others:
        first.detail += f" (and {len(others)} more problem{'s' if len(others) > 1 else ''})"
        first.args = (first.detail,)
        first.places = tuple(place for problem in problems for place in problem.places)[:_MAX_PLACES]
    return first


def _read(reading: _Reading, index: int, raw: Any) -> str:
    label = f"step {index + 1}"
    if not isinstance(raw, dict):
        reading.problems.append(ArgumentInvalid(f'should be an object such as {{"op": "head"}}, not {shown(raw)}'))
        return label
    arguments = dict(raw)
    op, source, save = arguments.pop("op", None), arguments.pop("from", None), arguments.pop("save", None)
    source = _source(reading, index, source, given="from" in raw)
    transform = _transform(reading, op, arguments)
    if transform is not None:
        for pointer, name in transform.uses():
            if name not in reading.names:
                reading.problems.append(NameUnknown(name, reading.names, pointer))
    save = _save(reading, save, given="save" in raw)
    if transform is not None:
        reading.steps.append(Step(index, transform.op, transform, source, save))
    return f"{label} ({op})" if isinstance(op, str) and op in reading.catalogue else label


def _transform(reading: _Reading, op: Any, arguments: dict[str, Any]) -> Transform | None:
    if not isinstance(op, str):
        missing = "the step has no 'op'" if op is None else f"'op' should be a string, not {shown(op)}"
        reading.problems.append(ArgumentInvalid(f'{missing}; it names the transform, as in {{"op": "head"}}', "/op"))
        return None
    if op not in reading.catalogue:
        reading.problems.append(OpUnknown(op, reading.catalogue, why=why_left_out(op)))
        return None
    made = validated(reading.catalogue[op], arguments, reading.extent)
    if isinstance(made, Transform):
        return made
    reading.problems.extend(made)
    return None


def _source(reading: _Reading, index: int, source: Any, *, given: bool) -> str | None:
    if not given:
        if index == 0 and len(reading.names) != 1:
            known = listing(sorted(reading.names))
            reading.problems.append(
                ArgumentInvalid(f"with several inputs the first step says 'from' which: {known}", "/from")
            )
        return None
    if not isinstance(source, str):
        reading.problems.append(ArgumentInvalid(f"'from' should be the name of a frame, not {shown(source)}", "/from"))
        return None
    if source not in reading.names:
        reading.problems.append(NameUnknown(source, reading.names, "/from"))
    return source


def _save(reading: _Reading, save: Any, *, given: bool) -> str | None:
    if not given:
        return None
    if not isinstance(save, str) or not save:
        reading.problems.append(ArgumentInvalid(f"'save' should be a name for the frame, not {shown(save)}", "/save"))
        return None
    if save in reading.names:
        reading.problems.append(NameTaken(save, "/save"))
        return None
    reading.names.append(save)
    return save
