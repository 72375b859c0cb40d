"""Columns called alike but for a suffix become rows: `wide_to_long`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, model_validator

from jobs.codecs.blocks import frame_of
from jobs.errors import ArgumentInvalid, ColumnAmbiguous, ColumnTaken
from jobs.expressions.patterns import anchored, check_pattern
from jobs.expressions.values import Clash
from jobs.transforms.arguments import Names, name_list, pointer, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.reshape.axis import take
from jobs.transforms.reshape.combinations import Ids
from jobs.transforms.reshape.common import one_dtype
from jobs.transforms.reshape.grid import cells, values_of
from jobs.transforms.reshape.labels import check_names
from jobs.transforms.reshape.long import check_rows

_TEXT: Final = pd.StringDtype(na_value=np.nan)


def _pattern(text: str) -> str:
    try:
        return check_pattern(text)
    except Clash as clash:
        raise refusal(ArgumentInvalid(str(clash))) from None


class WideToLong(Transform):
    r"""Turn columns such as `height1`, `height2` into rows: one per row and suffix, a column per stub.

    The suffixes come to stand in column `j`: as numbers where all of them are numbers, else as text. Columns that are
    of no stub are repeated, by name in alphabetical order. A suffix that a stub lacks gives null; integers and booleans
    become nullable then. With one column in `i` the rows of a suffix stand together, with several those of a row.
    """

    op = "wide_to_long"
    family = "reshape"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"child": "a", "h1": 50, "h2": 57}, {"child": "b", "h1": 48, "h2": 55}]},
        pipeline=[{"op": "wide_to_long", "stubnames": "h", "i": "child", "j": "month"}],
        result=[
            {"child": "a", "month": 1, "h": 50},
            {"child": "b", "month": 1, "h": 48},
            {"child": "a", "month": 2, "h": 57},
            {"child": "b", "month": 2, "h": 55},
        ],
    )

    stubnames: Names
    """What the names of the columns begin with, and the new columns are called."""
    i: Names
    """The columns that name a row; each row has its own."""
    j: str
    """The name of the new column of suffixes."""
    sep: str = ""
    """What stands between stub and suffix."""
    suffix: Annotated[str, AfterValidator(_pattern)] = r"\d+"
    """What suffixes look like, a regular expression (RE2)."""

    @model_validator(mode="after")
    def _names_apart(self) -> "WideToLong":
        for argument, names in (("stubnames", name_list(self.stubnames)), ("i", name_list(self.i))):
            for place, name in enumerate(names):
                if name in names[:place]:
                    raise refusal(ArgumentInvalid(f"{name!r} stands in {argument!r} twice"), pointer(argument, place))
        return self

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The long frame."""
        keys = require_keys(frame, "i", self.i)
        stubs = self._columns(frame)
        suffixes = _numbers(dict.fromkeys(suffix for found in stubs.values() for suffix in found))
        values = list(dict.fromkeys(suffixes.values()))
        self._check(frame, keys, stubs, suffixes)
        rows, times = len(frame), len(values)
        check_rows(rows, times, around, "/stubnames")
        row, turn = np.divmod(np.arange(rows * times), max(times, 1))
        if len(keys) == 1:
            turn, row = np.divmod(np.arange(rows * times), max(rows, 1))
        wide = {name for found in stubs.values() for name in found.values()}
        others = sorted(
            (place for place, name in enumerate(frame.columns) if name not in wide and name not in keys),
            key=lambda place: str(frame.columns[place]),
        )
        names = [*keys, self.j, *(str(frame.columns[place]) for place in others)]
        columns = [take(values_of(frame[name]), row) for name in keys]
        columns += [take(_column_of(values), turn), *(take(values_of(frame.iloc[:, one]), row) for one in others)]
        for stub, found in stubs.items():
            by_value = {suffixes[suffix]: name for suffix, name in found.items()}
            columns.append(_long(frame, [by_value.get(value) for value in values], row, turn))
            names.append(stub.rstrip(self.sep))
        check_names([*keys, self.j, *names[len(names) - len(stubs) :]], "/stubnames")
        return frame_of(names, columns, len(row))

    def _columns(self, frame: pd.DataFrame) -> dict[str, dict[str, str]]:
        """Of each stub its suffixes, in the order of the columns, and the column of each."""
        names = [str(name) for name in frame.columns]
        pattern = anchored(self.suffix, whole=True)
        found: dict[str, dict[str, str]] = {}
        for place, stub in enumerate(name_list(self.stubnames)):
            at = pointer("stubnames", place) if isinstance(self.stubnames, tuple) else "/stubnames"
            if stub in names:
                raise ColumnTaken(stub, at)
            begin = stub + self.sep
            close = [name for name in names if name.startswith(begin)]
            ends = pa.array([name[len(begin) :] for name in close], pa.string())
            fits = pc.match_substring_regex(ends, pattern).to_pylist()
            matched = [name for name, fit in zip(close, fits, strict=True) if fit]
            for name in matched:
                if matched.count(name) > 1:
                    raise ColumnAmbiguous(name, at)
            found[stub] = {name[len(begin) :]: name for name in matched}
        return found

    def _check(
        self,
        frame: pd.DataFrame,
        keys: Sequence[str],
        stubs: Mapping[str, Mapping[str, str]],
        suffixes: Mapping[str, Any],
    ) -> None:
        """Raise ArgumentInvalid where a key is a column of a stub, two columns are one, or two rows have one key."""
        for found in stubs.values():
            if taken := [name for name in found.values() if name in keys]:
                raise ArgumentInvalid(f"column {taken[0]!r} belongs to a stub, so it cannot name the rows", "/i")
            if len({suffixes[suffix] for suffix in found}) < len(found):
                raise ArgumentInvalid(f"the suffixes {', '.join(found)} are not all different as numbers", "/suffix")
        twice = frame.loc[:, list(keys)].duplicated().to_numpy()
        if twice.any():
            raise ArgumentInvalid(
                f"row {int(twice.argmax()) + 1} has the keys of a row before it; the columns of 'i' name each row once",
                "/i",
            )

    def rows_after(self, given: int, others: Sequence[int]) -> None:
        """The names of the columns tell."""


