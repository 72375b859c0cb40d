"""Every method and property beside pandas, over every way a column may be stored."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jobs.errors import DtypeUnsuitable, ExpressionForbidden
from jobs.expressions import parse
from jobs.expressions.methods import METHODS
from jobs.expressions.periods import PERIOD_FIELDS
from jobs.expressions.texts import TEXTS
from jobs.expressions.times import MOMENT_FIELDS, SPAN_FIELDS, TIMES


def arrow(type_: pa.DataType) -> Any:
    return pd.ArrowDtype(type_)


WORDS = ["Ab c", "", None, "éß1", "12", "ab,c,,d", "  x ", "\u0041\u030a", "Zz"]
TEXT_DTYPES: dict[str, Any] = {
    "str": "str", "object": object, "string": "string", "arrow": arrow(pa.string()),
    "large": arrow(pa.large_string()),
    "view": arrow(pa.string_view()), "dictionary": arrow(pa.dictionary(pa.int32(), pa.string())),
    "category": "category",
}  # fmt: skip
COUNTS = [1, 2, None, 4, -3, 2, None, 4, 7]
OTHERS = [2, 2, 3, None, 5, 1, None, 1, 3]
NUMBER_DTYPES: dict[str, Any] = {
    "numpy": "float64", "masked": "Float64", "float32": "float32", "arrow": arrow(pa.float64()), "Int64": "Int64",
    "Int16": "Int16", "arrow int": arrow(pa.int64()), "decimal": arrow(pa.decimal128(12, 2)), "object": object,
    "category": "category",
}  # fmt: skip
FLAGS = [True, False, None, True, False, True, None, False, True]
FLAG_DTYPES: dict[str, Any] = {"boolean": "boolean", "arrow": arrow(pa.bool_()), "object": object}
STAMPS = pd.Series(pd.to_datetime(["2024-01-31 12:34:56.789", "2024-12-30 23:59:59", None, "2023-05-05", "1999-12-31",
                                   "2024-02-29 00:00:01", None, "2024-03-31 06:30",
                                   "2024-10-01"], format="ISO8601"))  # fmt: skip
STAMP_DTYPES: dict[str, Any] = {
    "us": "datetime64[us]", "ns": "datetime64[ns]", "ms": "datetime64[ms]", "arrow": arrow(pa.timestamp("us")),
    "arrow ms": arrow(pa.timestamp("ms")), "object": object,
}  # fmt: skip
SPANS = STAMPS - pd.Timestamp("2024-01-31")
SPAN_DTYPES: dict[str, Any] = {
    "us": "timedelta64[us]",
    "ns": "timedelta64[ns]",
    "arrow": arrow(pa.duration("us")),
    "object": object,
}

NUMBER_METHODS = [
    "x.abs()", "x.add(y)", "x.add(y, fill_value=10)", "x.radd(1)", "x.sub(y)", "x.subtract(y, fill_value=1)",
    "x.rsub(1)",
    "x.mul(y)", "x.multiply(2)", "x.rmul(2)", "x.div(y)", "x.divide(y, fill_value=1)", "x.truediv(4)",
    "x.rtruediv(4)",
    "x.floordiv(2)", "x.rfloordiv(9)", "x.mod(3)", "x.rmod(9)", "x.pow(2)", "y.rpow(2)", "x.between(1, 4)",
    "x.between(1, 4, inclusive='left')", "x.between(1, 4, inclusive='right')", "x.between(1, 4, 'neither')",
    "x.bfill()",
    "x.bfill(limit=1)", "x.ffill()", "x.ffill(limit=1)", "x.clip(0, 3)", "x.clip(upper=y)", "x.combine_first(y)",
    "x.corr(y)",
    "x.cov(y)", "x.cov(y, ddof=0)", "x.count()", "x.cummax()", "x.cummin()", "x.cumprod()", "x.cumsum()", "x.diff()",
    "x.diff(-2)", "x.duplicated()", "x.duplicated('last')", "x.duplicated(keep=False)", "x.eq(y)", "x.ne(y)",
    "x.lt(y)",
    "x.le(y)", "x.gt(y)", "x.ge(y)", "x.fillna(0)", "x.fillna(y)", "x.idxmax()", "x.idxmin()", "x.argmax()",
    "x.argmin()",
    "x.isin([1, 4])", "x.isin(y)", "x.isna()", "x.isnull()", "x.notna()", "x.notnull()", "x.kurt()", "x.kurtosis()",
    "x.mask(y > 2)", "x.mask(y > 2, 0)", "x.where(y > 2)", "x.where(y > 2, 0)", "x.max()", "x.min()", "x.mean()",
    "x.median()", "x.max(skipna=False)", "x.mean(skipna=False)", "x.sum(skipna=False)", "x.nunique()",
    "x.nunique(dropna=False)", "x.pct_change()", "x.pct_change(2)", "x.prod()", "x.product()", "x.prod(min_count=20)",
    "x.quantile()", "x.quantile(0.25)", "x.quantile(0.4, interpolation='lower')", "x.rank()",
    "x.rank(method='dense')",
    "x.rank(ascending=False, pct=True)", "x.rank(na_option='top')", "x.replace(2, 9)", "x.replace([2, 4], 0)",
    "x.round()",
    "x.sem()", "x.shift()", "x.shift(-1)", "x.shift(1, fill_value=0)", "x.skew()", "x.std()", "x.std(ddof=0)",
    "x.sum()",
    "x.sum(min_count=20)", "x.sum(min_count=3)", "x.var()", "x.astype('float64')", "x.min(skipna=False)",
    "x.astype('Int64')",
]  # fmt: skip
FLAG_METHODS = ["c.any()", "c.all()", "c.sum()", "c.mean()", "c.count()", "c.fillna(False)", "c.isna()", "c.nunique()"]
TEXT_METHODS = [
    "s.str.capitalize()", "s.str.casefold()", "s.str.cat(s, sep='-')", "s.str.cat(s, na_rep='?')", "s.str.center(6)",
    "s.str.center(7, '*')", "s.str.contains('b')", "s.str.contains('[AB]', case=False)",
    "s.str.contains('.', regex=False)",
    "s.str.contains('b', na=False)", "s.str.count('[abc]')", "s.str.endswith('c')", "s.str.endswith(('c', 'd'))",
    "s.str.find('c')", "s.str.find('b', 2)", "s.str.find('c', 1, 3)", "s.str.fullmatch('[A-Za-z ]+')", "s.str.get(0)",
    "s.str.get(-2)", "s.str.isalnum()", "s.str.isalpha()", "s.str.isascii()", "s.str.isdecimal()", "s.str.isdigit()",
    "s.str.islower()", "s.str.isnumeric()", "s.str.isspace()", "s.str.istitle()", "s.str.isupper()", "s.str.len()",
    "s.str.split(',').str.join('|')", "s.str.ljust(5)", "s.str.ljust(5, '.')", "s.str.lower()", "s.str.lstrip()",
    "s.str.lstrip('Aa')", "s.str.match('[Aa]b')", "s.str.normalize('NFC')", "s.str.normalize('NFKD')", "s.str.pad(5)",
    "s.str.pad(5, side='both', fillchar='_')", "s.str.removeprefix('ab')", "s.str.removesuffix('c')",
    "s.str.repeat(3)",
    "s.str.replace('b', 'X')", "s.str.replace('[a-c]', '<>', regex=True)", "s.str.replace('c', '', n=1)",
    "s.str.replace('B', 'x', case=False, regex=False)", "s.str.rfind('c')", "s.str.rfind(',', 0, 5)",
    "s.str.rjust(5)",
    "s.str.rsplit(',', n=1).str[0]", "s.str.rstrip()", "s.str.rstrip('cd')", "s.str.slice(1, 3)",
    "s.str.slice(step=2)",
    "s.str.slice_replace(1, 2, 'XX')", "s.str.slice_replace(stop=2, repl='-')", "s.str.slice_replace(-2, repl='z')",
    "s.str.split().str[0]", "s.str.split(',', n=1).str.get(1)", "s.str.split('[, ]+').str.len()",
    "s.str.split('.', regex=True).str.len()",
    "s.str.split(',,', regex=False).str[1]", "s.str.startswith('a')", "s.str.startswith('a', na=True)",
    "s.str.strip()",
    "s.str.strip('A 1')", "s.str.swapcase()", "s.str.title()", "s.str.upper()", "s.str.zfill(5)", "s.str[1:]",
    "s.str[-1]",
    "s.duplicated()", "s.nunique()", "s.min()", "s.max()", "s.fillna('none')", "s.isin(['12', ''])", "s.shift()",
    "s.rank()",
    "s.where(s > 'a', 'no')", "s.combine_first(s)", "s.ffill()", "s.eq('12')", "s.add('!')",
    "s.replace('12', 'twelve')",
]  # fmt: skip
TIME_METHODS = [
    "t.dt.as_unit('ms')", "t.dt.ceil('h')", "t.dt.ceil('30min')", "t.dt.floor('D')", "t.dt.floor('15min')",
    "t.dt.round('10s')", "t.dt.day_name()", "t.dt.month_name()", "t.dt.normalize()", "t.dt.strftime('%Y-%m')",
    "t.dt.to_period('M').astype('str')", "t.dt.to_period('Q-MAR').astype('str')", "t.dt.tz_localize('UTC')",
    "t.dt.tz_localize('Asia/Tokyo').dt.tz_convert('UTC')", "t.dt.tz_localize('UTC').dt.tz_localize(None)",
    "t.dt.to_period('M').dt.to_timestamp()", "t.dt.to_period('Q').dt.to_timestamp(how='end')",
    "t.dt.to_period('M').dt.strftime('%m/%Y')", "t.dt.isocalendar().week", "t.dt.isocalendar().year",
    "t.dt.isocalendar().day", "t.min()", "t.max()", "t.mean()", "t.median()", "t.quantile(0.5)", "t.diff()",
    "t.shift()",
    "t.idxmin()", "t.between('2024-01-01', '2024-06-01')", "t.fillna('2000-01-01')", "t.sub(t)", "t.nunique()",
]  # fmt: skip
SPAN_METHODS = [
    "d.dt.total_seconds()", "d.dt.floor('h')", "d.dt.ceil('D')", "d.dt.round('15min')", "d.dt.as_unit('s')",
    "d.sum()",
    "d.mean()", "d.max()", "d.std()", "d.abs()", "d.cumsum()", "d.mul(2)", "d.div(2)", "d.rank()", "d.idxmax()",
]  # fmt: skip
# what pandas spells in another way, or answers otherwise: the text for pandas
PLAIN = {
    "x.argmax()": "x.idxmax()", "x.argmin()": "x.idxmin()",
    "x.isin(y)": "x.astype('float64').isin(y.astype('float64'))",
    "t.dt.to_period('Q').dt.to_timestamp(how='end')": "t.dt.to_period('Q').dt.end_time",
    "t.fillna('2000-01-01')": "t.fillna(pd.Timestamp('2000-01-01'))",
}  # fmt: skip
# where pandas' name of a property is another (some are deprecated there)
_OTHER_NAMES = {
    "week": "isocalendar().week", "isoyear": "isocalendar().year", "isoday": "isocalendar().day",
    "date": "normalize()",
    "weekday": "day_of_week", "dayofweek": "day_of_week", "dayofyear": "day_of_year", "daysinmonth": "days_in_month",
}  # fmt: skip
FIELDS = {"t": {name: name for name in MOMENT_FIELDS} | _OTHER_NAMES, "d": {name: name for name in SPAN_FIELDS}}


def cells(values: Any) -> list[Any]:
    """The values as plain Python, so that storage does not count."""
    if not isinstance(values, pd.Series):
        values = pd.Series([values])
    plain = []
    for value in values:
        if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
            plain.append(None)
        elif isinstance(value, (bool, np.bool_)):
            plain.append(bool(value))
        elif isinstance(value, (int, float, np.number, Decimal)):
            plain.append(pytest.approx(float(value), rel=1e-6))
        elif isinstance(value, (pd.Timestamp, pd.Timedelta)):
            plain.append(value.floor("s"))  # resolutions differ
        else:
            plain.append(str(value) if isinstance(value, pd.Period) else value)
    return plain


def told(values: list[Any]) -> list[Any]:
    """Conditions without their nulls: a column of a condition is `bool` where its operands cannot be nullable."""
    return [value is True for value in values] if any(isinstance(value, bool) for value in values) else values


def plain(text: str, frame: pd.DataFrame) -> list[Any]:
    """pandas' own answer; nulls of nullable columns are compared as such."""
    names: dict[str, Any] = {name: frame[name] for name in frame}
    return cells(eval(PLAIN.get(text, text), {"pd": pd, **names}))  # the texts are this file's own


