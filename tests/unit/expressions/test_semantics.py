"""What expressions mean: beside pandas, over every physical dtype, with nulls."""

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.errors import ColumnUnknown, DtypeUnsuitable, ExpressionForbidden
from jobs.expressions import parse

TEXTS: dict[str, Any] = {
    "str": "str",
    "object": object,
    "string": "string",
    "arrow": pd.ArrowDtype(pa.string()),
    "large": pd.ArrowDtype(pa.large_string()),
    "view": pd.ArrowDtype(pa.string_view()),
    "dictionary": pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())),
    "category": "category",
}
NUMBERS: dict[str, Any] = {
    "numpy": "float64",
    "masked": "Float64",
    "arrow": pd.ArrowDtype(pa.float64()),
    "Int64": "Int64",
    "arrow int": pd.ArrowDtype(pa.int64()),
    "decimal": pd.ArrowDtype(pa.decimal128(12, 2)),
    "object": object,
}
WORDS = ["ab", "B", None, "x y"]
COUNTS = [1, 2, None, 4]


def _mask(text: str, frame: pd.DataFrame) -> list[bool]:
    mask = parse(text).mask(frame)
    assert mask.dtype == bool
    return list(mask)


@pytest.mark.parametrize("dtype", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s == 'ab'", [1, 0, 0, 0]),
        ("not s == 'ab'", [0, 1, 0, 1]),
        ("s != 'ab'", [0, 1, 0, 1]),
        ("~(s > 'a')", [0, 1, 0, 0]),
        ("s in ['ab', 'B']", [1, 1, 0, 0]),
        ("s not in ['ab', 'B']", [0, 0, 1, 1]),
        ("s in ['ab', None]", [1, 0, 1, 0]),
        ("s.str.contains('[aB]')", [1, 1, 0, 0]),
        ("not s.str.contains('[aB]')", [0, 0, 0, 1]),
        ("s.str.contains('A', case=False, na=True)", [1, 0, 1, 0]),
        ("s.str.lower().str.startswith(('a', 'b'))", [1, 1, 0, 0]),
        ("not s.str.endswith('y')", [1, 1, 0, 0]),
        ("s.str.len() > 1", [1, 0, 0, 1]),
        ("not s.str.len() > 1", [0, 1, 0, 0]),
        ("s.isna() or s.str[0] == 'x'", [0, 0, 1, 1]),
        ("coalesce(s, 'ab') == 'ab'", [1, 0, 1, 0]),
        ("(s if s == 'B' else 'n') == 'n'", [1, 0, 1, 1]),
        ("s + '!' == 'B!'", [0, 1, 0, 0]),
        ("s.str.replace('a', 'z').str.fullmatch('z.')", [1, 0, 0, 0]),
        ("s.fillna('B') == 'B'", [0, 1, 1, 0]),
        ("s.str.split(' ').str[1] == 'y'", [0, 0, 0, 1]),
    ],
)
def test_text_means_the_same_in_every_dtype(dtype: Any, text: str, expected: list[int]) -> None:
    frame = pd.DataFrame({"s": pd.Series(WORDS, dtype="str").astype(dtype)})
    assert _mask(text, frame) == [bool(truth) for truth in expected]


@pytest.mark.parametrize("dtype", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x > 1", [0, 1, 0, 1]),
        ("not x > 1", [1, 0, 0, 0]),
        ("x != 1", [0, 1, 0, 1]),
        ("x > 1 or x.isna()", [0, 1, 1, 1]),
        ("not (x > 1 and x < 4)", [1, 0, 0, 1]),
        ("1 < x < 4", [0, 1, 0, 0]),
        ("x in [1, 4]", [1, 0, 0, 1]),
        ("x not in [1, 4]", [0, 1, 1, 0]),
        ("x + 1 == 2", [1, 0, 0, 0]),
        ("x / 2 >= 1", [0, 1, 0, 1]),
        ("-x <= -2", [0, 1, 0, 1]),
        ("x == x.max()", [0, 0, 0, 1]),
        ("x.fillna(9) > 3", [0, 0, 1, 1]),
        ("x.between(1, 2)", [1, 1, 0, 0]),
        ("coalesce(x, 0) == 0", [0, 0, 1, 0]),
        ("where(x > 1, x, 0) == 0", [1, 0, 1, 0]),
        ("x > x.mean()", [0, 0, 0, 1]),
        ("x.shift(1) == 1", [0, 1, 0, 0]),
        ("(x > 1).any() and x.notna()", [1, 1, 0, 1]),
    ],
)
def test_numbers_mean_the_same_in_every_dtype(dtype: Any, text: str, expected: list[int]) -> None:
    values = [None if x is None else Decimal(x) for x in COUNTS] if "decimal" in str(dtype) else COUNTS
    frame = pd.DataFrame({"x": pd.Series(values, dtype=dtype)})
    assert _mask(text, frame) == [bool(truth) for truth in expected]


