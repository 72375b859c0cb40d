"""Tables to try the codecs on: one with every type, and Hypothesis strategies for small ones."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
from hypothesis import strategies as st


def every_type() -> pa.Table:
    return pa.table(
        {
            "i": pa.array([1, None, 2**63 - 1], pa.int64()),
            "u": pa.array([1, 2, 2**64 - 1], pa.uint64()),
            "f": pa.array([1.0, None, 0.1]),
            "f32": pa.array([1.5, None, 2.0], pa.float32()),
            "b": pa.array([True, None, False]),
            "s": pa.array(["", 'NA\n"x",', None]),
            "view": pa.array(["a", "b", None], pa.string_view()),
            "d": pa.array([Decimal("1.20"), None, Decimal("-0.01")], pa.decimal128(12, 2)),
            "ts": pa.array([0, None, -1], pa.timestamp("us")),
            "zoned": pa.array([0, None, 1_700_000_000_123], pa.timestamp("ms", "Europe/Berlin")),
            "utc": pa.array([0, None, 5], pa.timestamp("ns", "UTC")),
            "date": pa.array([dt.date(2024, 2, 29), None, dt.date(1969, 12, 31)], pa.date32()),
            "time": pa.array([0, None, 5], pa.time64("us")),
            "dur": pa.array([90_500, None, -1_500], pa.duration("ms")),
            "bin": pa.array([b"\x00\xff", None, b""]),
            "list": pa.array([[1, None], None, []], pa.list_(pa.int64())),
            "struct": pa.array([{"a": 1, "b": 'x"'}, None, {"a": None, "b": "y"}]),
            "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
            "cat": pa.array(["x", None, "y"]).dictionary_encode(),
            "null": pa.nulls(3),
            "deep": pa.array([[[1.5]], [[]], None], pa.large_list(pa.list_(pa.float64()))),
        }
    )


def _column(values: st.SearchStrategy, type_: pa.DataType, rows: int) -> st.SearchStrategy:
    return st.lists(st.none() | values, min_size=rows, max_size=rows).map(lambda drawn: pa.array(drawn, type_))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
KINDS = {
    "int": (INTEGERS, pa.int64()),
    "float": (FLOATS, pa.float64()),
    "bool": (st.booleans(), pa.bool_()),
    "text": (TEXT, pa.string()),
    "list": (st.lists(st.none() | INTEGERS, max_size=3), pa.list_(pa.int64())),
}


@st.composite
def tables(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(KINDS), min_rows: int = 1) -> pa.Table:
    """Up to eight rows and four columns; names may repeat, be empty or odd."""
    rows = draw(st.integers(min_rows, 8))
    names = draw(st.lists(TEXT, min_size=1, max_size=4))
    columns = [draw(_column(*KINDS[draw(st.sampled_from(kinds))], rows)) for _ in names]
    return pa.Table.from_arrays(columns, names=names)