def ours(text: str, frame: pd.DataFrame) -> list[Any]:
    return cells(parse(text).evaluate(frame))


def numbers(dtype: Any) -> pd.DataFrame:
    made = {}
    for name, values in (("x", COUNTS), ("y", OTHERS)):
        exact = [None if value is None else Decimal(value) for value in values] if "decimal" in str(dtype) else values
        made[name] = pd.Series(exact, dtype=object if dtype == "category" else dtype)
        if dtype == "category":
            made[name] = pd.Series(values, dtype="Int64").astype("category")
    return pd.DataFrame(made)


@pytest.mark.parametrize("text", NUMBER_METHODS)
def test_methods_of_numbers(text: str) -> None:
    canonical = pd.DataFrame({"x": COUNTS, "y": OTHERS}, dtype="Float64")
    if any(word in text for word in (".astype", "pct_change", ".mask", ".where")):
        canonical = canonical.astype("float64")
    expected = told(plain(text, canonical))
    for name, dtype in NUMBER_DTYPES.items():
        assert told(ours(text, numbers(dtype))) == expected, name


@pytest.mark.parametrize("dtype", FLAG_DTYPES.values(), ids=FLAG_DTYPES)
@pytest.mark.parametrize("text", FLAG_METHODS)
def test_methods_of_conditions(dtype: Any, text: str) -> None:
    canonical = pd.DataFrame({"c": pd.Series(FLAGS, dtype="boolean")})
    assert ours(text, pd.DataFrame({"c": pd.Series(FLAGS, dtype=dtype)})) == plain(text, canonical)


