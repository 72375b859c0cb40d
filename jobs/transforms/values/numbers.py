"""Numbers, each by itself: absolute values, rounding, bounds."""

from typing import Any, ClassVar, Final

import pandas as pd
from pydantic import model_validator

from jobs.errors import ArgumentInvalid
from jobs.transforms.arguments import pointer, refusal, require_all
from jobs.transforms.base import Example, Surroundings
from jobs.transforms.scalars import fit
from jobs.transforms.values.cells import Cells

Bound = int | float | str | dict[str, int | float | str | None] | None
"""One bound for all columns, or column → bound."""
_MOST_DIGITS: Final = 400
"""No number has more of them, and of a decimal Arrow would make as many zeros as it is told."""
_NUMBERS: list[dict[str, Any]] = [{"delay": -4.25, "distance": 1400}, {"delay": 31.5, "distance": 200}]


class Abs(Cells):
    """Absolute values; every column must hold numbers or durations."""

    op = "abs"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": [{"delay": -4.25}, {"delay": 31.5}]},
        pipeline=[{"op": "abs"}],
        result=[{"delay": 4.25}, {"delay": 31.5}],
    )

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.abs()`."""
        return frame.abs()


class Round(Cells):
    """Round the numbers; other columns stay as they are. Halves go to the even digit, as in NumPy."""

    op = "round"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _NUMBERS},
        pipeline=[{"op": "round", "decimals": {"delay": 1}}],
        result=[{"delay": -4.2, "distance": 1400}, {"delay": 31.5, "distance": 200}],
    )

    decimals: int | dict[str, int] = 0
    """Digits behind the point (negative: before it), or column → digits; unknown columns are passed over."""

    @model_validator(mode="after")
    def _so_many_digits(self) -> "Round":
        given = self.decimals.items() if isinstance(self.decimals, dict) else [(None, self.decimals)]
        for name, digits in given:
            if abs(digits) > _MOST_DIGITS:
                at = "/decimals" if name is None else pointer("decimals", name)
                raise refusal(ArgumentInvalid(f"digits go from -{_MOST_DIGITS} to {_MOST_DIGITS}, not {digits}"), at)
        return self

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame.round(decimals)`, of the columns that are numbers."""
        rounded = {
            place: column.round(digits)
            for place in range(frame.shape[1])
            if (digits := self._digits(str(frame.columns[place]))) is not None
            and pd.api.types.is_numeric_dtype((column := frame.iloc[:, place]).dtype)
        }
        result = frame.copy(deep=False)
        for place, column in rounded.items():
            result.isetitem(place, column.array)
        return result

    def _digits(self, name: str) -> int | None:
        return self.decimals.get(name) if isinstance(self.decimals, dict) else self.decimals


class Clip(Cells):
    """Bring what lies outside of bounds to the bound; nulls stay."""

    op = "clip"
    family = "values"
    example: ClassVar[Example] = Example(
        inputs={"df": _NUMBERS},
        pipeline=[{"op": "clip", "lower": {"delay": 0}, "upper": {"delay": 30, "distance": 1000}}],
        result=[{"delay": 0.0, "distance": 1000}, {"delay": 30.0, "distance": 200}],
    )

    lower: Bound = None
    """The lower bound, or column → bound; null for none, and of numbers `"-inf"` too."""
    upper: Bound = None
    """The upper bound, likewise; of numbers `"inf"` is none."""

    @model_validator(mode="after")
    def _some_bound(self) -> "Clip":
        if isinstance(self.lower, int | float) and isinstance(self.upper, int | float) and self.lower > self.upper:
            raise refusal(ArgumentInvalid(f"'lower' {self.lower} lies above 'upper' {self.upper}"), "/lower")
        return self

    def apply(self, frame: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
        """The frame within its bounds."""
        for argument, bound in (("lower", self.lower), ("upper", self.upper)):
            for name in bound if isinstance(bound, dict) else ():
                require_all(frame, [name], pointer(argument, name))
        return super().apply(frame, around)

    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`clip` of each column that has a bound."""
        result = frame.copy(deep=False)
        for place in range(frame.shape[1]):
            name = str(frame.columns[place])
            lower, upper = _bound(self.lower, name), _bound(self.upper, name)
            if lower is not None or upper is not None:
                result.isetitem(place, _clipped(frame.iloc[:, place], lower, upper).array)
        return result


def _clipped(column: pd.Series, lower: Any, upper: Any) -> pd.Series:
    """The column within its bounds; one of integers becomes float64 for a bound between two of them."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        lower, upper = None if lower == "-inf" else lower, None if upper == "inf" else upper
    if column.dtype.kind in "mM" or isinstance(column.dtype, pd.ArrowDtype):
        bounds = (("/lower", lower), ("/upper", upper))
        return column.clip(*(None if one is None else fit(one, column, at) for at, one in bounds))
    if pd.api.types.is_integer_dtype(column.dtype):
        if any(isinstance(one, float) and not one.is_integer() for one in (lower, upper)):
            column = column.astype("float64")
        lower, upper = (int(one) if isinstance(one, float) and one.is_integer() else one for one in (lower, upper))
    return column.clip(lower, upper)


def _bound(bound: Bound, name: str) -> Any:
    return bound.get(name) if isinstance(bound, dict) else bound
