"""Categories as columns of flags, and back."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from pydantic import AfterValidator, Field, model_validator

from jobs.errors import ArgumentInvalid, ColumnTaken, DtypeUnsuitable, OutputTooLarge
from jobs.transforms.arguments import Names, plain, pointer, refusal, require_keys
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import REFUSALS, answer, reason
from jobs.transforms.dtypes import DtypeName, resolve
from jobs.transforms.follows import Follows


def _holds_flags(name: str) -> str:
    dtype = resolve(name)
    if isinstance(dtype, pd.ArrowDtype) or not (is_bool_dtype(dtype) or is_numeric_dtype(dtype)):
        raise refusal(ArgumentInvalid(f"flags are booleans or numbers such as 'bool' or 'int64', not {name!r}"))
    return name


class GetDummies(Transform):
    """A column of flags for each value of some columns (`k_a`, `k_b`), in place of them behind the others."""

    op = "get_dummies"
    family = "values"
    follows = Follows.DATA
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": 4, "carrier": "UA"}, {"delay": 31, "carrier": "AA"}]},
        pipeline=[{"op": "get_dummies", "columns": ["carrier"], "prefix": "by"}],
        result=[{"delay": 4, "by_AA": False, "by_UA": True}, {"delay": 31, "by_AA": True, "by_UA": False}],
    )

    columns: Names | None = None
    """The columns to take apart; without it, those of text and categories."""
    prefix: str | tuple[str, ...] | dict[str, str] | None = None
    """What stands before the values, for all columns, for each, or by column; without it the column's name."""
    prefix_sep: str = "_"
    """What stands between them."""
    dummy_na: bool = False
    """A column for null too."""
    drop_first: bool = False
    """Leave out the first value of each column, which the others tell."""
    dtype: Annotated[DtypeName, AfterValidator(_holds_flags)] = "bool"
    """What the flags are: a dtype of booleans or numbers, by the names that `astype` takes."""

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """`pd.get_dummies(frame, ...)`."""
        names = self._columns(frame)
        if not names:
            return frame.copy(deep=False)
        self._check_width(frame, names, around.max_columns)
        made = answer(frame, self.op, lambda given: self._dummies(given, names) if given is frame else given)
        if not made.columns.is_unique and frame.columns.is_unique:
            raise ColumnTaken(made.columns[made.columns.duplicated()][0], "/prefix")
        return plain(made)

    def _columns(self, frame: pd.DataFrame) -> list[str]:
        if self.columns is not None:
            names = require_keys(frame, "columns", self.columns)
        else:
            texts = [str(name) for name, dtype in zip(frame.columns, frame.dtypes, strict=True) if _is_text(dtype)]
            names = require_keys(frame, "columns", tuple(texts)) if texts else []
        if isinstance(self.prefix, tuple) and len(self.prefix) != len(names):
            raise ArgumentInvalid(f"there are {len(self.prefix)} prefixes for {len(names)} columns", "/prefix")
        prefixes = self.prefix if isinstance(self.prefix, dict) else dict.fromkeys(names)
        for name in names:
            if name not in prefixes:
                raise ArgumentInvalid(f"there is no prefix for column {name!r}", "/prefix")
        return names

    def _check_width(self, frame: pd.DataFrame, names: list[str], limit: int) -> None:
        """Raise OutputTooLarge before there are that many columns."""
        kept = frame.shape[1] - len(names)
        made = sum(_values(frame[name]) + self.dummy_na - self.drop_first for name in names)
        if kept + made > limit:
            raise OutputTooLarge("columns", kept + made, limit, "limits.columns", "/columns")

    def _dummies(self, frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
        prefix: Any = list(self.prefix) if isinstance(self.prefix, tuple) else self.prefix
        if isinstance(prefix, dict):
            prefix = [prefix[name] for name in names]
        words: dict[str, Any] = {name: getattr(self, name) for name in ("prefix_sep", "dummy_na", "drop_first")}
        return pd.get_dummies(frame, columns=names, prefix=prefix, dtype=self.dtype, **words)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given


class FromDummies(Transform):
    """Columns of flags (0 and 1, false and true) as one column of their names, or one for each prefix.

    Without `sep` the result is one column whose name is empty, as in pandas.
    """

    op = "from_dummies"
    family = "values"
    follows = Follows.NAMES
    example: ClassVar[Example] = Example(
        inputs={"df": [{"by_AA": False, "by_UA": True}, {"by_AA": True, "by_UA": False}]},
        pipeline=[{"op": "from_dummies", "sep": "_"}],
        result=[{"by": "UA"}, {"by": "AA"}],
    )

    sep: str | None = Field(None, min_length=1)
    """What stands between the prefix of a name and the value; each prefix gives a column."""
    default_category: str | dict[str, str] | None = None
    """The value of rows without a flag, for all columns or by prefix; without it such a row is an error."""

    @model_validator(mode="after")
    def _agree(self) -> "FromDummies":
        if isinstance(self.default_category, dict) and self.sep is None:
            detail = "values by prefix need 'sep'; without it give one value"
            raise refusal(ArgumentInvalid(detail), "/default_category")
        return self

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`pd.from_dummies(frame, ...)`."""
        prefixes = self._prefixes(frame)
        if isinstance(self.default_category, dict):
            for name in prefixes:
                if name not in self.default_category:
                    at = pointer("default_category")
                    raise ArgumentInvalid(f"there is no default for the prefix {name!r}", at)
        default: Any = self.default_category
        if isinstance(default, dict):
            default = {name: default[name] for name in prefixes}
        try:
            made = pd.from_dummies(_flags(frame), sep=self.sep, default_category=default)
        except REFUSALS as error:
            raise DtypeUnsuitable(f"{self.op}: {reason(error)}") from error
        return plain(made.astype("str"))

    def _prefixes(self, frame: pd.DataFrame) -> list[str]:
        """The prefixes of the names; raises ArgumentInvalid for a name without one, ColumnTaken for one given twice."""
        if not frame.columns.is_unique:
            raise ColumnTaken(frame.columns[frame.columns.duplicated()][0])
        if self.sep is None:
            return []
        for name in frame.columns:
            if self.sep not in name:
                raise ArgumentInvalid(f"column {name!r} has no {self.sep!r} behind a prefix", "/sep")
        return list(dict.fromkeys(name.split(self.sep)[0] for name in frame.columns))

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given


def _is_text(dtype: Any) -> bool:
    return isinstance(dtype, pd.StringDtype | pd.CategoricalDtype) or dtype == np.dtype(object)


def _values(column: pd.Series) -> int:
    """How many flags a column makes."""
    categories = isinstance(column.dtype, pd.CategoricalDtype)
    return len(column.cat.categories) if categories else column.nunique()


def _flags(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as 0 and 1; raises DtypeUnsuitable for a column that holds anything else, or null."""
    result = frame.copy(deep=False)
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        flags = pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)
        if not flags or column.hasnans or not column.isin([0, 1]).all():
            detail = f"column {name!r} ({column.dtype}) is no flag: it holds more than 0 and 1"
            raise DtypeUnsuitable(detail, column=str(name), dtype=str(column.dtype))
        result.isetitem(place, column.to_numpy(dtype="int64", na_value=0))
    return result
