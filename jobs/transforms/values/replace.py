"""Values that give way to other values."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from jobs.errors import ArgumentInvalid
from jobs.expressions import growth
from jobs.expressions.patterns import check_pattern, rewrite
from jobs.expressions.values import Clash
from jobs.transforms.arguments import Scalar, pointer, refusal, require_all, shown
from jobs.transforms.base import Example, Surroundings, Transform
from jobs.transforms.follows import Follows
from jobs.transforms.nulls import nullable_dtype
from jobs.transforms.scalars import check_copies, fit, fitting
from jobs.transforms.usage import Columns, plus

Pairs = Sequence[tuple[Scalar, Scalar]]
_FEW: Final = 8
_NULL: Final = object()
_STAYS: Any = object()
_Many = Annotated[tuple[Scalar, ...], Field(max_length=100_000)]
_Table = Annotated[dict[str, Scalar], Field(max_length=100_000)]


class Replace(Transform):
    """Put other values in the place of some values; of a list all at once, so that no new value is replaced again.

    A new value must fit the columns in which an old one is found (`astype` makes room first); null makes columns of
    integers and booleans nullable. With `regex` the old ones are patterns (RE2), and what they match in text is
    replaced.
    """

    op = "replace"
    family = "values"
    follows = Follows.WHOLLY
    example: ClassVar[Example] = Example(
        inputs={"df": [{"carrier": "UA", "delay": -1}, {"carrier": "U2", "delay": 4}]},
        pipeline=[
            {"op": "replace", "to_replace": -1, "value": 0},
            {"op": "replace", "to_replace": "^U(.)$", "value": "\\1U", "regex": True},
        ],
        result=[{"carrier": "AU", "delay": 0}, {"carrier": "2U", "delay": 4}],
    )

    to_replace: str | int | float | bool | _Many | dict[str, Scalar | _Table]
    """The value, values (null among them stands for nulls), old → new, or column → old, or column → {old: new}.

    JSON's keys are text: as old values they stand for numbers too where a column holds numbers.
    """
    value: Scalar | _Many | dict[str, Scalar] = None
    """The new value, one for each in a list, or column → new value; null by default."""
    regex: bool = False
    """Whether the old values are regular expressions; a group of one is `\\1` in the new value."""

    @model_validator(mode="after")
    def _agree(self) -> "Replace":
        if isinstance(self.value, tuple) and not (
            isinstance(self.to_replace, tuple) and len(self.to_replace) == len(self.value)
        ):
            raise refusal(ArgumentInvalid("a list of new values goes with as many old ones in 'to_replace'"), "/value")
        tables = self._tables()
        if tables and "value" in self.model_fields_set:
            raise refusal(ArgumentInvalid("'to_replace' already says the new values; leave 'value' out"), "/value")
        if isinstance(self.to_replace, dict) and 0 < tables < len(self.to_replace):
            raise refusal(ArgumentInvalid("give column → {old: new} for each column"), "/to_replace")
        if isinstance(self.value, dict) and isinstance(self.to_replace, dict):
            missing = self.to_replace.keys() ^ self.value.keys()
            if missing:
                raise refusal(ArgumentInvalid(f"'to_replace' and 'value' name other columns: {sorted(missing)}"))
        if self.regex:
            self._check_patterns()
        return self

    def _tables(self) -> int:
        if not isinstance(self.to_replace, dict):
            return 0
        return sum(isinstance(one, dict) for one in self.to_replace.values())

    def _check_patterns(self) -> None:
        patterns = [pair for name in (self._columns() or [""]) for pair in self._pairs(name)]
        for pattern, new in patterns:
            if not isinstance(pattern, str):
                raise refusal(ArgumentInvalid(f"a pattern is a string, not {shown(pattern)}"), "/to_replace")
            try:
                check_pattern(pattern)
            except Clash as clash:
                raise refusal(ArgumentInvalid(str(clash)), "/to_replace") from None
            if isinstance(new, str):
                _check_groups(pattern, new)

    def _columns(self) -> list[str] | None:
        """The columns that are named; None where all are meant."""
        named = self.to_replace if self._tables() or self._by_column() else self.value
        return list(named) if isinstance(named, dict) else None

    def _by_column(self) -> bool:
        """Whether `to_replace` is column → old, rather than old → new."""
        return isinstance(self.to_replace, dict) and "value" in self.model_fields_set

    def _pairs(self, name: str) -> Pairs:
        old: Any = self.to_replace
        new: Any = self.value.get(name) if isinstance(self.value, dict) else self.value
        if isinstance(old, dict):
            if not self._tables() and not self._by_column():
                return list(old.items())
            if name not in old:
                return []
            old = old[name]
            return list(old.items()) if isinstance(old, dict) else [(old, new)]
        if isinstance(self.value, dict) and name not in self.value:
            return []
        olds = old if isinstance(old, tuple) else (old,)
        return list(zip(olds, new if isinstance(new, tuple) else [new] * len(olds), strict=True))

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """The frame with these values replaced."""
        for name in self._columns() or ():
            require_all(frame, [name], pointer("value" if isinstance(self.value, dict) else "to_replace", name))
        keys = isinstance(self.to_replace, dict) and not self._by_column()
        result = frame.copy(deep=False)
        for place, name in enumerate(frame.columns):
            column, pairs = frame.iloc[:, place], self._pairs(str(name))
            change = _matched if self.regex else _replaced
            result.isetitem(place, change(column, _read(pairs, column) if keys and not self.regex else pairs))
        return result

    def rows_after(self, given: int, others: Sequence[int]) -> int:  # noqa: ARG002  # there are none
        """The same."""
        return given

    def needs(self, wanted: Columns) -> Columns:
        """Those that are named too: a value that does not fit is an error."""
        return plus(wanted, self._columns())


def _read(pairs: Pairs, column: pd.Series) -> Pairs:
    """The pairs with old values as the column holds them, of the text of JSON's keys."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return pairs
    return [(value, new) for old, new in pairs if (value := _number(old)) is not None]