@pytest.mark.parametrize("text", TEXT_METHODS)
def test_methods_of_text(text: str) -> None:
    canonical = pd.DataFrame({"s": pd.Series(WORDS, dtype="str")})
    expected = told(plain(text, canonical))
    for name, dtype in TEXT_DTYPES.items():
        assert told(ours(text, pd.DataFrame({"s": pd.Series(WORDS, dtype="str").astype(dtype)}))) == expected, name


@pytest.mark.parametrize("text", [*TIME_METHODS, *(f"t.dt.{name}" for name in FIELDS["t"])])
def test_methods_and_properties_of_times(text: str) -> None:
    known = FIELDS["t"].get(text.removeprefix("t.dt."))
    expected = plain(text if known is None else f"t.dt.{known}", pd.DataFrame({"t": STAMPS}))
    if known is not None:  # pandas says False of no date, and here a null stays one
        expected = [None if null else cell for cell, null in zip(expected, STAMPS.isna(), strict=True)]
    for name, dtype in STAMP_DTYPES.items():
        values = pd.Series([None if pd.isna(value) else value.to_pydatetime() for value in STAMPS], dtype=object)
        frame = pd.DataFrame({"t": values if dtype is object else STAMPS.astype(dtype)})
        assert told(ours(text, frame)) == told(expected), name


