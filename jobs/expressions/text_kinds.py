"""The kinds of entries `.str` has: they give text, counts or a condition, each around one kernel over Arrow text."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.expressions.normal import logical_from_arrow, masked, text_series
from jobs.expressions.values import Value, arrow_text

Arrow = Callable[..., Any]


def gives_text(arrow: Arrow) -> Callable[..., Value]:
    """An entry that gives text."""

    def run(index: pd.Index, target: pd.Series, **arguments: Any) -> Value:
        return text_series(arrow(arrow_text(target), **arguments), index)

    return run


def gives_count(arrow: Arrow) -> Callable[..., Value]:
    """An entry that gives an integer: int64, or Int64 where the text has nulls."""

    def run(index: pd.Index, target: pd.Series, **arguments: Any) -> Value:
        counts = arrow(arrow_text(target), **arguments).cast(pa.int64())
        if counts.null_count == 0:
            return counts.to_numpy(zero_copy_only=False) if isinstance(counts, pa.Array) else counts.to_numpy()
        return pd.Series(masked(counts), index=index)

    return run


def gives_test(arrow: Arrow) -> Callable[..., Value]:
    """An entry that gives a condition, null where the text is null, unless `na` says what it is then."""

    def run(index: pd.Index, target: pd.Series, na: bool | None = None, **arguments: Any) -> Value:  # noqa: ARG001  # a kernel's shape
        found = arrow(arrow_text(target), **arguments)
        return logical_from_arrow(found if na is None else pc.fill_null(found, na))

    return run
