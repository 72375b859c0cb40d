"""Decimals become the floats nearest to them, as Python's own conversion says, wherever they become floats."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.codecs.decimals import nearest_floats
from jobs.codecs.frames import to_pandas
from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue

TYPES = [
    kind(digits, scale)
    for kind, most in ((pa.decimal32, 9), (pa.decimal64, 18), (pa.decimal128, 38), (pa.decimal256, 76))
    for digits, scale in ((9, 2), (15, 2), (16, 2), (18, 18), (18, 0), (38, 2), (38, 37), (76, 40), (12, -3))
    if digits <= most and (scale >= 0 or kind in (pa.decimal128, pa.decimal256))
]


@st.composite
def columns(draw: st.DrawFn) -> tuple[pa.ChunkedArray, list[Decimal | None]]:
    type_ = draw(st.sampled_from(TYPES))
    units = st.integers(1 - 10**type_.precision, 10**type_.precision - 1) | st.integers(-999, 999)
    values = draw(st.lists(st.none() | units.map(lambda unit: exactly(unit, type_.scale)), max_size=8))
    array = pa.array(values, type_)
    cut = draw(st.integers(0, len(values)))
    chunks = draw(st.sampled_from([[array], [array.slice(0, cut), array.slice(cut)], [array.slice(cut)]]))
    kept = values[cut:] if len(chunks) == 1 and chunks[0] is not array else values
    return pa.chunked_array(chunks, type_), kept


def exactly(unit: int, scale: int) -> Decimal:
    sign, digits, _ = Decimal(unit).as_tuple()
    return Decimal((sign, digits, -scale))


@settings(max_examples=200)
@given(columns())
def test_a_decimal_becomes_the_nearest_float(drawn: tuple[pa.ChunkedArray, list[Decimal | None]]) -> None:
    column, values = drawn
    wanted = np.array([np.nan if value is None else float(value) for value in values], dtype="float64")
    np.testing.assert_array_equal(nearest_floats(column), wanted)


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ({"op": "assign", "columns": {"x": "price * 1"}}, "x"),
        ({"op": "astype", "dtype": {"price": "float64"}}, "price"),
        ({"op": "groupby", "by": "k", "agg": {"x": ["price", "mean"]}}, "x"),
    ],
    ids=lambda value: value["op"] if isinstance(value, dict) else "",
)
def test_a_price_stays_what_it_says(step: dict[str, Any], name: str) -> None:
    cents = range(100)
    table = pa.table(
        {"k": list(cents), "price": pa.array([Decimal(cent) / 100 for cent in cents], pa.decimal128(15, 2))}
    )
    result = Pipeline.parse([step], ["df"], Catalogue()).run({"df": to_pandas(table)})
    assert result[name].tolist() == [cent / 100 for cent in cents]
