"""Generated frames for the property tests, and the shortest way to run steps over frames."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue

CATALOGUE = Catalogue()

_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "int64": st.sampled_from([0, 1, 2, -3, 2**62 + 1]),
    "float64": st.sampled_from([0.0, 1.5, -2.25, float("nan"), 1e100]),
    "bool": st.booleans(),
    "Int64": st.sampled_from([None, 1, 2, 2**62 + 1]),
    "boolean": st.sampled_from([None, True, False]),
    "str": st.sampled_from([None, "", "a", "b", "NA"]),
    "category": st.sampled_from([None, "x", "y"]),
    "datetime64[us, UTC]": st.sampled_from([None, "2024-01-31", "1999-12-31"]),
}
DTYPES = tuple(_VALUES)


@st.composite
def frames(
    draw: st.DrawFn, *, names: tuple[str, ...] = ("k", "v", "w"), dtypes: tuple[str, ...] = DTYPES
) -> pd.DataFrame:
    rows = draw(st.sampled_from([0, 1, 2, 7]))
    columns = {}
    for name in names:
        dtype = draw(st.sampled_from(dtypes))
        values = draw(st.lists(_VALUES[dtype], min_size=rows, max_size=rows))
        columns[name] = (
            pd.Series(values, dtype=object).astype(dtype) if dtype != "float64" else pd.Series(values, dtype=dtype)
        )
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows))
    for name in names:  # a frame from Arrow is made of read-only views
        values = frame[name].array
        if isinstance(values.dtype, np.dtype):
            values.to_numpy().flags.writeable = False
    return frame


def run(frame: pd.DataFrame, *steps: dict[str, Any], **others: pd.DataFrame) -> pd.DataFrame:
    """The steps over `frame` (called df) and others by name; no input was changed and the index is plain."""
    given = {"df": frame, **others}
    before = {name: one.copy(deep=True) for name, one in given.items()}
    first = {"from": "df", **steps[0]} if others else steps[0]
    result = Pipeline.parse([first, *steps[1:]], given, CATALOGUE).run(given)
    for name, one in given.items():
        pd.testing.assert_frame_equal(one, before[name])
    assert isinstance(result.index, pd.RangeIndex)
    assert (result.index.start, result.index.step, result.index.name) == (0, 1, None)
    return result


_MORE: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "uint8": ("uint8", st.sampled_from([0, 1, 255])),
    "int16": ("int16", st.sampled_from([-(2**15), 0, 7])),
    "float32": ("float32", st.sampled_from([0.0, 1.5, float("nan")])),
    "datetime64[us]": ("datetime64[us]", st.sampled_from([None, "2024-02-29", "2024-02-29T13:45:00", "1970-01-01"])),
    "timedelta64[us]": ("timedelta64[us]", st.sampled_from([None, pd.Timedelta(0), pd.Timedelta("1h 30min")])),
    "date32": (pd.ArrowDtype(pa.date32()), st.sampled_from([None, date(2024, 1, 31), date(1999, 12, 31)])),
    "decimal": (
        pd.ArrowDtype(pa.decimal128(12, 2)),
        st.sampled_from([None, Decimal("0.05"), Decimal("-7.10"), Decimal("1234567890.12")]),
    ),
}
ODD_NAMES = ("k", "v", "", " ", "a b", "größe", "1", "index", "level_0", "column", "_merge", "`q`", "a'b", "x" * 300)


@st.composite
def any_frames(draw: st.DrawFn, *, columns: int = 4, twice: bool = True, odd: bool = True) -> pd.DataFrame:
    """Frames of every dtype that a table may have: no rows, one, some; odd names, and with `twice` equal ones."""
    rows = draw(st.sampled_from([0, 1, 2, 7]))
    known = {name: (name, values) for name, values in _VALUES.items()} | _MORE
    made = []
    for _ in range(draw(st.integers(1, columns))):
        dtype, values = known[draw(st.sampled_from(sorted(known)))]
        cells = draw(st.lists(values, min_size=rows, max_size=rows))
        made.append(pd.Series(cells, dtype=object if isinstance(dtype, str) else dtype).astype(dtype))
    frame = pd.concat(made, axis=1)
    label = st.sampled_from(ODD_NAMES if odd else ("k", "v", "w", "x", "y", "z"))
    frame.columns = pd.Index(draw(st.lists(label, min_size=len(made), max_size=len(made), unique=not twice)), dtype=str)
    return frame
