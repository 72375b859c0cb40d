"""Rows set aside instead of failing their job: collected while an attempt runs, kept as a frame of their own."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from jobs.errors import RejectsExceeded
from jobs.errors.base import printable, text_of
from jobs.model import Place
from jobs.pointers import escaped

MAX_RAW: Final = 1_000
"""Characters of a row that are kept."""
_MAX_DETAIL: Final = 500
_NAMED: Final = 5
SCHEMA: Final = pa.schema(
    [
        pa.field("input", pa.string()),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("column", pa.string()),
        pa.field("code", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("raw", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Reject:
    """One row that was set aside. `row` counts the input's rows from 1, or those of the step's frame without `input`.

    `code` is the error that the row would have been; `raw` is its text, or its values as JSON, cut to MAX_RAW
    characters, and empty until somebody has it at hand.
    """

    row: int
    code: str
    detail: str
    raw: str = ""
    column: str | None = None
    input: str | None = None

    @classmethod
    def of(cls, row: int, code: str, detail: str, raw: str = "", column: str | None = None) -> "Reject":
        """A reject with its texts cut to what is kept."""
        return cls(int(row), code, shortened(detail, _MAX_DETAIL), shortened(raw, MAX_RAW), column)


class Rejects:
    """What one attempt sets aside; more than `most` rows raise RejectsExceeded."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._inputs: dict[str, InputRejects] = {}
        self._steps: list[Reject] = []

    def of_input(self, name: str) -> "InputRejects":
        """Those of one input."""
        return self._inputs.setdefault(name, InputRejects(name, self))

    def of_step(self, label: str, given: str | None) -> Callable[[Sequence[int], Callable[[int], Reject]], None]:
        """Where the step `label` tells of positions of its frame; `given` names the input that this frame is."""
        rows_of = None if given is None else self.of_input(given).rows_of

        def add(positions: Sequence[int], told: Callable[[int], Reject]) -> None:
            rows = [position + 1 for position in positions] if rows_of is None else rows_of(positions)
            for position, row in zip(positions, rows, strict=True):
                one = told(position)
                detail = shortened(f"{label}: {one.detail}", _MAX_DETAIL)
                self._steps.append(replace(one, row=int(row), detail=detail, input=given))
                self.check()

        return add

    @property
    def count(self) -> int:
        """How many rows were set aside."""
        return len(self._steps) + sum(one.count for one in self._inputs.values())

    @property
    def room(self) -> int:
        """How many more may be."""
        return self.most - self.count

    def check(self) -> None:
        """Raise RejectsExceeded, which names the first of them, where they are too many."""
        if self.count > self.most:
            first = self.all()[:_NAMED]
            error = RejectsExceeded(
                f"more than {self.most:,} rows were set aside (max_rejects); the first: "
                + "; ".join(f"{_where(one)}: {one.detail}" for one in first)
            )
            error.places = tuple(_place(one) for one in first)
            raise error

    def all(self) -> list[Reject]:
        """Every reject: input by input, each by row, then those of the steps."""
        return [*(one for given in self._inputs.values() for one in given.all()), *self._steps]

    def table(self) -> pa.Table:
        """The frame of the rejects."""
        rejects = self.all()
        columns = [[getattr(one, field.name) for one in rejects] for field in SCHEMA]
        return pa.Table.from_arrays(
            [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
        )


class InputRejects:
    """The rejects of one input by row. A row that is known is not counted again: its input may be read twice."""

    def __init__(self, name: str, every: Rejects) -> None:
        self.name, self._every = name, every
        self._by_row: dict[int, Reject] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._by_row)

    @property
    def room(self) -> int:
        """How many more there may be."""
        return self._every.room

    def all(self) -> list[Reject]:
        """They, by row."""
        return [self._by_row[row] for row in sorted(self._by_row)]

    def add(self, reject: Reject) -> None:
        """Set a row aside, or fill in the text of one that is known; raises RejectsExceeded."""
        known = self._by_row.get(reject.row)
        if known is None:
            self._by_row[reject.row] = replace(reject, input=self.name)
            self._every.check()
        elif not known.raw:
            self._by_row[reject.row] = replace(known, raw=reject.raw)

    def knows(self, row: int) -> bool:
        """Whether this row was set aside."""
        return row in self._by_row

    def fill(self, row: int, raw: str) -> None:
        """Give a known row its text."""
        known = self._by_row[row]
        if not known.raw:
            self._by_row[row] = replace(known, raw=shortened(raw, MAX_RAW))

    def rows(self) -> list[int]:
        """The rows that were set aside, from 1, in order."""
        return sorted(self._by_row)

    def rows_of(self, positions: Sequence[int]) -> list[int]:
        """The input's rows (from 1) that stand at these positions (from 0) among those that are left."""
        return rows_beside(self.rows(), positions)


def rows_beside(gone: Sequence[int], positions: Sequence[int]) -> list[int]:
    """The rows (from 1) at these positions (from 0) of a table from which the rows `gone` (from 1, sorted) are gone."""
    at, without = np.asarray(positions, np.int64), np.asarray(gone, np.int64) - 1
    before = np.searchsorted(without - np.arange(len(without)), at, side="right")
    rows: list[int] = (at + before + 1).tolist()
    return rows


def positions_beside(gone: Sequence[int], rows: Iterable[int]) -> list[int]:
    """The positions (from 0) at which these rows (from 1, none of `gone`) stand in such a table."""
    at = np.asarray(list(rows), np.int64)
    found: list[int] = (at - 1 - np.searchsorted(np.asarray(gone, np.int64), at)).tolist()
    return found


def refused(count: int, fits: Callable[[int, int], bool], most: int) -> list[int]:
    """The positions (of `count`) that are refused on their own, in order, found by halving; `most` of them at most.

    `fits(start, length)` says whether these together pass.
    """
    found: list[int] = []
    pending = [(0, count)]
    while pending and len(found) < most:
        start, length = pending.pop()
        if length == 0 or fits(start, length):
            continue
        if length == 1:
            found.append(start)
        else:
            half = length // 2
            pending += [(start + half, length - half), (start, half)]
    return found


def values_text(values: Any) -> str:
    """A row's values as JSON text; what JSON has no type for as its own text."""
    return json.dumps(values, ensure_ascii=False, default=text_of)


def shortened(text: str, most: int) -> str:
    """The text as UTF-8 can hold it, cut to `most` characters."""
    text = printable(text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def _where(reject: Reject) -> str:
    source = f"input {reject.input!r}, " if reject.input is not None else ""
    return f"{source}row {reject.row}" + (f", column {reject.column!r}" if reject.column is not None else "")


def _place(reject: Reject) -> Place:
    pointer = "" if reject.input is None else f"/inputs/{escaped(reject.input)}"
    return Place(pointer=pointer, code=reject.code, detail=reject.detail, input=reject.input, row=reject.row)
