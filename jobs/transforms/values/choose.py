"""Values that stay or give way to others, by a condition or by a table."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from jobs.codecs.frames import to_pandas
from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.expressions import growth
from jobs.transforms.arguments import ExpressionText, Scalar, pointer, require_all
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.delegated import reason
from jobs.transforms.follows import Follows
from jobs.transforms.meanings import is_date, is_decimal
from jobs.transforms.nulls import nullable
from jobs.transforms.scalars import check_copies, fit
from jobs.transforms.usage import Columns, plus

_FLIGHTS: list[dict[str, Any]] = [{"delay": 4, "miles": 200}, {"delay": 31, "miles": 1400}]
Table = Annotated[dict[str, Scalar], Field(max_length=100_000)]


class Where(Transform):
    """Keep the rows' values where a condition is true; elsewhere put `other` into all columns."""

    op = "where"
    family = "values"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHTS},
        pipeline=[{"op": "where", "cond": "delay > 10"}],
        result=[{"delay": None, "miles": None}, {"delay": 31, "miles": 1400}],
    )

    cond: ExpressionText
    """The condition, row by row; null is not true."""
    other: Scalar = None
    """What takes the place of the others; null by default, and then integers and booleans become nullable."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.where(cond, other)`; integers and booleans that gain nulls become nullable."""
        return _kept(frame, self._condition(frame), self.other)

    def _condition(self, frame: pd.DataFrame) -> Any:
        require_all(frame, sorted(self.cond.columns), "/cond")
        return self.cond.mask(frame)

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those of the condition too; a value must fit all columns."""
        return None if self.other is not None else plus(wanted, self.cond.columns)


class Mask(Where):
    """Put `other` into all columns of the rows where a condition is true; the others stay."""

    op = "mask"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _FLIGHTS},
        pipeline=[{"op": "mask", "cond": "delay > 10", "other": 0}],
        result=[{"delay": 4, "miles": 200}, {"delay": 0, "miles": 0}],
    )

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """`frame.mask(cond, other)`; integers and booleans that gain nulls become nullable."""
        return _kept(frame, ~self._condition(frame), self.other)


class Map(Transform):
    """Look the values of columns up in a table; what the table does not have becomes null.

    New integers and booleans are nullable.
    """

    op = "map"
    family = "values"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"carrier": "UA", "stops": 0}, {"carrier": "ZZ", "stops": 1}]},
        pipeline=[{"op": "map", "columns": {"carrier": {"UA": "United"}, "stops": {"0": "direct", "1": "one stop"}}}],
        result=[{"carrier": "United", "stops": "direct"}, {"carrier": None, "stops": "one stop"}],
    )

    columns: Annotated[dict[str, Table], Field(min_length=1)]
    """Column → {value: new value}; JSON's keys are text, and `"1"` stands for 1 where the column holds numbers."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with these columns looked up."""
        result = frame.copy(deep=False)
        for name, table in self.columns.items():
            at = pointer("columns", name)
            require_all(frame, [name], at)
            for place in np.flatnonzero(frame.columns == name):
                result.isetitem(int(place), _looked_up(frame.iloc[:, int(place)], table, at))
        return result

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those that are looked up too."""
        return plus(wanted, self.columns)


def _kept(frame: pd.DataFrame, keep: Any, other: Scalar) -> pd.DataFrame:
    ready = nullable(frame) if other is None else frame
    result = frame.copy(deep=False)
    gone = int(np.count_nonzero(~keep))
    for place in range(frame.shape[1]):
        column = ready.iloc[:, place]
        check_copies(other, gone)
        made = column.where(keep) if other is None else column.where(keep, fit(other, column, "/other"))
        result.isetitem(place, made.array)
    return result


def _looked_up(column: pd.Series, table: dict[str, Scalar], at: str) -> Any:
    try:
        values = pa.array(list(table.values()))
    except (pa.ArrowException, OverflowError) as error:
        detail = f"the new values of column {column.name!r} are of several kinds or too large: {reason(error)}"
        raise DtypeUnsuitable(detail, column=str(column.name), dtype=str(column.dtype), pointer=at) from error
    places = _index_of(table, column, at).get_indexer(pd.Index(column.astype(object)))
    if pa.types.is_string(values.type):
        lengths = pc.binary_length(values).to_numpy(zero_copy_only=False)
        growth.check(int(np.nansum(lengths[places[places >= 0]], dtype="float64")), 0)
    found = values.take(pa.array(places, mask=places < 0))
    return to_pandas(pa.table({"": found}), as_declared=True).iloc[:, 0].array


def _index_of(table: dict[str, Scalar], column: pd.Series, at: str) -> pd.Index:
    """The table's keys as the column holds them; raises ArgumentInvalid where two are one value there."""
    dtype = column.dtype.categories.dtype if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
    meant = pd.Series([], dtype=dtype)
    keys: pd.Index = pd.Index([_key(text, meant) for text in table], dtype=object)
    if not keys.is_unique:
        text = list(table)[int(keys.duplicated().argmax())]
        raise ArgumentInvalid(f"{text!r} is the value of a key before it in column {column.name!r}", at)
    return keys


def _key(text: str, column: pd.Series) -> Any:
    """What a key means in such a column; the text itself where it means nothing there, and so is never found."""
    dtype = column.dtype
    try:
        if is_decimal(dtype):
            return Decimal(text)
        if dtype.kind in "mM" or is_date(dtype):
            return fit(text, column, "")
        value = json.loads(text) if pd.api.types.is_numeric_dtype(dtype) else text
    except (ValueError, ArithmeticError, DtypeUnsuitable):
        return text
    return value if isinstance(value, (int, float, str)) else text
