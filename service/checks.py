"""Pipelines checked at submit; those that were found good are remembered, as the same one comes again and again."""

from collections import OrderedDict
from collections.abc import Collection
from typing import Any, Final

from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue

# checking a groupby of three aggregates is a quarter of a small submit; a remembered one costs a look-up
_REMEMBERED: Final = 512
SMALL_BYTES: Final = 16 * 1024
"""Text up to this size is looked at on the event loop: a thread would cost more than it spares the others."""


class PipelineChecks:
    """Checks pipelines against one catalogue."""

    def __init__(self, catalogue: Catalogue, max_steps: int) -> None:
        self._catalogue, self._max_steps = catalogue, max_steps
        self._good: OrderedDict[tuple[bytes, tuple[str, ...]], None] = OrderedDict()

    def check(self, pipeline: bytes, steps: list[dict[str, Any]], names: Collection[str]) -> None:
        """Raise what is wrong with these steps over inputs of these names, as `Pipeline.parse` does.

        `pipeline` is the steps as they were sent. Where it is longer than SMALL_BYTES, this may be called in a thread.
        """
        if len(pipeline) > SMALL_BYTES:  # in a thread, which must not touch what is remembered
            Pipeline.parse(steps, names, self._catalogue, max_steps=self._max_steps)
            return
        key = (pipeline, tuple(names))
        if key in self._good:
            self._good.move_to_end(key)
            return
        Pipeline.parse(steps, names, self._catalogue, max_steps=self._max_steps)
        self._good[key] = None
        if len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)
