"""Row groups and batches are left out only where the very evaluator would find no row in them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.codecs.base import DecodeOptions, EncodeOptions
from jobs.codecs.table import by_name
from jobs.errors import FramequeueError
from jobs.model import Input, PayloadRef
from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue
from jobs.worker.inputs import Reader

NOON = pd.Timestamp("2024-01-31T12:00:00").to_pydatetime()
OLD, LATE = (pd.Timestamp(text).to_pydatetime() for text in ("1900-01-01", "3000-01-01"))
LONG = "ü" * 40
TYPES: dict[pa.DataType, tuple[Any, ...]] = {
    pa.int64(): (-3, 0, 1, 2, 2**53, 2**53 + 1, 2**62 + 1),
    pa.int8(): (-128, -1, 0, 1, 127),
    pa.uint64(): (0, 1, 2, 2**63 + 5),
    pa.float64(): (float("nan"), float("-inf"), -0.0, 0.0, 0.1, 1.5, 2.0, float(2**53), 1e300),
    pa.float32(): (float("nan"), 0.0, 0.1, 1.5),
    pa.string(): ("", "a", "b", "é", LONG, LONG + "z", "\U0010ffff" * 30, "2024-01-31"),
    pa.large_string(): ("a", "b", "z"),
    pa.bool_(): (True, False),
    pa.date32(): (date(1969, 12, 31), date(2024, 1, 31), date(2024, 2, 29)),
    pa.timestamp("us"): (NOON, NOON + timedelta(days=1), OLD),
    pa.timestamp("ns", "UTC"): (NOON.replace(tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)),
    pa.timestamp("ms", "Europe/Berlin"): (NOON.replace(tzinfo=UTC), datetime(2024, 1, 31, 23, tzinfo=UTC)),
    pa.timestamp("s"): (NOON, LATE),
    pa.decimal128(12, 2): (Decimal("0.05"), Decimal("-7.10"), Decimal("2.00"), Decimal("1234567890.12")),
    pa.decimal128(38, 4): (Decimal("0.0500"), Decimal("2"), Decimal(10) ** 33),
    pa.dictionary(pa.int32(), pa.string()): ("a", "b", "z"),
    pa.null(): (None,),
    pa.duration("us"): (timedelta(0), timedelta(hours=2)),
    pa.list_(pa.int64()): ([1], []),
}
COMPARED = list(TYPES)[:-3]
_NUMBERS = (
    "0", "1", "-1", "2", "127", "9007199254740993", "4611686018427387905", "18446744073709551615", "0.05", "0.1", "1.5",
    "-0.0", "2.0", "1e300", "[1, 2]", "[0.1, None]", "[0.05, 2]", "[]", "[None]", "[9007199254740993]", "[1, 'a']",
    "[0, 3, 4, 5, 6, 7, 8, 9, 10.5]", "True", "[True]",
)  # fmt: skip
_TEXTS = ("'a'", "'b'", "''", f"'{LONG}'", "'2024-01-31'", "['a', 'q']", "['b', None]", "[1, 'a']", "'z'", "'é'")
_MOMENTS = (
    "'2024-01-31'", "'2024-01-31T12:00:00'", "'2024-01-31T12:00:00Z'", "date('2024-02-01')", "'1900-01-01'",
    "['2024-01-31', '1900-01-01']", "['2024-01-31T12:00:00', None]", "date('3000-01-01')",
    "'2024-01-31T13:00:00+01:00'",
)  # fmt: skip
_EVERY = (*_NUMBERS, *_TEXTS, *_MOMENTS, "timedelta('1h')", "False")
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "in", "not in"])
ORDERS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
OTHERS = st.sampled_from(
    ["a > a.mean()", "a == b", "a", "b", "True", "a.shift(1) > 0", "int(a) > 1", "a.str.startswith('a')", "a in b",
     "a.rank() > 1", "a.fillna(b) > 1", "a.dt.year > 2000", "a + b > 1", "a // b > 1", "a.cumsum() > 1", "c > 1",
     "a.duplicated()", "a.sum() > 1", "b.str.len() > 1", "b.dt.month == 1"]
)  # fmt: skip


def literals(type_: pa.DataType) -> st.SearchStrategy[str]:
    is_ = pa.types
    fitting = _TEXTS if is_.is_string(type_) or is_.is_large_string(type_) or is_.is_dictionary(type_) else _NUMBERS
    fitting = _MOMENTS if is_.is_timestamp(type_) or is_.is_date(type_) else fitting
    return st.sampled_from([*fitting * 30, *_EVERY])


def atoms(name: str, type_: pa.DataType) -> st.SearchStrategy[str]:
    column, one = st.just(name), literals(type_)
    inclusive = st.sampled_from(["both", "neither", "left"])
    compared = st.builds("{} {} {}".format, column, SIGNS, one)
    return st.one_of(
        compared,
        compared,
        compared,
        st.builds("{} {} {}".format, one, ORDERS, column),
        st.builds("{} <= {} < {}".format, one, column, one),
        st.builds("{}.{}()".format, column, st.sampled_from(["isna", "notna"])),
        st.builds("isnull({})".format, column),
        st.builds("{}.{}({})".format, column, st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "isin"]), one),
        st.builds("{}.between({}, {}, '{}')".format, column, one, one, inclusive),
    )


def conditions(a: pa.DataType, b: pa.DataType) -> st.SearchStrategy[str]:
    return st.recursive(
        st.one_of(atoms("a", a), atoms("a", a), atoms("a", a), atoms("a", a), atoms("b", b), atoms("b", b), OTHERS),
        lambda inner: st.one_of(
            st.builds("not ({})".format, inner),
            st.builds("({}) and ({})".format, inner, inner),
            st.builds("({}) or ({})".format, inner, inner),
        ),
        max_leaves=3,
    )


@st.composite
def columns(draw: st.DrawFn, type_: pa.DataType, rows: int) -> pa.Array:
    values = draw(st.lists(st.sampled_from(TYPES[type_]), min_size=rows, max_size=rows))
    if draw(st.booleans()) and not pa.types.is_null(type_):  # in order, so that groups differ
        values.sort(key=lambda value: (value != value, value))  # NaN goes last
    nulls = draw(st.sets(st.integers(0, max(0, rows - 1)), max_size=rows))
    return pa.array([None if place in nulls else value for place, value in enumerate(values)], type_)


@st.composite
def cases(draw: st.DrawFn) -> tuple[pa.Table, list[dict[str, Any]]]:
    """A table, and queries of its columns with steps between them."""
    rows = draw(st.sampled_from([0, 1, 6, 9]))
    types = {name: draw(st.sampled_from([*TYPES, *COMPARED * 3])) for name in ("a", "b", "kept")}
    table = pa.table({name: draw(columns(type_, rows)) for name, type_ in types.items()})
    texts = draw(st.lists(st.tuples(BETWEEN, conditions(types["a"], types["b"])), min_size=1, max_size=3))
    return table, [one for between, text in texts for one in (*between, {"op": "query", "expr": text})]


BETWEEN = st.sampled_from(
    [*[[]] * 15, [{"op": "select", "columns": ["b", "a"]}], [{"op": "select", "columns": ["b", "b", "a"]}],
     [{"op": "rename", "columns": {"kept": "c"}}], [{"op": "rename", "columns": {"a": "b", "b": "a"}}],
     [{"op": "rename", "columns": {"b": "a"}}], [{"op": "head", "n": 4}], [{"op": "select", "columns": ["kept"]}]]
)  # fmt: skip


def written(table: pa.Table, form: str, **options: Any) -> pa.Buffer:
    if form == "parquet":
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, row_group_size=3, **options)
        return sink.getvalue()
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(3))
    return pa.py_buffer(b"".join(by_name(form).encode(reader, EncodeOptions())))


def outcome(
    pipeline: Pipeline, data: pa.Buffer, form: str, part_rows: int | None
) -> tuple[pd.DataFrame | None, str, int | None]:
    """The result or the error's code, and the input's rows; without `part_rows` everything is read."""
    ref = PayloadRef(blob="", media_type=by_name(form).media_types[0], bytes=1)
    readings = {} if part_rows is None else pipeline.readings
    reader = Reader({"df": Input(payload=ref)}, {"df": data}, readings, DecodeOptions(part_rows=part_rows or 1))
    try:
        frame = reader.frame("df")
        return pipeline.run({"df": frame}, done=reader.done), "", reader.infos["df"].rows
    except FramequeueError as error:
        return None, error.code, None


def check(steps: list[dict[str, Any]], table: pa.Table, form: str, part_rows: int, **options: Any) -> None:
    pipeline = Pipeline.parse(steps, ["df"], Catalogue())
    data = written(table, form, **options)
    whole, failed, rows = outcome(pipeline, data, form, None)
    less, failed_less, rows_less = outcome(pipeline, data, form, part_rows)
    assert bool(failed) == bool(failed_less), (failed, failed_less)
    assert rows == rows_less
    if whole is not None and less is not None:
        pd.testing.assert_frame_equal(less, whole)


@pytest.mark.parametrize("form", ["parquet", "arrow", "arrow-file"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.integers(1, 7), st.booleans())
def test_conditions_mean_the_same_part_by_part(
    form: str, case: tuple[pa.Table, list[dict[str, Any]]], part_rows: int, dictionary: bool
) -> None:
    table, steps = case
    try:
        Pipeline.parse(steps, ["df"], Catalogue())
    except FramequeueError:
        return
    check(steps, table, form, part_rows, **({"use_dictionary": dictionary} if form == "parquet" else {}))


@st.composite
def plain_cases(draw: st.DrawFn) -> tuple[pa.Table, str]:
    """A column, and one comparison of it with what it may be compared with."""
    type_ = draw(st.sampled_from(COMPARED))
    table = pa.table({"a": draw(columns(type_, 9)), "kept": range(9)})
    return table, draw(atoms("a", type_))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(plain_cases(), st.booleans())
def test_one_comparison_leaves_out_no_row(case: tuple[pa.Table, str], negated: bool) -> None:
    table, text = case
    steps = [{"op": "query", "expr": f"not ({text})" if negated else text}, {"op": "select", "columns": ["kept"]}]
    try:
        Pipeline.parse(steps, ["df"], Catalogue())
    except FramequeueError:
        return
    check(steps, table, "parquet", 3)