def _numbers(suffixes: Mapping[str, None]) -> dict[str, Any]:
    """Each suffix as the number it is, where all of them are numbers; else as it is."""
    try:
        numbers = pd.to_numeric(pd.Series(list(suffixes), dtype=_TEXT))
    except (TypeError, ValueError, OverflowError):
        return {suffix: suffix for suffix in suffixes}
    return dict(zip(suffixes, numbers.tolist(), strict=True))


def _column_of(values: Sequence[Any]) -> Any:
    if any(isinstance(value, str) for value in values):
        return pd.array(list(values), dtype=_TEXT)
    return np.array(values) if values else np.empty(0, np.int64)


def _long(frame: pd.DataFrame, names: Sequence[str | None], row: Ids, turn: Ids) -> Any:
    """The values of these columns, each in its turn; of None, null."""
    there = [name for name in names if name is not None]
    if not there:
        return np.full(len(row), np.nan)
    parts = one_dtype([frame[name] for name in there], "/stubnames")
    values = values_of(pd.concat(parts, ignore_index=True))
    starts, given = [], 0
    for name in names:
        starts.append(-1 if name is None else given * len(frame))
        given += name is not None
    start = np.array(starts)[turn]
    at = np.where(start < 0, -1, start + row)
    return cells(values, at) if None not in names else cells(_may_lack(values), at)


def _may_lack(values: Any) -> Any:
    """The values in a dtype that can hold null, whether or not there are rows to need it."""
    return cells(values, np.append(np.arange(len(values)), -1))[:-1]
