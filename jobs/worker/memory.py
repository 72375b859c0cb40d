"""How many bytes an attempt holds: counted from its frames, so that the same job always gives the same number."""

import logging
import sys
import threading
import weakref
from collections.abc import Iterable, Sequence
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
        # a step's result is the next one's input: what was counted at the last look need not be counted again
        self._known: dict[int, tuple[weakref.ref[pd.DataFrame], dict[int, int]]] = {}
        # inputs may be decoded in branches of their own
        self._lock = threading.RLock()

    def see(self, frames: Sequence[pd.DataFrame], more: int = 0) -> None:
        """These frames and `more` bytes are held now, beside `beside`."""
        with self._lock:
            try:
                held = self._held(frames) if frames else 0
            except Exception:
                logger.exception("the memory of a frame could not be counted")
                return
            self.peak = max(self.peak, self.beside + more + held)

    def decoded(self, frames: Iterable[pd.DataFrame]) -> None:
        """These frames were decoded in turn, beside those seen last that are still there.

        What was copied out of its table stood beside it for a while.
        """
        made = list(frames)
        with self._lock:
            alive = [frame for known, _ in self._known.values() if (frame := known()) is not None]
            self.see([*alive, *made], max((_copied(frame) for frame in made), default=0))

    def let_go(self, count: int) -> None:
        """So many bytes are no more held beside the frames."""
        with self._lock:
            self.beside -= count

    def _held(self, frames: Sequence[pd.DataFrame]) -> int:
        last, self._known = self._known, {}
        owners: dict[int, int] = {}
        for frame in frames:
            known = last.get(id(frame))
            if known is None or known[0]() is not frame:
                known = (weakref.ref(frame), _owners(frame))
            self._known[id(frame)] = known
            owners |= known[1]
        return sum(owners.values())


def _owners(frame: pd.DataFrame) -> dict[int, int]:
    """The sizes of a frame's memory, by what owns it."""
    # by blocks: the public ways to a column's array cost 20 to 45 µs each, and copy what is consolidated
    owners = dict(_owner(block.values) for block in cast(Any, frame)._mgr.blocks)  # noqa: SLF001  # see above
    if not isinstance(frame.index, pd.RangeIndex):
        owners[id(frame.index)] = int(frame.index.nbytes)
    return owners


def _copied(frame: pd.DataFrame) -> int:
    """The bytes of the columns that are copied out of a table of several chunks, as large ones are; text is shared."""
    arrays = (block.values for block in cast(Any, frame)._mgr.blocks)  # noqa: SLF001  # see _owners
    return sum(values.nbytes for values in arrays if not hasattr(values, "_pa_array"))


def _owner(values: Any) -> tuple[int, int]:
    """What owns these values, and its size: frames share columns, and a view keeps all of what it shows a part of."""
    if isinstance(values, np.ndarray):
        while isinstance(values.base, np.ndarray):
            values = values.base
        return id(values), values.nbytes + (_objects(values) if values.dtype.hasobject else 0)
    arrow = getattr(values, "_pa_array", None)
    if arrow is not None:
        # all of its buffers, in a tenth of the time that `nbytes` takes for what is seen of them
        return _address(arrow), arrow.get_total_buffer_size()
    inner = getattr(values, "_ndarray", None)  # dates, and text in Python objects
    return (id(values), values.nbytes) if inner is None else _owner(inner)


def _address(arrow: Any) -> int:
    """Where the values of a chunked array begin, which is the same for every slice of it."""
    data = arrow.chunk(0).buffers()[-1] if arrow.num_chunks else None
    return id(arrow) if data is None else int(data.address)


def _objects(values: np.ndarray) -> int:
    """What the Python objects of an array weigh beside their pointers, judged by twenty of them."""
    if not values.size:
        return 0
    picked = values.ravel()[:: max(1, values.size // _SAMPLE)][:_SAMPLE]
    return sum(sys.getsizeof(value, 0) for value in picked) * values.size // len(picked)
