"""Pipelines parsed before: workers see the same few pipelines again and again."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import astuple
from typing import Any, Final

import msgspec

from jobs.pipeline.bounds import USUAL, Bounds
from jobs.pipeline.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue
from jobs.transforms.own import OwnTransform

_MAX_KEY_BYTES: Final = 16 * 1024


class ParsedPipelines:
    """`Pipeline.parse` over one catalogue, which remembers the `size` pipelines used last; for any number of threads.

    Parsed steps are frozen, so runs can share them. Those with a user's own transform are parsed anew each time: its
    arguments are handed to a function that may change them.
    """

    def __init__(self, catalogue: Catalogue, size: int = 256) -> None:
        self._catalogue, self._size = catalogue, size
        self._known: OrderedDict[bytes, Pipeline] = OrderedDict()
        self._lock = threading.Lock()

    def parse(self, steps: Sequence[dict[str, Any]], inputs: Collection[str], *, bounds: Bounds = USUAL) -> Pipeline:
        """The checked pipeline; raises as `Pipeline.parse` does, and remembers no failure."""
        # not MessagePack, which has no integers beyond 64 bits
        key = msgspec.json.encode((steps, tuple(inputs), astuple(bounds)))
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        parsed = Pipeline.parse(steps, inputs, self._catalogue, bounds=bounds)
        if len(key) <= _MAX_KEY_BYTES and not any(isinstance(step.transform, OwnTransform) for step in parsed.steps):
            self._remember(key, parsed)
        return parsed

    def _remember(self, key: bytes, parsed: Pipeline) -> None:
        with self._lock:
            self._known[key] = parsed
            while len(self._known) > self._size:
                self._known.popitem(last=False)