DAYS = [datetime.date(2024, 1, 31), datetime.date(2024, 2, 29), None, datetime.date(2023, 5, 5)]
MOMENTS: dict[str, Any] = {
    "date32": pd.array(DAYS, dtype=pd.ArrowDtype(pa.date32())),
    "object": pd.Series(DAYS, dtype=object),
    "numpy": pd.to_datetime(pd.Series(DAYS)),
    "arrow": pd.array(pd.to_datetime(pd.Series(DAYS)), dtype=pd.ArrowDtype(pa.timestamp("ms"))),
    "zone": pd.to_datetime(pd.Series(DAYS)).dt.tz_localize("Europe/Berlin"),
    "arrow zone": pd.array(
        pd.to_datetime(pd.Series(DAYS)).dt.tz_localize("Asia/Tokyo"),
        dtype=pd.ArrowDtype(pa.timestamp("us", "Asia/Tokyo")),
    ),
}


@pytest.mark.parametrize("values", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("t >= '2024-01-31'", [1, 1, 0, 0]),
        ("not t >= date('2024-01-31')", [0, 0, 0, 1]),
        ("t == '2024-02-29'", [0, 1, 0, 0]),
        ("t in ['2024-02-29', date('2023-05-05')]", [0, 1, 0, 1]),
        ("t + timedelta('1D') == '2024-03-01'", [0, 1, 0, 0]),
        ("t + offset(months=1) == '2024-02-29'", [1, 0, 0, 0]),
        ("t - timedelta('31D') < '2024-01-01'", [1, 0, 0, 1]),
        ("t.dt.year == 2024", [1, 1, 0, 0]),
        ("t - t.min() > timedelta('280D')", [0, 1, 0, 0]),
        ("t.between('2024-01-01', '2024-02-01')", [1, 0, 0, 0]),
        ("t.dt.is_month_end", [1, 1, 0, 0]),
        ("not t.dt.is_month_end", [0, 0, 0, 1]),
        ("t.dt.strftime('%m') == '05'", [0, 0, 0, 1]),
    ],
)
def test_dates_mean_the_same_in_every_dtype(values: Any, text: str, expected: list[int]) -> None:
    assert _mask(text, pd.DataFrame({"t": values})) == [bool(truth) for truth in expected]


def test_decimals_compare_with_the_written_number() -> None:
    frame = pd.DataFrame(
        {"d": pd.array([Decimal("0.05"), None, Decimal("0.07")], dtype=pd.ArrowDtype(pa.decimal128(12, 2)))}
    )
    assert _mask("d >= 0.05", frame) == [True, False, True]
    assert _mask("d <= 0.06 + 0.01", frame) == [True, False, True]
    assert parse("d.sum()").evaluate(frame) == Decimal("0.12")
    assert parse("d + d").column(frame).dtype == "float64"


@pytest.mark.parametrize(
    ("text", "column", "dtype"),
    [
        ("s > 1", "s", "str"),
        ("1 + s", "s", "str"),
        ("s * 2", "s", "str"),
        ("x.dt.year", "x", "int64"),
        ("s.dt.year", "s", "str"),
        ("x.str.lower()", "x", "int64"),
        ("x and s", "x", "int64"),
        ("x if s else 1", "s", "str"),
        ("sqrt(s)", "s", "str"),
        ("s in x + 'a'", "x", "int64"),
        ("t > 3", "t", "datetime64[us]"),
        ("t > 'soon'", "t", "datetime64[us]"),
        ("t + t", "t", "datetime64[us]"),
        ("int(s)", "s", "str"),
        ("where(x > 1, s, x)", "x", "int64"),
    ],
)
def test_a_clash_names_its_column(text: str, column: str, dtype: str) -> None:
    frame = pd.DataFrame({"x": [1, 2], "s": ["a", "b"], "t": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    with pytest.raises(DtypeUnsuitable) as caught:
        parse(text).column(frame)
    assert (caught.value.column, caught.value.dtype) == (column, dtype)


def test_an_unknown_column_is_suggested() -> None:
    with pytest.raises(ColumnUnknown, match="did you mean 'region'"):
        parse("regoin == 'N'").mask(pd.DataFrame({"region": ["N"]}))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a.lower()", "x.str.lower"),
        ("sqr(a)", "sqrt"),
        ("a.fillnan(0)", "fillna"),
        ("max(a, b)", "maximum"),
        ("a is None", "isna"),
    ],
)
def test_a_refusal_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(ExpressionForbidden, match=hint):
        parse(text)


def test_columns_may_have_the_names_of_functions() -> None:
    expression = parse("count + date + abs(sum)")
    assert expression.columns == {"count", "date", "sum"}
    assert expression.column(pd.DataFrame({"count": [1], "date": [2], "sum": [-3]})).tolist() == [6]


def test_integers_stay_integers_and_nulls_make_them_nullable() -> None:
    frame = pd.DataFrame(
        {"i": [7, 2**53 + 1, -3], "s": ["a", None, "b"], "t": pd.to_datetime(["2024-01-01", None, None])}
    )
    for text in ("i + 1", "i * 2", "i // 2", "i % 2", "-i", "abs(i)", "i if i > 0 else 0"):
        assert parse(text).column(frame).dtype == "int64"
    assert parse("i.shift(1)").column(frame).tolist()[1:] == [7, 2**53 + 1]
    assert [str(parse(text).column(frame).dtype) for text in ("i.shift(1)", "s.str.len()", "t.dt.year")] == [
        "Int64",
        "Int64",
        "Int32",
    ]


