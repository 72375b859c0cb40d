"""The plan of a job: the columns after every step and about how many rows, before anything has run."""

from collections.abc import Mapping

import pandas as pd

from jobs.codecs.frames import from_pandas
from jobs.codecs.schema import columns_of
from jobs.errors import FramequeueError
from jobs.model import Column, Value
from jobs.pipeline import Pipeline, Step
from jobs.planning.schema import Schema
from jobs.planning.trial import Sight, certain, tried


class PlannedStep(Value, frozen=True, kw_only=True, omit_defaults=False):
    """What comes out of a step; `columns` and `rows_estimate` are None where nothing is known.

    `nullable` is false only where there are surely no nulls.
    """

    op: str
    columns: tuple[Column, ...] | None
    rows_estimate: int | None


def planned(
    pipeline: Pipeline, schemas: Mapping[str, Schema], max_columns: int
) -> tuple[tuple[PlannedStep, ...], list[FramequeueError]]:
    """The plan of the pipeline over inputs of these schemas, and what is wrong with it whatever the data."""
    guessed = {name: schema.guessed() for name, schema in schemas.items()}
    trial = tried(pipeline, guessed, max_columns)
    problems = certain(trial, guessed)
    rows = _rows(pipeline, guessed)
    steps = zip(pipeline.steps, trial.after, rows, strict=True)
    return tuple(_step(step, sight, count) for step, sight, count in steps), problems


def _step(step: Step, sight: Sight | None, rows: int | None) -> PlannedStep:
    columns = None if sight is None else _columns(sight.frame, sight.filled)
    return PlannedStep(op=step.op, columns=columns, rows_estimate=rows)


def _columns(frame: pd.DataFrame, filled: frozenset[str]) -> tuple[Column, ...]:
    columns = columns_of(from_pandas(frame)[0].schema)
    return tuple(column.changed(nullable=column.name not in filled) for column in columns)


def _rows(pipeline: Pipeline, schemas: Mapping[str, Schema]) -> list[int | None]:
    """The rows after each step."""
    named: dict[str, int | None] = {name: schema.rows for name, schema in schemas.items()}
    current = named[pipeline.start] if pipeline.start is not None else None
    found = []
    for step in pipeline.steps:
        given = current if step.source is None else named[step.source]
        others = [named[name] for _, name in step.transform.uses()]
        told = [count for count in others if count is not None]
        current = None if given is None or len(told) < len(others) else step.transform.rows_after(given, told)
        if step.save is not None:
            named[step.save] = current
        found.append(current)
    return found
