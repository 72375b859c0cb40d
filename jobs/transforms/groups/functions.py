"""The functions that a named form takes, with the arguments that its third item may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.errors import ArgumentInvalid, ArgumentUnknown
from jobs.hints import did_you_mean, listing
from jobs.transforms.arguments import pointer, refusal, shown

Takes = tuple[type, ...] | tuple[str, ...]
"""The types that an argument may have, or the texts that it may be."""
Arguments = Mapping[str, Takes]

_SKIPS: Final[Arguments] = {"skipna": (bool,)}
_COUNTED: Final[Arguments] = {"min_count": (int,), "skipna": (bool,)}
_SPREAD: Final[Arguments] = {"ddof": (int,), "skipna": (bool,)}
_NUMBERS: Final = (int, float)
_QUANTILE: Final[Arguments] = {
    "q": _NUMBERS,
    "interpolation": ("linear", "lower", "higher", "midpoint", "nearest"),
}
LARGEST: Final = 2**53
"""The largest integer that an argument may be."""
_RANGES: Final[Mapping[str, tuple[int, int]]] = {"limit": (1, LARGEST), "q": (0, 1)}


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of one named form: `one` of a column, `pairs` of two, `alone` of none (their source is null)."""

    what: str
    one: Mapping[str, Arguments]
    pairs: Mapping[str, Arguments] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()

    def check(self, function: str, arguments: Any, *, of_two: bool = False) -> None:
        """Raise what is wrong with a function's name or its arguments, with a pointer below the aggregation."""
        if of_two and function not in self.pairs:
            said = listing([repr(name) for name in self.pairs])
            raise refusal(ArgumentInvalid(f"of two columns there is {said}, not {function!r}"), "/1")
        known = self.pairs if of_two else self.one
        if function not in known:
            hint = did_you_mean(function, known) or f"; there is {listing(list(known), 40)}"
            if function in self.pairs:
                hint = f'; of two columns: [["a", "b"], "{function}"]'
            raise refusal(ArgumentInvalid(f"no {self.what} {function!r}{hint}"), "/1")
        if not isinstance(arguments, dict):
            raise refusal(ArgumentInvalid(f"the arguments are an object, not {shown(arguments)}"), "/2")
        for name, value in arguments.items():
            if name not in known[function]:
                raise refusal(ArgumentUnknown(function, name, known[function]), pointer(2, name))
            _check_value(name, value, known[function][name])


def _check_value(name: str, value: Any, takes: Takes) -> None:
    at = pointer(2, name)
    types = tuple(kind for kind in takes if isinstance(kind, type))
    if not types:
        if value not in takes:
            raise refusal(ArgumentInvalid(f"{name!r} should be one of {listing(list(map(str, takes)))}"), at)
    elif not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        wanted = " or ".join(kind.__name__ for kind in types)
        raise refusal(ArgumentInvalid(f"{name!r} should be of type {wanted}, not {shown(value)}"), at)
    elif name != "fill_value" and isinstance(value, (int, float)):
        low, high = _RANGES.get(name, (-LARGEST, LARGEST))
        if not low <= value <= high:
            raise refusal(ArgumentInvalid(f"{name!r} should be between {low} and {high}, not {shown(value)}"), at)


AGGREGATIONS: Final[Mapping[str, Arguments]] = {
    "all": _SKIPS,
    "any": _SKIPS,
    "count": {},
    "first": _COUNTED,
    "idxmax": _SKIPS,
    "idxmin": _SKIPS,
    "kurt": _SKIPS,
    "last": _COUNTED,
    "max": _COUNTED,
    "mean": _SKIPS,
    "median": _SKIPS,
    "min": _COUNTED,
    "nunique": {"dropna": (bool,)},
    "prod": _COUNTED,
    "quantile": _QUANTILE,
    "sem": _SPREAD,
    "size": {},
    "skew": _SKIPS,
    "std": _SPREAD,
    "sum": _COUNTED,
    "var": _SPREAD,
}
"""One value for each group."""

ROW_WISE: Final[Mapping[str, Arguments]] = {
    "bfill": {"limit": (int,)},
    "cumcount": {"ascending": (bool,)},
    "cummax": _SKIPS,
    "cummin": _SKIPS,
    "cumprod": _SKIPS,
    "cumsum": _SKIPS,
    "diff": {"periods": (int,)},
    "ffill": {"limit": (int,)},
    "ngroup": {"ascending": (bool,)},
    "pct_change": {"periods": (int,)},
    "rank": {
        "method": ("average", "min", "max", "first", "dense"),
        "ascending": (bool,),
        "na_option": ("keep", "top", "bottom"),
        "pct": (bool,),
    },
    "shift": {"periods": (int,), "fill_value": (str, int, float, bool)},
}
"""One value for each row, made of the rows of its group."""

_PAIRS: Final[Mapping[str, Arguments]] = {"corr": {}, "cov": {"ddof": (int,)}}
_WINDOWS: Final[Mapping[str, Arguments]] = {
    "count": {},
    "first": {},
    "kurt": {},
    "last": {},
    "max": {},
    "mean": {},
    "median": {},
    "min": {},
    "nunique": {},
    "quantile": _QUANTILE,
    "rank": {"method": ("average", "min", "max"), "ascending": (bool,), "pct": (bool,)},
    "sem": {"ddof": (int,)},
    "skew": {},
    "std": {"ddof": (int,)},
    "sum": {},
    "var": {"ddof": (int,)},
}
_WEIGHTED: Final[Mapping[str, Arguments]] = {"mean": {}, "std": {"bias": (bool,)}, "sum": {}, "var": {"bias": (bool,)}}
_OF_RESAMPLED: Final = {name: takes for name, takes in AGGREGATIONS.items() if not name.startswith("idx")}

AGGREGATING: Final = Functions("aggregation", AGGREGATIONS, {"corr": {}, "cov": {}}, frozenset({"size"}))
TRANSFORMING: Final = Functions(
    "function of a group's rows",
    {**AGGREGATIONS, **ROW_WISE},
    {"corr": {}, "cov": {}},
    frozenset({"size", "ngroup", "cumcount"}),
)
WINDOWING: Final = Functions("function of a window", _WINDOWS, _PAIRS)
WEIGHTING: Final = Functions("function of weighted rows", _WEIGHTED, {"corr": {}, "cov": {"bias": (bool,)}})
RESAMPLING: Final = Functions("aggregation of a bin", _OF_RESAMPLED, {"corr": {}, "cov": {}}, frozenset({"size"}))
