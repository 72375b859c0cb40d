"""Pipelines checked at submit; those that were found good are remembered, as the same one comes again and again."""

from collections import OrderedDict
from collections.abc import Collection
from typing import Any, Final

import msgspec

from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue

# checking a groupby of three aggregates is a quarter of a small submit; a remembered one costs its JSON
_REMEMBERED: Final = 512
_LONGEST_KEY: Final = 16 * 1024


class PipelineChecks:
    """Checks pipelines against one catalogue."""

    def __init__(self, catalogue: Catalogue, max_steps: int) -> None:
        self._catalogue, self._max_steps = catalogue, max_steps
        self._good: OrderedDict[tuple[bytes, tuple[str, ...]], None] = OrderedDict()

    def check(self, steps: list[dict[str, Any]], names: Collection[str]) -> None:
        """Raise what is wrong with these steps over inputs of these names, as `Pipeline.parse` does."""
        try:
            key = (msgspec.json.encode(steps), tuple(names))
        except OverflowError:  # an integer beyond 64 bits: only what JSON's writer takes is remembered
            Pipeline.parse(steps, names, self._catalogue, max_steps=self._max_steps)
            return
        if key in self._good:
            self._good.move_to_end(key)
            return
        Pipeline.parse(steps, names, self._catalogue, max_steps=self._max_steps)
        if len(key[0]) <= _LONGEST_KEY:
            self._good[key] = None
            if len(self._good) > _REMEMBERED:
                self._good.popitem(last=False)
