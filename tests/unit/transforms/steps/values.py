"""Generated steps of the ops of values."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.unit.transforms.steps.words import COLUMN, COLUMNS, EXPRESSIONS, step

_FLAG = st.booleans()
_LIMIT = st.sampled_from([None, 1, 2])
_AREA = st.sampled_from([None, "inside", "outside"])
_VALUE = st.sampled_from([None, 0, "a", 1.5, True, "2024-01-31"])
_BOUND = st.none() | st.sampled_from([0, 1, 1.5, "a", "2024-01-01"])
_KEY = st.sampled_from(["a", "1", "2024-01-31", "x"])
_OLD = st.sampled_from([0, "a", 1.5, True, [1, None], ["a", "x"], "2024-01-31"])
_PATTERN = st.sampled_from(["^a", ["a", "b$"], "(x)"])
_TABLE = st.sampled_from([{"a": "x"}, {"1": 1}, {"1": 1.5, "a": None}, {"x": True}, {"2024-01-31": 7}, {}])
_BOUNDS = _BOUND | st.dictionaries(COLUMN, _BOUND, max_size=2)
_ERRORS = st.sampled_from(["raise", "coerce"])
_UNIT = st.sampled_from([None, "s", "D"])
_ZONE = st.sampled_from([None, "UTC", "Europe/Berlin"])


def _running(op: str) -> st.SearchStrategy[dict[str, Any]]:
    return step(op, skipna=_FLAG, numeric_only=_FLAG)


STEPS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "fillna": step("fillna", value=st.sampled_from([0, "z", 1.5]) | st.dictionaries(COLUMN, st.just(0), min_size=1)),
    "ffill": step("ffill", limit=_LIMIT, limit_area=_AREA),
    "bfill": step("bfill", limit=_LIMIT, limit_area=_AREA),
    "interpolate": step("interpolate", limit=_LIMIT, limit_direction=st.sampled_from(["forward", "both"])),
    "isna": step("isna"),
    "notna": step("notna"),
    "shift": step("shift", periods=st.integers(-2, 2), fill_value=_VALUE),
    "diff": step("diff", periods=st.integers(-2, 2)),
    "pct_change": step("pct_change", periods=st.integers(-2, 2)),
    "abs": step("abs"),
    "round": step("round", decimals=st.integers(-1, 1) | st.dictionaries(COLUMN, st.integers(0, 1))),
    "clip": step("clip", lower=_BOUNDS, upper=_BOUNDS),
    "rank": step("rank", method=st.sampled_from(["average", "min", "first", "dense"]), numeric_only=_FLAG, pct=_FLAG),
    "cumsum": _running("cumsum"),
    "cumprod": _running("cumprod"),
    "cummax": _running("cummax"),
    "cummin": _running("cummin"),
    "where": step("where", cond=EXPRESSIONS, other=_VALUE),
    "mask": step("mask", cond=EXPRESSIONS, other=_VALUE),
    "map": step("map", columns=st.dictionaries(COLUMN, _TABLE, min_size=1, max_size=2)),
    "to_datetime": step("to_datetime", columns=COLUMNS, errors=_ERRORS, unit=_UNIT, utc=_FLAG),
    "to_numeric": step("to_numeric", columns=COLUMNS, errors=_ERRORS),
    "to_timedelta": step("to_timedelta", columns=COLUMNS, errors=_ERRORS, unit=_UNIT),
    "tz_localize": step("tz_localize", on=COLUMN, tz=_ZONE),
    "tz_convert": step("tz_convert", on=COLUMN, tz=_ZONE),
    "replace": (
        step("replace", to_replace=_OLD, value=_VALUE)
        | step("replace", to_replace=st.dictionaries(_KEY, _VALUE, min_size=1, max_size=2))
        | step("replace", to_replace=st.dictionaries(COLUMN, st.dictionaries(_KEY, _VALUE), min_size=1, max_size=2))
        | step("replace", to_replace=_PATTERN, value=_VALUE, regex=st.sampled_from([True]))
    ),
    "cut": step(
        "cut", column=COLUMN, bins=st.sampled_from([1, 3, [0, 1, 2], [-5, 0.5, 100], ["1990-01-01", "2030-01-01"]]),
        right=_FLAG, labels=st.sampled_from([None, False, ["p", "q"]]), into=st.none() | COLUMN,
    ),
    "qcut": step(
        "qcut", column=COLUMN, q=st.sampled_from([1, 2, [0.0, 0.1, 1.0]]), into=st.none() | COLUMN,
        labels=st.sampled_from([None, False, ["p", "q"]]), duplicates=st.sampled_from(["raise", "drop"]),
    ),
    "get_dummies": step("get_dummies", columns=st.none() | COLUMNS, dummy_na=_FLAG, drop_first=_FLAG),
    "from_dummies": step("from_dummies", default_category=st.sampled_from([None, "none"])),
}  # fmt: skip
