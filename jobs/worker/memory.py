"""How many bytes an attempt holds: counted from its frames, so that the same job always gives the same number."""

import logging
import sys
from collections.abc import Iterable
from typing import Any, Final, cast

import numpy as np
import pandas as pd

logger = logging.getLogger(__name__)
_SAMPLE: Final = 20


class Memory:
    """The most that was held at one time, in bytes; memory that several frames share counts once."""

    def __init__(self) -> None:
        self.peak = 0
        self.beside = 0
        """What is held beside the frames: payloads, and stored pieces."""

    def see(self, frames: Iterable[pd.DataFrame], more: int = 0) -> None:
        """These frames and `more` bytes are held now, beside `beside`."""
        try:
            held = _held(frames)
        except Exception:
            logger.exception("the memory of a frame could not be counted")
            return
        self.peak = max(self.peak, self.beside + more + held)


def _held(frames: Iterable[pd.DataFrame]) -> int:
    owners: dict[int, int] = {}
    seen = set()
    for frame in frames:
        if id(frame) in seen:
            continue
        seen.add(id(frame))
        # by blocks: the public ways to a column's array cost 20 to 45 µs each, and copy what is consolidated
        for block in cast(Any, frame)._mgr.blocks:  # noqa: SLF001  # see above
            owner, size = _owner(block.values)
            owners[owner] = size
        if not isinstance(frame.index, pd.RangeIndex):
            owners[id(frame.index)] = int(frame.index.nbytes)
    return sum(owners.values())


def _owner(values: Any) -> tuple[int, int]:
    """Who owns the memory of these values, and its size: frames share columns, and a view keeps all it is a part of."""
    if isinstance(values, np.ndarray):
        while isinstance(values.base, np.ndarray):
            values = values.base
        return id(values), values.nbytes + (_objects(values) if values.dtype.hasobject else 0)
    arrow = getattr(values, "_pa_array", None)
    if arrow is not None:
        return id(arrow), arrow.nbytes
    inner = getattr(values, "_ndarray", None)  # dates, and text in Python objects
    return (id(values), values.nbytes) if inner is None else _owner(inner)


def _objects(values: np.ndarray) -> int:
    """What the Python objects of an array weigh beside their pointers, judged by twenty of them."""
    if not values.size:
        return 0
    picked = values.ravel()[:: max(1, values.size // _SAMPLE)][:_SAMPLE]
    return sum(sys.getsizeof(value, 0) for value in picked) * values.size // len(picked)