def _number(text: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _replaced(column: pd.Series, pairs: Pairs) -> Any:
    result, done = column, np.zeros(len(column), dtype=bool)
    if len(pairs) > _FEW:
        return _at_once(column, pairs)
    for old, new in pairs:
        held = fitting([old], column) if old is not None else []
        if not held and old is not None:
            continue
        found = column.isna().to_numpy() if old is None else _equal(column, held[0])
        result = _put(result, found & ~done, new, column)
        done |= found
    return result.array


def _at_once(column: pd.Series, pairs: Pairs) -> Any:
    """As `_replaced`, in one pass over the column instead of one for each old value."""
    if not len(column) and all(new is not None for _, new in pairs):
        return column.array
    table: dict[Any, Scalar] = {}
    for old, new in pairs:
        held = [_NULL] if old is None else fitting([old], column)
        if held:
            table.setdefault(held[0], new)
    if None in table.values():
        column = column.astype(nullable_dtype(column.dtype) or column.dtype)
    if not table.keys() - {_NULL}:  # lists and structs, which have no codes, hold no value of JSON
        return _replaced(column, [(None, table[_NULL])]) if table else column.array
    codes, kinds = pd.factorize(column)
    wanted = [table.get(kind, _STAYS) for kind in kinds.astype(object)] + [table.get(_NULL, _STAYS)]
    changed = sorted({int(code) for code in np.unique(codes) if wanted[code] is not _STAYS})
    if not changed:
        return column.array
    fits = [None if wanted[code] is None else fit(wanted[code], column, "/value") for code in changed]
    places = np.full(len(wanted), -1)
    places[changed] = np.arange(len(changed))
    at = places[codes]
    found = at >= 0
    for one, count in zip(fits, np.bincount(at[found], minlength=len(fits)), strict=True):
        check_copies(one, int(count))
    return column.mask(found, pd.Series(fits, dtype=column.dtype).take(at * found).set_axis(column.index)).array


def _equal(column: pd.Series, value: Any) -> Any:
    return column.isin([value]).fillna(False).to_numpy(dtype=bool)  # noqa: FBT003  # what takes the place of null


def _put(column: pd.Series, found: Any, new: Scalar, origin: pd.Series) -> pd.Series:
    if new is None:
        return column.astype(nullable_dtype(column.dtype) or column.dtype).mask(found)
    check_copies(new, int(np.count_nonzero(found)))
    return column.mask(found, fit(new, origin, "/value")) if found.any() else column


def _matched(column: pd.Series, patterns: Pairs) -> Any:
    if not isinstance(column.dtype, pd.StringDtype):
        return column.array
    text = pa.array(column.array, from_pandas=True)
    # pandas takes an empty pattern for the empty text
    ready = [(str(old) or r"\A\z", new) for old, new in patterns]
    matches = [pc.fill_null(pc.match_substring_regex(text, old), fill_value=False) for old, _ in ready]
    result = column
    for (old, new), match in zip(ready, matches, strict=True):
        found = match.to_numpy(zero_copy_only=False).astype(bool)
        if isinstance(new, str):
            given = pa.array(result.array, from_pandas=True)
            growth.check_replace(given, partial(pc.count_substring_regex, given, old), _written(new), literal=False)
            now = pc.replace_substring_regex(given, old, _written(new))
            result = result.mask(found, pd.Series(now.to_pandas(), index=column.index, dtype=column.dtype))
        else:
            result = _put(result, found, new, column)
    return result.array


def _check_groups(pattern: str, new: str) -> None:
    try:
        pc.replace_substring_regex(pa.array([""]), pattern or r"\A\z", _written(new))
    except pa.ArrowInvalid:
        detail = f"{shown(new)} names a group that the pattern {shown(pattern)} does not have"
        raise refusal(ArgumentInvalid(detail), "/value") from None


def _written(new: str) -> str:
    return rewrite(new, literal=False)