DAYS = [None if pd.isna(stamp) else stamp.date() for stamp in STAMPS]


@pytest.mark.parametrize("text", [*TIME_METHODS, *(f"t.dt.{name}" for name in FIELDS["t"])])
def test_dates_are_midnights(text: str) -> None:
    frame = pd.DataFrame({"t": pd.array(DAYS, dtype=arrow(pa.date32()))})
    midnights = pd.DataFrame({"t": pd.to_datetime(pd.Series(DAYS))})
    assert ours(text, frame) == ours(text, midnights)


@pytest.mark.parametrize("text", [*SPAN_METHODS, *(f"d.dt.{name}" for name in FIELDS["d"])])
def test_methods_and_properties_of_durations(text: str) -> None:
    expected = plain(text, pd.DataFrame({"d": SPANS}))
    for name, dtype in SPAN_DTYPES.items():
        values = pd.Series([None if pd.isna(value) else value.to_pytimedelta() for value in SPANS], dtype=object)
        frame = pd.DataFrame({"d": values if dtype is object else SPANS.astype(dtype)})
        assert ours(text, frame) == expected, name


@pytest.mark.parametrize("name", PERIOD_FIELDS)
@pytest.mark.parametrize("freq", ["M", "Q-MAR", "D", "W"])
def test_properties_of_periods(name: str, freq: str) -> None:
    frame = pd.DataFrame({"p": STAMPS.dt.to_period(freq)})
    expected = [None if null else cell for cell, null in zip(plain(f"p.dt.{name}", frame), STAMPS.isna(), strict=True)]
    assert ours(f"p.dt.{name}", frame) == expected
    assert ours(f"t.dt.to_period('{freq}').dt.{name}", pd.DataFrame({"t": STAMPS})) == expected


