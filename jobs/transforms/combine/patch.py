"""A frame that takes values of another one: `combine_first`, `update`."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from jobs.codecs.blocks import frame_of
from jobs.errors import DtypeUnsuitable, OutputTooLarge
from jobs.transforms.arguments import Names, name_list
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.combine.keys import one_array
from jobs.transforms.combine.meaning import canonical
from jobs.transforms.combine.paired import broken, in_common, index_of, picked, stacked, value_names
from jobs.transforms.combine.take import Positions, taken, unwrapped
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.follows import Follows


class CombineFirst(Transform):
    """Fill nulls, and add rows and columns, from a named frame, as `DataFrame.combine_first` does.

    Rows belong together by the columns `on`, which come first in the result and may not repeat, or by position. The
    result is sorted by them, but where both frames have them in one order. A column of both has the dtype that holds
    the values of both.
    """

    op = "combine_first"
    family = "combine"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={
            "known": [{"id": 1, "city": None}, {"id": 2, "city": "Rome"}],
            "more": [{"id": 1, "city": "Oslo"}, {"id": 3, "city": "Bern"}],
        },
        pipeline=[{"op": "combine_first", "from": "known", "other": "more", "on": "id"}],
        result=[{"id": 1, "city": "Oslo"}, {"id": 2, "city": "Rome"}, {"id": 3, "city": "Bern"}],
    )

    other: str
    """The name of the other frame: an input or a saved one."""
    on: Names | None = None
    """The columns that act as the index; without it rows belong together by position."""

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The other frame."""
        return (("/other", self.other),)

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The frame with what it lacks."""
        other = around.frames[self.other]
        index = index_of(frame, other, self.on, unique=("left", "right"))
        ours, theirs = index.union()
        names = value_names(frame, self.on)
        more = [name for name in value_names(other, self.on) if name not in set(names)]
        keys = name_list(self.on)
        _check_size(len(ours), len(keys) + len(names) + len(more), around)
        first = np.where(ours >= 0, ours, theirs + len(frame))
        columns = [picked(pair.left, pair.right, first) for pair in index.pairs]
        columns += [_filled(name, frame, other, ours, theirs) for name in names]
        columns += [taken(one_array(other, name), theirs, missing=bool((theirs < 0).any())) for name in more]
        return frame_of([pair.left_name for pair in index.pairs] + names + more, columns, len(ours))

    def rows_after(self, given: int, others: Sequence[int]) -> int:
        """The rows of both where they have no key in common; by position the longer one's."""
        return given + others[0] if self.on is not None else max(given, *others)


def _check_size(rows: int, columns: int, around: Surroundings) -> None:
    if rows > around.max_rows:
        raise OutputTooLarge("rows", rows, around.max_rows, "limits.rows", "/other")
    if columns > around.max_columns:
        raise OutputTooLarge("columns", columns, around.max_columns, "limits.columns", "/other")


def _filled(name: str, frame: pd.DataFrame, other: pd.DataFrame, ours: Positions, theirs: Positions) -> Any:
    if name not in other.columns:
        return taken(one_array(frame, name), ours, missing=bool((ours < 0).any()))
    left, right = in_common(name, frame, other, "combine_first")
    there = _there(left, ours)
    from_right = np.where(_there(right, theirs), theirs + len(left), np.where(ours < 0, -1, ours))
    return picked(left, right, np.where(there, ours, from_right))


def _there(values: Any, rows: Positions) -> np.ndarray[Any, Any]:
    """Which of these rows have a value."""
    if not len(values):
        return np.zeros(len(rows), dtype=bool)
    there: np.ndarray[Any, Any] = (rows >= 0) & ~np.asarray(pd.isna(values), dtype=bool)[rows]
    return there


class Update(Transform):
    """Overwrite values with those of a named frame that are not null, as `DataFrame.update` does.

    Rows belong together by the columns `on`, which may not repeat in the other frame, or by position. Rows, columns and
    dtypes stay as they are; what a column cannot hold is an error.
    """

    op = "update"
    family = "combine"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={
            "stock": [{"item": "a", "left": 3}, {"item": "b", "left": 5}],
            "counted": [{"item": "b", "left": 4}],
        },
        pipeline=[{"op": "update", "from": "stock", "other": "counted", "on": "item"}],
        result=[{"item": "a", "left": 3}, {"item": "b", "left": 4}],
    )

    other: str
    """The name of the other frame: an input or a saved one."""
    on: Names | None = None
    """The columns that act as the index; without it rows belong together by position."""
    join: Literal["left"] = "left"
    """As in pandas, which has no other: the rows of the current frame stay."""
    overwrite: bool = True
    """Without it only nulls are replaced."""
    errors: Literal["ignore", "raise"] = "ignore"
    """`raise`: the job fails where both frames have a value."""

    def uses(self) -> tuple[tuple[str, str], ...]:
        """The other frame."""
        return (("/other", self.other),)

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The frame with the other one's values."""
        other = around.frames[self.other]
        index = index_of(frame, other, self.on, unique=("right",))
        result = frame.copy(deep=False)
        rows = index.found()
        keys = set(name_list(self.on))
        for place, name in enumerate(frame.columns):
            if name in other.columns and name not in keys:
                made = self._updated(name, frame, other, rows)
                if made is not None:
                    result.isetitem(place, made)
        return result

    def _updated(self, name: str, frame: pd.DataFrame, other: pd.DataFrame, rows: Positions) -> Any:
        ours, theirs = one_array(frame, name), one_array(other, name)
        given, there = _there(theirs, rows), ~np.asarray(pd.isna(ours), dtype=bool)
        if self.errors == "raise" and (given & there).any():
            at = np.flatnonzero(given & there)
            error = ValueError(f"Data overlaps: column {name!r} has a value in both frames in {len(at):,} rows")
            raise broken(error, "/errors", name, at.tolist())
        chosen = given if self.overwrite else given & ~there
        if not chosen.any():
            return None
        used = rows[chosen]
        values = _held(name, ours, taken(theirs, used, missing=False))
        places = np.arange(len(ours))
        places[chosen] = len(ours) + np.arange(len(used))
        return taken(stacked(ours, values), places, missing=False)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # the other frame adds none
        """All of them."""
        return given


def _held(name: str, ours: Any, values: Any) -> Any:
    """The values as the dtype of `ours`; raises DtypeUnsuitable where one of them is no value of it."""
    if values.dtype == ours.dtype:
        return values
    try:
        plain = canonical(values)
        made = _as(plain, ours.dtype)
        lost = pd.isna(made).any() or not (canonical(made) == plain).all()
    except REFUSALS as error:
        raise _not_held(name, ours, values, reason(error)) from error
    if lost:
        raise _not_held(name, ours, values, "not all of them are values of it")
    return made


def _as(values: Any, dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Categorical.from_codes(dtype.categories.get_indexer(pd.Index(values)).tolist(), dtype=dtype)
    return unwrapped(pd.Series(values).astype(dtype).array)


def _not_held(name: str, ours: Any, values: Any, why: str) -> DtypeUnsuitable:
    detail = f"update: column {name!r} ({ours.dtype}) cannot hold the values of the other frame ({values.dtype}): {why}"
    return DtypeUnsuitable(detail, column=name, dtype=str(ours.dtype))
