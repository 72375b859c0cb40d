"""Pipelines checked at submit; what was found good is remembered, as the same ones come again and again."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Hashable, Mapping
from typing import Any, Final

from jobs.errors import FramequeueError
from jobs.model import Input
from jobs.pipeline import Bounds, Pipeline
from jobs.pipeline.steps import together
from jobs.planning import Known, PlannedStep, Schema, look, planned, problems_of, signature
from jobs.planning.look import Chunk
from jobs.store.uploads import Staged
from jobs.transforms.catalogue import Catalogue

# checking a groupby of three aggregates is a quarter of a small submit; a remembered one costs a look-up
_REMEMBERED: Final = 512
# of tables with more columns the names alone would fill what is remembered
_FEW_COLUMNS: Final = 256
# the trial of so short a pipeline takes about as long as the way into a thread and back on a busy machine
_TINY_BYTES: Final = 1024
_TINY_COLUMNS: Final = 32
SMALL_BYTES: Final = 16 * 1024
"""Text up to this size is looked at on the event loop: a thread would cost more than it spares the others."""


class PipelineChecks:
    """Checks pipelines against one catalogue: alone, and over the schemas of their inputs."""

    def __init__(self, catalogue: Catalogue, bounds: Bounds, max_columns: int = 10_000) -> None:
        self._catalogue, self._bounds, self._max_columns = catalogue, bounds, max_columns
        self._good: OrderedDict[Hashable, Pipeline] = OrderedDict()
        self._good_for: OrderedDict[Hashable, None] = OrderedDict()

    def check(self, pipeline: bytes, steps: list[dict[str, Any]], names: Collection[str]) -> Pipeline:
        """Raise what is wrong with these steps over inputs of these names, as `Pipeline.parse` does.

        `pipeline` is the steps as they were sent. Where it is longer than SMALL_BYTES, this may be called in a thread.
        """
        if len(pipeline) > SMALL_BYTES:  # in a thread, which must not touch what is remembered
            return Pipeline.parse(steps, names, self._catalogue, bounds=self._bounds)
        key = (pipeline, tuple(names))
        known = self._good.get(key)
        if known is not None:
            self._good.move_to_end(key)
            return known
        parsed = Pipeline.parse(steps, names, self._catalogue, bounds=self._bounds)
        _remember(self._good, key, parsed)
        return parsed

    async def against(
        self,
        pipeline: bytes,
        steps: list[dict[str, Any]],
        inputs: Mapping[str, Input],
        staged: Mapping[str, Staged],
        chunk: Chunk,
    ) -> None:
        """Raise what is wrong with these steps over these inputs whatever is in their rows, and with their `dtypes`.

        `staged` are the payloads that came with the request; `chunk` reads those that are in a blob. Raises the first
        error, with the places of all.
        """
        glance = _glance(pipeline, inputs, staged)
        if glance is not None and self._is_good(glance):
            return
        schemas = {name: await _look(name, one, staged, chunk) for name, one in inputs.items()}
        if not steps or all(schema.known is Known.NOTHING for schema in schemas.values()):
            return
        key = (pipeline, tuple(schemas.items()))
        if not self._is_good(key):
            columns = sum(len(one.fields) for one in schemas.values())
            tiny = len(pipeline) <= _TINY_BYTES and columns <= _TINY_COLUMNS
            work = (pipeline, steps, schemas)
            problems = self._problems(*work) if tiny else await asyncio.to_thread(self._problems, *work)
            if problems:
                raise together(problems)
            if len(pipeline) > SMALL_BYTES or columns > _FEW_COLUMNS:
                return
            _remember(self._good_for, key, None)
        if glance is not None:
            _remember(self._good_for, glance, None)

    def _is_good(self, key: Hashable) -> bool:
        if key not in self._good_for:
            return False
        self._good_for.move_to_end(key)
        return True

    def _problems(
        self, pipeline: bytes, steps: list[dict[str, Any]], schemas: Mapping[str, Schema]
    ) -> list[FramequeueError]:
        known = self._good.get((pipeline, tuple(schemas)))
        if known is None:
            known = Pipeline.parse(steps, schemas, self._catalogue, bounds=self._bounds)
        return problems_of(known, schemas, self._max_columns)

    async def plan(
        self, steps: list[dict[str, Any]], inputs: Mapping[str, Input], staged: Mapping[str, Staged], chunk: Chunk
    ) -> tuple[tuple[PlannedStep, ...], list[FramequeueError]]:
        """What these steps make of these inputs, and all that is wrong with them whatever is in the rows."""
        schemas: dict[str, Schema] = {}
        problems: list[FramequeueError] = []
        for name, one in inputs.items():
            try:
                schemas[name] = await _look(name, one, staged, chunk)
            except FramequeueError as error:
                schemas[name] = Schema()
                problems.append(error)
        found, more = await asyncio.to_thread(self._planned, steps, schemas)
        return found, [*problems, *more]

    def _planned(
        self, steps: list[dict[str, Any]], schemas: Mapping[str, Schema]
    ) -> tuple[tuple[PlannedStep, ...], list[FramequeueError]]:
        pipeline = Pipeline.parse(steps, schemas, self._catalogue, bounds=self._bounds)
        return planned(pipeline, schemas, self._max_columns)


def _glance(pipeline: bytes, inputs: Mapping[str, Input], staged: Mapping[str, Staged]) -> Hashable:
    """What the submission looks like at a glance, None where that tells too little to be remembered by."""
    seen: list[Hashable] = [pipeline]
    for name, one in inputs.items():
        there = staged.get(name)
        found = signature(one, None if there is None else there.data)
        if found is None:
            return None
        seen += (name, found)
    return tuple(seen)


async def _look(name: str, one: Input, staged: Mapping[str, Staged], chunk: Chunk) -> Schema:
    there = staged.get(name)
    return await look(name, one, None if there is None else there.data, chunk)


def _remember(known: OrderedDict[Hashable, Any], key: Hashable, value: object) -> None:
    known[key] = value
    if len(known) > _REMEMBERED:
        known.popitem(last=False)
