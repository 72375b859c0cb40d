"""What a verb of `groupby` is: a small parameter model with one method, and what it is given."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd
from pandas.api.types import is_numeric_dtype
from pydantic import BaseModel, ConfigDict

from jobs.codecs.blocks import frame_of
from jobs.errors import ColumnTaken, FramequeueError
from jobs.transforms.arguments import Names, name_list, pointer, require_keys
from jobs.transforms.base import Surroundings
from jobs.transforms.follows import Follows
from jobs.transforms.groups.grouping import Grouping
from jobs.transforms.groups.kernels import naming
from jobs.transforms.usage import ALL, Columns, plus


@dataclass(frozen=True, slots=True)
class Groups:
    """By what the rows are grouped, and how, as `groupby` was told."""

    by: tuple[str, ...]
    sort: bool
    dropna: bool
    observed: bool

    def of(self, frame: pd.DataFrame, *, observed: bool | None = None) -> Grouping:
        """The grouping of these rows; raises DtypeUnsuitable where a key holds what cannot be compared."""
        key = self.by[0]
        with naming("groupby", key, frame[key].dtype, "/by"):
            return Grouping.of(
                frame,
                self.by,
                sort=self.sort,
                dropna=self.dropna,
                observed=self.observed if observed is None else observed,
            )

    def table(self, grouping: Grouping, columns: Sequence[tuple[str, Any]]) -> pd.DataFrame:
        """One row per group: the keys, then these columns; raises ColumnTaken where one has a key's name."""
        return beside(self.by, grouping.keys, columns)


def beside(by: Sequence[str], keys: Sequence[Any], columns: Sequence[tuple[str, Any]]) -> pd.DataFrame:
    """A frame of the keys and these columns; raises ColumnTaken where a column or a key has a key's name."""
    for level, key in enumerate(by):
        if key in by[:level]:
            raise ColumnTaken(key, pointer("by", level))
    for name, _ in columns:
        if name in by:
            raise ColumnTaken(name)
    arrays = [*keys, *(values for _, values in columns)]
    return frame_of([*by, *(name for name, _ in columns)], arrays, len(keys[0]))


class Verb(BaseModel, ABC):
    """The base of what may become of groups. Fields are the verb's arguments."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True, arbitrary_types_allowed=True
    )

    @abstractmethod
    def apply(self, verb: str, frame: pd.DataFrame, groups: Groups, around: Surroundings) -> pd.DataFrame:
        """The frame that the verb of that name makes of the groups; errors point below the verb."""

    def columns_follow(self) -> Follows:
        """From what the result's columns follow."""
        return Follows.NAMES

    def rows_after(self, given: int) -> int | None:
        """About how many rows come of `given` rows, where every group is one that occurs."""
        return given

    def needs(self, verb: str, wanted: Columns, keys: frozenset[str]) -> Columns:  # noqa: ARG002  # the default
        """The columns that decide about the wanted ones."""
        return ALL


class OfColumns(Verb):
    """The base of verbs that do the same with each of some columns."""

    columns: Names | None = None
    """Which columns; without it, all but the keys."""

    def places(self, frame: pd.DataFrame, by: Sequence[str]) -> list[int]:
        """The positions of the columns to work on; raises ColumnUnknown or ColumnAmbiguous (`/columns/0`)."""
        if self.columns is None:
            places = [place for place, name in enumerate(frame.columns) if name not in by]
        else:
            names = require_keys(frame, "columns", self.columns)
            for place, name in enumerate(names):
                if name in names[:place]:
                    raise ColumnTaken(name, pointer("columns", place))
            places = [cast(int, frame.columns.get_loc(name)) for name in names]
        if self.numbers_only:
            places = [place for place in places if is_numeric_dtype(frame.dtypes.iloc[place])]
        return places

    @property
    def numbers_only(self) -> bool:
        """Whether columns without numbers are left out."""
        return bool(self.model_fields_set & {"numeric_only"}) and bool(dict(self)["numeric_only"])

    def given(self) -> Mapping[str, Any]:
        """The arguments that are not as they would be without saying so, for the kernel."""
        fields = type(self).model_fields
        return {
            name: value
            for name, value in self
            if name not in ("columns", "numeric_only") and value != fields[name].default
        }

    def columns_follow(self) -> Follows:
        """Names follow from names, or from dtypes where only numbers are taken."""
        return Follows.DTYPES if self.numbers_only else Follows.NAMES

    def needs(self, verb: str, wanted: Columns, keys: frozenset[str]) -> Columns:  # noqa: ARG002  # as above
        """The keys and the columns; without these all, since any may be refused."""
        return ALL if self.columns is None else plus(keys, name_list(self.columns))


class OfNumbers(OfColumns):
    """The base of those that may leave out columns without numbers."""

    numeric_only: bool = False
    """Leave out columns that hold no numbers."""


def inside(verb: str, error: FramequeueError) -> FramequeueError:
    """An error of a verb, pointing below it; one of the keys points at them already."""
    if not any(place.pointer.startswith("/by") for place in error.places):
        error.inside(pointer(verb))
    return error