@pytest.mark.parametrize(
    "text",
    ["p == '2024-01'", "p < '2024'", "p >= '2023-05'", "'2024-01' != p", "p == '2024-01-05T10:00Z'", "p > '2023Q4'"],
)
def test_periods_compare_with_text_as_in_pandas(text: str) -> None:
    frame = pd.DataFrame({"p": STAMPS.dt.to_period("M")})
    kept = [value is True for value in plain(text, frame)]
    nulls = frame["p"].isna()
    assert list(parse(text).mask(frame)) == [one and not null for one, null in zip(kept, nulls, strict=True)]
    with pytest.raises(DtypeUnsuitable, match="no ISO date"):
        parse("p > 'soon'").mask(frame)


def test_every_entry_is_tried() -> None:
    tried = " ".join([*NUMBER_METHODS, *FLAG_METHODS, *TEXT_METHODS, *TIME_METHODS, *SPAN_METHODS])
    missing = [f".{name}(" for name in METHODS if f".{name}(" not in tried]
    missing += [f".str.{name}(" for name in TEXTS if f".str.{name}(" not in tried and name != "extract"]
    missing += [f".dt.{name}(" for name in TIMES if f".dt.{name}(" not in tried]
    assert missing == []


def test_extract_gives_the_one_group() -> None:
    frame = pd.DataFrame({"s": pd.Series(WORDS, dtype="str")})
    expected = frame["s"].str.extract("(?P<n>[0-9]+)", expand=False)
    assert ours("s.str.extract('(?P<n>[0-9]+)')", frame) == cells(expected)


def test_what_has_no_value_is_null() -> None:
    frame = pd.DataFrame({"x": pd.Series([None, None], dtype="float64"), "n": pd.Series([1.0, 2.0])})
    for text in ("x.idxmax()", "x.argmin()", "x.max()", "x.corr(n)", "x.cov(n)", "n.sem(ddof=2)"):
        assert ours(text, frame) in ([None], [None, None]), text
    assert parse("x.idxmax()").evaluate(frame.head(0)) is None


@pytest.mark.parametrize(
    "text",
    ["t.dt.floor('M')", "t.dt.floor('0h')", "t.dt.round('1.5h')", "x.duplicated(keep='none')",
    "s.str.normalize('nfc')",
     "s.str.split('a*')", "s.str.split('((')", "t.dt.isocalendar(1).week", "t.dt.isocalendar().month",
     "x.ffill(limit=-1)",
     "t.dt.isocalendar()", "t.isocalendar().week", "x.sum(min_count=-1)"],
)  # fmt: skip
def test_arguments_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ExpressionForbidden):
        parse(text)


def test_decimals_stay_exact_with_the_new_arguments() -> None:
    values = [Decimal("0.10"), None, Decimal("99999999.95")]
    frame = pd.DataFrame({"x": pd.array(values, dtype=arrow(pa.decimal128(12, 2)))})
    assert parse("x.sum()").evaluate(frame) == Decimal("100000000.05")
    assert parse("x.sum(min_count=3)").evaluate(frame) is None
    assert parse("x.sum(skipna=False)").evaluate(frame) is None
    assert parse("x.max(skipna=False)").evaluate(frame) is None
    assert parse("x.sum()").evaluate(frame.head(0)) == Decimal(0)


def test_what_is_joined_is_text() -> None:
    frame = pd.DataFrame({"s": ["a" * 50], "t": [pd.Timestamp("2024-01-01")]})
    with pytest.raises(DtypeUnsuitable, match="column of lists"):
        parse("s.str.join('-')").column(frame)
    with pytest.raises(DtypeUnsuitable):
        parse("s.str.cat(t)").column(frame)
