"""The whole script: imports, reads, and a statement for each step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.pipeline import Pipeline, Step
from jobs.script.arguments import Arguments
from jobs.script.reads import Read, reading
from jobs.script.table import write
from jobs.script.writing import Writing, fresh

_CURRENT = "df"


@dataclass(frozen=True, slots=True)
class Script:
    """The parts of a script: `result` is the variable that holds the last step's frame."""

    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    reads: tuple[str, ...]
    steps: tuple[str, ...]
    inputs: Mapping[str, str]
    result: str

    @property
    def text(self) -> str:
        """All of it."""
        helpers = "".join(f"\n\n\n{helper}" for helper in self.helpers) + ("\n" if self.helpers else "")
        blocks = ["\n".join(self.imports) + helpers, "\n".join(self.reads), "\n".join(self.steps)]
        return "\n\n".join(block for block in [*blocks, f"print({self.result})"] if block) + "\n"


def script_of(steps: Sequence[dict[str, Any]], pipeline: Pipeline, reads: Mapping[str, Read]) -> Script:
    """The script of a pipeline: `steps` as they were written, `pipeline` as they were parsed."""
    variables = _variables(pipeline)
    current = _current(pipeline, variables)
    w = Writing(current, variables)
    frame = variables[pipeline.start] if pipeline.start is not None else current
    lines: list[str] = []
    for step, written in zip(pipeline.steps, steps, strict=True):
        w.frame = frame if step.source is None else variables[step.source]
        w.lines = []
        write(step.transform, Arguments(written, step.transform), w)
        frame = current
        lines += [*([""] if lines else []), f"# step {step.index + 1}: {step.op}", *w.lines]
        if step.save is not None:
            lines.append(f"{variables[step.save]} = {current}")
    read = tuple(
        line
        for name in pipeline.inputs
        for line in reading(reads.get(name, Read(f"{name}.csv"))).statement(variables[name])
    )
    return Script(
        _imports(w, [*lines, *read]),
        tuple(w.helpers),
        read,
        tuple(lines),
        {n: variables[n] for n in pipeline.inputs},
        frame,
    )


def _variables(pipeline: Pipeline) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in (*pipeline.inputs, *(step.save for step in pipeline.steps if step.save is not None)):
        found[name] = fresh(name, found.values())
    return found


def _current(pipeline: Pipeline, variables: Mapping[str, str]) -> str:
    """`df`, unless a frame of that name is asked for again once the first step has given its own."""
    named = next((name for name, variable in variables.items() if variable == _CURRENT), None)
    if named is None or not any(_reads(step, named) for step in pipeline.steps[1:]):
        saved = any(step.save == named for step in pipeline.steps if named is not None)
        return _CURRENT if not saved else fresh("frame", variables.values())
    return fresh("frame", variables.values())


def _reads(step: Step, name: str) -> bool:
    return step.source == name or step.transform.reads_inputs or name in (used for _, used in step.transform.uses())


def _imports(w: Writing, lines: Sequence[str]) -> tuple[str, ...]:
    text = "\n".join(lines)
    third = [f"import {name} as {short}" for short, name in (("np", "numpy"), ("pd", "pandas"), ("pa", "pyarrow"))
             if f"{short}." in text or short == "pd"]  # fmt: skip
    return (*third, *([""] if w.imports else []), *sorted(w.imports))
