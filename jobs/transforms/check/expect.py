"""`expect`: what the columns of a frame have to be like, on pandera."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from jobs.errors import ArgumentInvalid, DtypeUnsuitable, ExpectationFailed, TransformError
from jobs.expressions.values import Clash
from jobs.transforms.arguments import Names, name_list, one_column, plain, pointer, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.check import rules
from jobs.transforms.check.expected import Expected
from jobs.transforms.check.meanings import fits
from jobs.transforms.check.verify import Broken, Check, broken
from jobs.transforms.context import SetAside
from jobs.transforms.delegated import REFUSALS, reason
from jobs.transforms.follows import Follows
from jobs.transforms.usage import ALL, Columns, plus

_KEEP: Final[Mapping[str, Any]] = {"all": False, "exclude_first": "first", "exclude_last": "last"}


class Expect(Transform):
    """Pass a frame on as it is where its columns are as expected; else say which rows break which rule.

    `schema` says of each column what pandera's `Column` and `Check` say: `dtype`, `nullable` (false, as in pandera,
    where it is not said), `unique`, `required` (false: the column may be missing), `ge`, `gt`, `le`, `lt`, `isin`,
    `matches` (RE2, found at the start of the text as by pandera's `str_matches`; end it with `$` for the whole),
    `min_length`, `max_length`. Nulls break `nullable` alone. A missing column or another dtype fails the job, and is
    found when it is submitted; `int64` and `Int64` are one dtype here, and all kinds of text are `str`. Rows that break
    a rule fail the job too, unless its `on_row_error` is `reject`: then they are set aside.
    """

    op = "expect"
    sets_aside = True
    family = "check"
    follows = Follows.WHOLLY
    keeps = True
    example: ClassVar[Example] = Example(
        inputs={"df": [{"id": 1, "code": "AB-1", "amount": 120.5}, {"id": 2, "code": "CD-2", "amount": None}]},
        pipeline=[
            {
                "op": "expect",
                "schema": {
                    "id": {"dtype": "int64", "unique": True, "ge": 1},
                    "code": {"matches": "[A-Z]{2}-[0-9]+$", "max_length": 8},
                    "amount": {"nullable": True, "gt": 0},
                },
            }
        ],
        result=[{"id": 1, "code": "AB-1", "amount": 120.5}, {"id": 2, "code": "CD-2", "amount": None}],
    )

    schema_: Annotated[dict[str, Expected], Field(alias="schema")]
    """What each column has to be like, by its name; columns that it does not name may be there."""
    strict: bool = False
    """Whether there may be no columns that `schema` does not name."""
    unique: Names | None = None
    """Columns whose values, taken together, come once; rows with a null among them are not compared."""
    report_duplicates: Literal["all", "exclude_first", "exclude_last"] = "all"
    """Which of equal rows break `unique`: all of them, or all but the first or the last."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The frame, or what is left of it where rows may be set aside.

        Raises ColumnUnknown, ColumnAmbiguous, DtypeUnsuitable or ArgumentInvalid about columns, ExpectationFailed about
        rows.
        """
        checks = list(self._checks(frame))
        if around.made_up or not len(frame):
            for check in checks:
                check.kept()  # whether the rule is one for such a column
            return plain(frame.copy(deep=False))
        found = broken(frame, checks) if checks else []
        if found and around.context.set_aside is None:
            raise ExpectationFailed([one.unmet(frame) for one in found])
        if found and around.context.set_aside is not None:
            return _without(frame, found, around.context.set_aside)
        return plain(frame.copy(deep=False))

    def _checks(self, frame: pd.DataFrame) -> Iterator[Check]:
        """The rules for the rows, once the columns are as they should be."""
        columns = {
            name: one_column(frame, name, pointer("schema", name))
            for name, expected in self.schema_.items()
            if expected.required or name in frame.columns
        }
        self._no_others(frame)
        for name, column in columns.items():
            self._check_dtype(name, column)
        together = require_keys(frame, "unique", self.unique)
        for name, column in columns.items():
            yield from self._of_column(name, column)
        if together:
            yield self._unique(frame, together, "/unique")

    def _no_others(self, frame: pd.DataFrame) -> None:
        others = [str(name) for name in frame.columns if name not in self.schema_] if self.strict else []
        if others:
            shown = ", ".join(map(repr, others[:5])) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
            raise ArgumentInvalid(
                f"the frame has columns that the schema does not name: {shown}; name them, or leave 'strict' out",
                "/strict",
            )

    def _check_dtype(self, name: str, column: pd.Series) -> None:
        wanted = self.schema_[name].dtype
        if wanted is not None and not fits(column, wanted):
            raise DtypeUnsuitable(
                f"column {name!r} is {column.dtype}, and {wanted} is expected; an astype step before this one casts it",
                column=name,
                dtype=str(column.dtype),
                pointer=pointer("schema", name, "dtype"),
            )

    def _of_column(self, name: str, column: pd.Series) -> Iterator[Check]:
        expected, values = self.schema_[name], rules.Values(column)
        if not expected.nullable:
            yield Check((name,), rules.NULL, pointer("schema", name, "nullable"), values.not_null)
        if expected.unique:
            yield self._unique(column.to_frame(), [name], pointer("schema", name, "unique"))
        for rule, wanted in expected.rules():
            at = pointer("schema", name, rule)
            kept = partial(_told, partial(rules.kept, rule, values, wanted), rule, column, at)
            yield Check((name,), rules.said(rule, wanted), at, kept)

    def _unique(self, frame: pd.DataFrame, names: list[str], at: str) -> Check:
        kept = partial(rules.unique, frame[names], _KEEP[self.report_duplicates])
        what = "is not unique" if len(names) == 1 else "are not unique together"
        return Check(tuple(names), what, at, partial(_told, kept, "unique", frame[names[0]], at))

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """All, at most."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those that are checked too."""
        return ALL if self.strict else plus(wanted, [*self.schema_, *name_list(self.unique)])


def _told(kept: Any, rule: str, column: pd.Series, at: str) -> rules.Truth:
    """What `kept` gives; what it says of the column's dtype as an error of ours."""
    try:
        return kept()
    except TransformError:
        raise
    except (Clash, *REFUSALS) as error:
        name, dtype = str(column.name), str(column.dtype)
        detail = f"column {name!r} ({dtype}) cannot be held to {rule!r}: {reason(error)}"
        raise DtypeUnsuitable(detail, column=name, dtype=dtype, pointer=at) from error


def _without(frame: pd.DataFrame, found: list[Broken], set_aside: SetAside) -> pd.DataFrame:
    """The frame without the rows that break a rule; of several the first is the reason."""
    gone = np.zeros(len(frame), dtype=bool)
    for name in dict.fromkeys(_column(one) for one in found):
        reasons: dict[int, str] = {}
        for one in (other for other in found if _column(other) == name):
            fresh = one.rows[~gone[one.rows]]
            gone[fresh] = True
            for row in map(int, fresh[: set_aside.room + 1]):  # one too many is refused there
                reasons[row] = one.reason(frame, row)
        if reasons:
            # always of the frame as it came: so its rows keep their numbers
            set_aside(frame, reasons, code=ExpectationFailed.code, column=name)
    return plain(frame[~gone])


def _column(one: Broken) -> str | None:
    return one.check.columns[0] if len(one.check.columns) == 1 else None
