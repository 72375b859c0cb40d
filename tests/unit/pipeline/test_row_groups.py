"""Of a Parquet file only the row groups that may hold a wanted row are decoded."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.codecs.base import DecodeOptions
from jobs.codecs.parquet_groups import RowGroups
from jobs.codecs.table import by_name
from jobs.errors import InputMalformed
from jobs.expressions import parse
from jobs.model import Input, PayloadRef
from jobs.pipeline import Pipeline
from jobs.pipeline.filtering import Conditions
from jobs.transforms.catalogue import Catalogue
from jobs.worker.inputs import Reader
from tests.unit.pipeline.test_pruning import NOON, check, written


def groups_read(table: pa.Table, *conditions: str) -> list[int]:
    """Which of the row groups of three rows are decoded."""
    with pq.ParquetFile(pa.BufferReader(written(table, "parquet"))) as file:
        options = DecodeOptions(sieve=Conditions(tuple(map(parse, conditions))))
        return RowGroups(file, file.schema_arrow, None, options).groups


IN_ORDER = pa.table(
    {
        "n": pa.array([1, 2, 3, 4, 5, 6, 7, 8, 9]),
        "f": pa.array([0.1, 0.2, float("nan"), 1.1, 1.2, 1.3, None, None, None]),
        "t": ["a", "b", "c", "d", "d", "d", "x", "y", None],
        "d": pa.array([Decimal("0.05"), Decimal("0.05"), Decimal("0.05"), *[Decimal(7)] * 6], pa.decimal128(12, 2)),
        "m": pa.array([NOON + timedelta(days=day) for day in range(9)], pa.timestamp("us", "UTC")),
        "flag": [False, False, False, True, True, True, None, None, None],
    }
)


@pytest.mark.parametrize(
    ("condition", "groups"),
    [
        ("n > 6", [2]),
        ("6 < n", [2]),
        ("n == 5", [1]),
        ("n.eq(5)", [1]),
        ("3 < n <= 6", [1]),
        ("n.between(3, 4)", [0, 1]),
        ("n.between(3, 5, inclusive='neither')", [1]),
        ("n in [2, 9]", [0, 2]),
        ("n > 3 and n < 7", [1]),
        ("n < 2 or t == 'x'", [0, 2]),
        ("not n > 3", [0]),
        ("n != 5", [0, 1, 2]),
        ("t != 'd'", [0, 2]),
        ("not t == 'd'", [0, 2]),
        ("t.isna()", [2]),
        ("f > 1", [1]),
        ("f < 1", [0]),
        ("f.isna()", [0, 1, 2]),
        ("f.notna()", [0, 1]),
        ("d == 0.05", [0]),
        ("d > 0.05", [1, 2]),
        ("d >= 0.05", [0, 1, 2]),
        ("m >= '2024-02-04'", [1, 2]),
        ("m > date('2024-02-06')", [2]),
        ("m < '2024-02-02T13:00:00+01:00'", [0]),
        ("flag", [1]),
        ("not flag", [0]),
        ("n > 6 and t.str.startswith('a')", [2]),
        ("n > 99", []),
        # what may look at other rows, or fail on some of them, is decided on all
        ("n > n.mean()", [0, 1, 2]),
        ("n > 6 and int(t) > 1", [0, 1, 2]),
        ("n.shift(1) > 6", [0, 1, 2]),
        ("n + 1 > 7", [0, 1, 2]),
        ("n > 6 and f < f.max()", [0, 1, 2]),
    ],
)
def test_groups_without_a_row_are_left_out(condition: str, groups: list[int]) -> None:
    assert groups_read(IN_ORDER, condition) == groups


def test_a_later_condition_leaves_out_groups_too_where_those_before_cannot_fail() -> None:
    assert groups_read(IN_ORDER, "t.isna() or n > 0", "n > 6") == [2]
    assert groups_read(IN_ORDER, "int(t) > 0", "n > 6") == [0, 1, 2]


def test_without_statistics_all_is_read() -> None:
    with pq.ParquetFile(pa.BufferReader(written(IN_ORDER, "parquet", write_statistics=False))) as file:
        options = DecodeOptions(sieve=Conditions((parse("n > 6"),)))
        assert RowGroups(file, file.schema_arrow, None, options).groups == [0, 1, 2]
    check([{"op": "query", "expr": "n > 6"}], IN_ORDER, "parquet", 3, write_statistics=False)


def test_nulls_of_groups_that_are_left_out_decide_about_dtypes_as_ever() -> None:
    table = pa.table(
        {"n": [1, 2, 3, None, 5, 6], "flag": [True, True, True, None, None, None], "k": [1, 1, 1, 2, 2, 2]}
    )
    steps = [{"op": "query", "expr": "k == 1"}]
    reader = Reader({"df": Input(payload=PARQUET)}, {"df": written(table, "parquet")}, readings(steps), DecodeOptions())
    assert dict(reader.frame("df").dtypes.astype(str)) == {"n": "Int64", "flag": "boolean", "k": "int64"}
    assert groups_read(table, "k == 1") == [0]


def test_columns_of_which_no_row_is_wanted_are_not_decoded() -> None:
    """A damaged page is found only by who decodes it."""
    table = pa.table({"n": [1, 5, 9, 1, 4, 9], "text": ["x" * 50] * 3 + ["y" * 50] * 3})
    data = bytearray(written(table, "parquet", compression="none", use_dictionary=False))
    at = data.index(b"x" * 50 + b"2\0\0\0" + b"x" * 50)  # where the values stand, not what is said of them
    data[at : at + 50] = b"\xff" * 50  # no UTF-8
    for expr, whole in (("n == 4", True), ("n == 5", False)):
        steps = [{"op": "query", "expr": expr}, {"op": "select", "columns": ["text", "n"]}]
        reader = Reader(
            {"df": Input(payload=PARQUET)}, {"df": pa.py_buffer(data)}, readings(steps), DecodeOptions(part_rows=3)
        )
        if whole:
            assert reader.frame("df")["n"].tolist() == [4]
        else:
            with pytest.raises(InputMalformed):
                reader.frame("df")


def readings(steps: list[dict[str, Any]]) -> Any:
    return Pipeline.parse(steps, ["df"], Catalogue()).readings


PARQUET = PayloadRef(blob="", media_type=by_name("parquet").media_types[0], bytes=1)
