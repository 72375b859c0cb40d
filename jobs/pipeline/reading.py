"""What of its inputs a pipeline looks at, told from its steps: the columns, and the condition that comes first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.expressions import Expression
from jobs.pipeline.steps import Step
from jobs.transforms.rows.conditions import Query
from jobs.transforms.usage import ALL, NONE, Columns, plus


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of one input: `columns`, and of the rows those that meet the `condition`, where there is one.

    `step` is the index of the step that the condition is of: who applies it while reading spares the pipeline the step,
    and may then leave out all but the columns `kept`.
    """

    columns: Columns = ALL
    condition: Expression | None = None
    step: int = -1
    kept: Columns = ALL

    @property
    def whole(self) -> bool:
        """Whether all of the input is read."""
        return self.columns is ALL and self.condition is None


WHOLE = Reading()


def readings(steps: Sequence[Step], inputs: Iterable[str], start: str | None) -> dict[str, Reading]:
    """What the steps read of each input; `start` is the one the first step reads where it does not say `from`."""
    names = list(inputs)
    results, used = _wanted(steps, names, start)
    readers = Counter(name for step in steps for name in _read_by(step, names, start))
    found = {name: Reading(used.get(name, NONE)) for name in names}
    for step in steps:
        name = _source(step, start)
        if name in found and readers[name] == 1 and isinstance(step.transform, Query):
            found[name] = Reading(used[name], step.transform.expr, step.index, results[step.index])
    return found


def _wanted(
    steps: Sequence[Step], inputs: list[str], start: str | None
) -> tuple[dict[int, Columns], dict[str, Columns]]:
    """Backwards from the result, of which all is wanted: what is wanted of each step's result, and of each name."""
    results: dict[int, Columns] = {}
    of_name: dict[str, Columns] = {}
    current: Columns = ALL
    for step in reversed(steps):
        wanted = current if step.save is None else plus(current, of_name.get(step.save, NONE))
        results[step.index] = wanted
        for _, name in step.transform.uses():
            of_name[name] = plus(step.transform.needs_of(name, wanted), of_name.get(name, NONE))
        if step.transform.reads_inputs:
            of_name.update(dict.fromkeys(inputs, ALL))
        current = step.transform.needs(wanted)
        source = _source(step, start)
        if source is not None:
            of_name[source] = plus(current, of_name.get(source, NONE))
            current = NONE  # what the step before gave is wanted only where it was saved
    if not steps and start is not None:
        of_name[start] = ALL
    return results, of_name


def _source(step: Step, start: str | None) -> str | None:
    return start if step.source is None and step.index == 0 else step.source


def _read_by(step: Step, inputs: list[str], start: str | None) -> list[str]:
    source = _source(step, start)
    named = [name for _, name in step.transform.uses()]
    others = inputs if step.transform.reads_inputs else []
    return [*named, *others, *([] if source is None else [source])]
