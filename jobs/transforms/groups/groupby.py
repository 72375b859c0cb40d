"""Groups: `groupby` with one verb, which says what becomes of the groups."""

import math
from collections.abc import Sequence
from typing import ClassVar

import pandas as pd
from pydantic import model_validator

from jobs.errors import ArgumentInvalid, FramequeueError, OutputTooLarge, TransformError
from jobs.transforms.arguments import name_list, refusal, require_keys
from jobs.transforms.base import Example, Surroundings
from jobs.transforms.follows import Follows
from jobs.transforms.groups import kernels
from jobs.transforms.groups.added import transformed
from jobs.transforms.groups.condition import check_condition, filtered
from jobs.transforms.groups.verb import Groups, Verb, inside
from jobs.transforms.groups.verbs import PER_GROUP, Verbs
from jobs.transforms.usage import Columns, plus


class GroupBy(Verbs):
    """Group the rows by columns, and let one verb say what becomes of the groups.

    `agg` makes one row of each group: the keys first, then the new columns in written order. A source may be a column,
    an expression, two columns (`corr`, `cov`) or null (`size`). Verbs of pandas' own (`sum`, `mean`, …) do the same
    with each of some columns. `transform` adds columns to the frame, in its row order, and takes functions of rows too
    (`shift`, `rank`, `cumsum`, `ffill`, …); a column whose name is there is replaced. `filter`, `head`, `tail`, `nth`
    and `sample` give rows of the frame. `shift`, `rank`, `cumsum` and the like give the changed columns without keys.
    A verb's object holds its arguments, as in `{"op": "groupby", "by": "region", "head": {"n": 2}}`; `"sum": {}` takes
    the defaults.

    Decimals stay exact under sum, min, max, first, last, shifting and filling; other functions of them give float64.
    Rows whose key is null are in no group (`dropna`): they get null, or are left out.

    Of pandas' there is not: `apply`, `pipe` (they take functions), `get_group` (use query), `take` (use nth),
    `corrwith`, `plot`, `hist`, `boxplot`; `rolling`, `expanding`, `ewm` and `resample` are ops of their own, with `by`.
    """

    op = "groupby"
    family = "groups"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={
            "df": [
                {"region": "N", "amount": 120.5, "discount": 0.0},
                {"region": "S", "amount": 80.0, "discount": 0.5},
                {"region": "N", "amount": 30.0, "discount": 0.1},
            ]
        },
        pipeline=[
            {"op": "groupby", "by": "region", "transform": {"place": ["amount", "rank", {"ascending": False}]}},
            {
                "op": "groupby",
                "by": ["region"],
                "agg": {
                    "total": ["amount", "sum"],
                    "net": ["amount * (1 - discount)", "sum"],
                    "rows": [None, "size"],
                    "median": ["amount", "quantile", {"q": 0.5}],
                    "places": ["place", "max"],
                },
            },
        ],
        result=[
            {"region": "N", "total": 150.5, "net": 147.5, "rows": 2, "median": 75.25, "places": 2.0},
            {"region": "S", "total": 80.0, "net": 40.0, "rows": 1, "median": 80.0, "places": 1.0},
        ],
    )

    @model_validator(mode="after")
    def _one_verb(self) -> "GroupBy":
        given = self.given()
        if not given:
            detail = "groupby needs a verb: 'agg', 'transform', 'filter', 'head', 'size', 'sum', …"
            raise refusal(ArgumentInvalid(detail), "/agg")
        if len(given) > 1:
            raise refusal(
                ArgumentInvalid(f"one verb in a step: {given[1]!r} stands beside {given[0]!r}"), f"/{given[1]}"
            )
        if self.filter is not None:
            try:
                check_condition(self.filter, frozenset(name_list(self.by)))
            except FramequeueError as error:
                raise refusal(error, "/filter") from None
        return self

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """What the verb makes of the groups."""
        require_keys(frame, "by", self.by)
        (verb,) = self.given()
        if not self.observed and verb in PER_GROUP:
            self._check_groups(frame, around.max_rows)
        groups = Groups(tuple(name_list(self.by)), self.sort, self.dropna, self.observed)
        if self.agg is not None:
            return kernels.aggregate(
                frame, groups.by, self.agg, sort=self.sort, dropna=self.dropna, observed=self.observed
            )
        if self.transform is not None:
            return transformed(frame, groups, self.transform)
        try:
            if self.filter is not None:
                return filtered(frame, self.filter, groups, around)
            return self.verb().apply(verb, frame, groups, around)
        except (TransformError, ArgumentInvalid) as error:
            raise inside(verb, error) from error.__cause__

    def verb(self) -> Verb:
        """The one verb, where it is one that takes an object of arguments."""
        found: Verb = dict(self)[self.given()[0]]
        return found

    def _check_groups(self, frame: pd.DataFrame, limit: int) -> None:
        """Raise OutputTooLarge where categories that do not occur make too many groups, before any is made."""
        keys = [frame[name] for name in name_list(self.by)]
        if not any(isinstance(key.dtype, pd.CategoricalDtype) for key in keys):
            return
        # every value of each key with every value of the others
        groups = math.prod(
            len(key.dtype.categories) if isinstance(key.dtype, pd.CategoricalDtype) else key.nunique() for key in keys
        )
        if groups > limit:
            raise OutputTooLarge("rows", groups, limit, "limits.rows", "/by")

    def columns_follow(self) -> Follows:
        """As the verb says; integers with rows in no group become nullable, so what is added follows from values."""
        if self.transform is not None:
            return Follows.NAMES
        verb = self.given()[0]
        follows = Follows.WHOLLY if verb in ("agg", "filter") else self.verb().columns_follow()
        few = any(one.arguments.get("min_count", 0) > 0 for one in (self.agg or {}).values())
        # groups without rows, or with too few, make integers and booleans nullable
        loose = few or (not self.observed and verb in PER_GROUP)
        return Follows.NAMES if loose and follows is Follows.WHOLLY else follows

    def rows_after(self, given: int, others: Sequence[int]) -> int | None:  # noqa: ARG002  # there are none
        """One for each row, at most."""
        verb = self.given()[0]
        if not self.observed and verb in PER_GROUP:
            return None  # every category is a group, whether it occurs or not
        return given if verb in ("agg", "transform", "filter") else self.verb().rows_after(given)

    def needs(self, wanted: Columns) -> Columns:
        """The keys, and what the verb reads."""
        keys = frozenset(name_list(self.by))
        if self.agg is not None:
            return plus(keys, (name for one in self.agg.values() for name in one.columns))
        if self.transform is not None:
            read = (name for one in self.transform.values() for name in one.columns)
            return plus(wanted, (*keys, *read))
        if self.filter is not None:
            return plus(wanted, keys | self.filter.columns)
        return self.verb().needs(self.given()[0], wanted, keys)
