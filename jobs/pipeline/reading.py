"""What of its inputs a pipeline looks at, told from its steps: the columns, and the conditions that come first."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from jobs.expressions import Expression
from jobs.pipeline.steps import Step
from jobs.transforms.arguments import name_list
from jobs.transforms.columns.choose import Rename, Select
from jobs.transforms.rows.conditions import Query
from jobs.transforms.usage import ALL, NONE, Columns, plus


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of one input: `columns`, and of the rows those that meet the `conditions`, one after the other.

    `steps` are the indexes of the steps that the conditions are of: who applies them while reading spares the pipeline
    these steps, and may then leave out all but the columns `kept`.
    """

    columns: Columns = ALL
    conditions: tuple[Expression, ...] = ()
    steps: tuple[int, ...] = ()
    kept: Columns = ALL

    @property
    def whole(self) -> bool:
        """Whether all of the input is read."""
        return self.columns is ALL and not self.conditions


WHOLE = Reading()


def readings(steps: Sequence[Step], inputs: Iterable[str], start: str | None) -> dict[str, Reading]:
    """What the steps read of each input; `start` is the one the first step reads where it does not say `from`."""
    names = list(inputs)
    used = _wanted(steps, names, start)
    readers = Counter(name for step in steps for name in _read_by(step, names, start))
    first = {
        name: _leading(steps[step.index :])
        for step in steps
        if (name := _source(step, start)) in names and readers[name] == 1
    }
    applied = {step.index for queries in first.values() for step, _ in queries}
    kept = _wanted(steps, names, start, applied)
    return {name: _reading(used.get(name, NONE), kept.get(name, NONE), first.get(name, [])) for name in names}


def _reading(columns: Columns, kept: Columns, queries: list[tuple[Step, Expression]]) -> Reading:
    if not queries:
        return Reading(columns)
    steps = tuple(step.index for step, _ in queries)
    return Reading(columns, tuple(condition for _, condition in queries), steps, kept)


def _leading(steps: Sequence[Step]) -> list[tuple[Step, Expression]]:
    """The queries, of those that come first, which may as well be asked of the input's own rows, in this order.

    Steps before that only choose columns, or rename others, let a query pass. Where a frame has a name, what it holds
    must not change.
    """
    found: list[tuple[Step, Expression]] = []
    passing: list[Select | Rename] = []
    for position, step in enumerate(steps):
        if position and step.source is not None:
            break
        if isinstance(step.transform, Query):
            condition = step.transform.expr
            if not all(_lets_pass(one, condition.columns) for one in passing):
                break
            found.append((step, condition))
        elif isinstance(step.transform, (Select, Rename)):
            passing.append(step.transform)
        else:
            break
        if step.save is not None:
            break
    return found


def _lets_pass(between: Select | Rename, columns: frozenset[str]) -> bool:
    """Whether these columns are the same before the step and after it."""
    if isinstance(between, Select):
        names = Counter(name_list(between.columns))
        return all(names[name] == 1 for name in columns)
    return not columns & {*between.columns, *between.columns.values()}


def _wanted(
    steps: Sequence[Step], inputs: list[str], start: str | None, applied: Collection[int] = ()
) -> dict[str, Columns]:
    """Backwards from the result, of which all is wanted: what is wanted of each name.

    Steps that are `applied` already need nothing for themselves.
    """
    of_name: dict[str, Columns] = {}
    current: Columns = ALL
    for step in reversed(steps):
        wanted = current if step.save is None else plus(current, of_name.get(step.save, NONE))
        for _, name in step.transform.uses():
            of_name[name] = plus(step.transform.needs_of(name, wanted), of_name.get(name, NONE))
        if step.transform.reads_inputs:
            of_name.update(dict.fromkeys(inputs, ALL))
        current = wanted if step.index in applied else step.transform.needs(wanted)
        source = _source(step, start)
        if source is not None:
            of_name[source] = plus(current, of_name.get(source, NONE))
            current = NONE  # what the step before gave is wanted only where it was saved
    if not steps and start is not None:
        of_name[start] = ALL
    return of_name


def _source(step: Step, start: str | None) -> str | None:
    return start if step.source is None and step.index == 0 else step.source


def _read_by(step: Step, inputs: list[str], start: str | None) -> list[str]:
    source = _source(step, start)
    named = [name for _, name in step.transform.uses()]
    others = inputs if step.transform.reads_inputs else []
    return [*named, *others, *([] if source is None else [source])]