def test_frames_without_rows_have_the_same_dtypes() -> None:
    frame = pd.DataFrame(
        {"i": [1, 2], "f": [1.5, 2.5], "s": ["a", "b"], "t": pd.to_datetime(["2024-01-01", "2024-01-02"])}
    )
    for text in (
        "i + 1",
        "i / 2",
        "f > 1",
        "s + 'x'",
        "s.str.len()",
        "t.dt.year",
        "t + timedelta('1D')",
        "i if f > 2 else 0",
        "i in [1]",
        "s.str.split('a').str[0]",
        "coalesce(s, 'x')",
        "i.cumsum()",
        "f > f.mean()",
        "str(i)",
        "i.shift()",
        "1",
        "'a'",
        "i.rank()",
    ):
        assert parse(text).column(frame.head(0)).dtype == parse(text).column(frame).dtype, text


_NUMERIC = [
    "i + j * 2 - 1",
    "i / 2",
    "i // 2",
    "i % 3",
    "f * i",
    "f // 2",
    "f % 2",
    "-f",
    "(i + j) ** 2",
    "i > j",
    "i >= 1 and j < 2",
    "i == 1 or not j == 2",
    "1 < i < j",
    "i in [1, 2]",
    "i not in [1, 2]",
    "f + i > 2",
    "f.fillna(0) + 1",
    "f.cumsum()",
    "f.clip(0, 2)",
    "i.abs()",
    "f.rank()",
    "i.cumsum()",
    "i > 1 & j < 2",
    "~(i > 1)",
    "(i > j) | (j > 1)",
    "sqrt(abs(i))",
    "f.round(1)",
    "i - i.mean()",
    "i.isin([1, 3])",
    "i.between(0, 2)",
]
_SPELT_FOR_PANDAS = {
    "i not in [1, 2]": "~i.isin([1, 2])",
    "i in [1, 2]": "i.isin([1, 2])",
    "1 < i < j": "(1 < i) & (i < j)",
    "i >= 1 and j < 2": "(i >= 1) & (j < 2)",
    "i == 1 or not j == 2": "(i == 1) | ~(j == 2)",
    "i > 1 & j < 2": "(i > 1) & (j < 2)",
    "sqrt(abs(i))": "np.sqrt(i.abs())",
}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5), st.none() | st.floats(-9, 9, width=16)), max_size=12),
    st.sampled_from(_NUMERIC),
    st.sampled_from(["int64", "Int64", "int32"]),
)
def test_numbers_agree_with_pandas(rows: list[tuple[int, int, float | None]], text: str, dtype: str) -> None:
    frame = pd.DataFrame(rows, columns=["i", "j", "f"]).astype({"i": dtype, "j": dtype, "f": "float64"})
    names = {"i": frame["i"], "j": frame["j"], "f": frame["f"], "np": np}
    expected = eval(_SPELT_FOR_PANDAS.get(text, text), names)  # the texts are this file's own
    actual = parse(text).column(frame)
    pd.testing.assert_series_equal(actual, expected, check_names=False, check_dtype=False)


_TEXT = st.none() | st.text(alphabet="abAB yß é1", max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_TEXT, max_size=8),
    st.sampled_from(
        [
            "s.str.lower()",
            "s.str.upper()",
            "s.str.strip()",
            "s.str[:2]",
            "s.str[-2:]",
            "s.str[1]",
            "s.str.replace('a', 'xx')",
            "s.str.title()",
            "s.str.zfill(4)",
            "s.str.pad(5)",
            "s.str.ljust(4)",
            "s.str.split('a').str[0]",
            "s.str.removeprefix('a')",
            "s.str.removesuffix('b')",
            "s.str.len()",
            "s.str.count('a')",
            "s.str.find('b')",
            "s.str.capitalize()",
            "s.str.repeat(2)",
            "s.str.get(-1)",
            "s.str.swapcase()",
            "s.str.replace('[ab]+', '-', regex=True)",
            "s.str.rfind('a')",
            "s.str.slice(1, 3)",
            "s.str.rjust(3)",
            "s.str[::-1]",
            "s.str.lstrip('a')",
        ]
    ),
)
def test_text_agrees_with_pandas(values: list[str | None], text: str) -> None:
    frame = pd.DataFrame({"s": pd.Series(values, dtype="str")})
    has_text = any(value is not None for value in values)  # of nulls alone pandas' own split makes no lists
    results = eval(text, {"s": frame["s"]}) if has_text else values
    expected = [None if pd.isna(x) else x for x in results]
    assert [None if pd.isna(x) else x for x in parse(text).column(frame)] == expected


def test_a_result_shares_no_memory_with_its_frame() -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5]})
    result = parse("x.clip()").column(frame)
    assert not np.shares_memory(result.to_numpy(), frame["x"].to_numpy())
