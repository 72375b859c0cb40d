"""Whether the keys of a join are as unique as its `validate` says."""

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from jobs.errors import StepFailed
from jobs.transforms.combine.keys import KeyPair, compared

Validate = Literal["one_to_one", "1:1", "one_to_many", "1:m", "many_to_one", "m:1", "many_to_many", "m:m"]
_UNIQUE: Final[dict[str, tuple[str, ...]]] = {
    "one_to_one": ("left", "right"), "1:1": ("left", "right"), "one_to_many": ("left",), "1:m": ("left",),
    "many_to_one": ("right",), "m:1": ("right",),
}  # fmt: skip
_SHOWN: Final = 5


def check_validate(pairs: Sequence[KeyPair], validate: Validate) -> None:
    """Raise StepFailed that shows the first keys that repeat, and says how many do, where `validate` forbids it."""
    check_unique(pairs, _UNIQUE.get(validate, ()), "validate", f"validate {validate!r}")


def check_unique(pairs: Sequence[KeyPair], sides: Sequence[str], argument: str, who: str = "the step") -> None:
    """Raise StepFailed where a key repeats on one of these sides, in the words of `who` wants it unique."""
    for place, side in enumerate(("left", "right")):
        if side in sides:
            arrays = [compared(pair, sort=False)[place] for pair in pairs]
            keys = pd.DataFrame(dict(enumerate(arrays)), copy=False)
            again = keys.duplicated().to_numpy()
            if again.any():
                raise _repeated(pairs, side, keys, again, f"/{argument}", who)


def _repeated(
    pairs: Sequence[KeyPair], side: str, keys: pd.DataFrame, again: np.ndarray[Any, Any], at: str, who: str
) -> StepFailed:
    values = keys[again].drop_duplicates().index
    names = [pair.left_name if side == "left" else pair.right_name for pair in pairs]
    parts = [pair.left if side == "left" else pair.right for pair in pairs]
    shown = [pd.Series(part).iloc[values[:_SHOWN]].tolist() for part in parts]
    listed = ", ".join(_shown(row) for row in zip(*shown, strict=True))
    more = len(values) - _SHOWN
    where = "current frame" if side == "left" else "other frame"
    error = pd.errors.MergeError(
        f"{who} wants each key of the {where} ({', '.join(map(repr, names))}) once, and {len(values):,} occur more "
        f"often: {listed}{f' and {more:,} more' if more > 0 else ''}"
    )
    found = StepFailed(error, at, column=names[0])
    found.rows = tuple(int(row) for row in np.flatnonzero(again)[:_SHOWN]) if side == "left" else ()
    return found


def _shown(row: tuple[Any, ...]) -> str:
    cells = ["null" if pd.isna(cell) else str(cell)[:50] for cell in row]
    return cells[0] if len(cells) == 1 else f"({', '.join(cells)})"
