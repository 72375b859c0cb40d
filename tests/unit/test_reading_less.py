"""Reading less: what a pipeline never looks at is not decoded, and nobody can tell but by the time it takes."""

from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.codecs.base import DecodeOptions, EncodeOptions
from jobs.codecs.frames import from_pandas
from jobs.codecs.table import by_name
from jobs.errors import FramequeueError
from jobs.model import Input, PayloadRef
from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import Catalogue
from jobs.worker.inputs import Reader
from tests.unit.transforms.frames import any_frames, frames
from tests.unit.transforms.steps import STEPS
from tests.unit.transforms.steps.words import COLUMNS, step

CATALOGUE = Catalogue()


def with_three_categories(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = frame.select_dtypes("category")
    return frame.assign(**{str(name): kinds[name].cat.set_categories(["x", "y", "z"]) for name in kinds})


TABLES = frames(names=("k", "v", "w", "new")).map(with_three_categories)
ANY_TABLES = st.one_of(TABLES, TABLES, any_frames(odd=False, twice=False))
FORMS = st.sampled_from(["arrow", "arrow-file", "parquet", "csv"])
CONDITION = st.sampled_from(
    [
        "v > 0", "not v > 0", "k == 'a'", "k != 'a' and v <= 1.5", "v.isna() or w > 1", "w in [1, 2, None]", "w == w",
        "new < '2001-01-01'", "v > v.mean()", "v / w > 0", "v // w > 0 or k == 'x'", "True", "new", "y > 1",
        "0 < v <= w", "v.notna()", "k.isna()", "w.between(0, 2)",
    ]
)  # fmt: skip
FILTERS = st.lists(step("query", expr=CONDITION), max_size=2)
CLOSING = st.one_of(
    step("select", columns=COLUMNS),
    step("select", columns=COLUMNS),
    step("groupby", by=COLUMNS, agg=st.just({"n": [None, "size"], "m": ["v", "max"]})),
    *STEPS.values(),
)
# each draws rows by chance where it is not told the seed
BY_CHANCE = frozenset({"sample"})


def encoded(frame: pd.DataFrame, name: str) -> pa.Buffer:
    table, _ = from_pandas(frame)
    # an empty category of no type cannot be written where its field says that it has no nulls
    table = table.cast(pa.schema([one.with_nullable(True) for one in table.schema]))  # noqa: FBT003  # its signature
    pieces = by_name(name).encode(pa.RecordBatchReader.from_batches(table.schema, table.to_batches(3)), EncodeOptions())
    return pa.py_buffer(b"".join(pieces))


def outcome(
    pipeline: Pipeline, payloads: dict[str, pa.Buffer], form: str, *, less: bool
) -> tuple[pd.DataFrame | None, str, dict[str, Any]]:
    ref = PayloadRef(blob="", media_type=by_name(form).media_types[0], bytes=1)
    given = {name: Input(payload=ref) for name in payloads}
    reader = Reader(given, payloads, pipeline.readings if less else {}, DecodeOptions(part_rows=2))
    frames = {name: partial(reader.frame, name) for name in payloads}
    try:
        return pipeline.run(frames, done=reader.done, max_columns=200), "", reader.infos
    except FramequeueError as error:
        return None, error.code, reader.infos


def check(df: pd.DataFrame, other: pd.DataFrame, steps: list[dict[str, Any]], form: str) -> None:
    try:
        pipeline = Pipeline.parse([{"from": "df", **steps[0]}, *steps[1:]], ["df", "other"], CATALOGUE)
    except FramequeueError:
        return
    payloads = {"df": encoded(df, form), "other": encoded(other, form)}
    whole, refused, infos = outcome(pipeline, payloads, form, less=False)
    less, refused_less, infos_less = outcome(pipeline, payloads, form, less=True)
    assert bool(refused) == bool(refused_less), (refused, refused_less)
    if whole is not None and less is not None:
        assert infos == infos_less
        pd.testing.assert_frame_equal(less, whole)


@pytest.mark.parametrize("op", sorted(STEPS.keys() - BY_CHANCE))
def test_less_gives_what_all_gives(op: str) -> None:
    """Behind conditions, and before a step that wants little of its result."""

    @settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
    @given(ANY_TABLES, TABLES, FILTERS, STEPS[op], CLOSING, FORMS)
    def held(df: Any, other: Any, first: list[Any], one: dict[str, Any], last: dict[str, Any], form: str) -> None:
        check(df, other.drop(columns="new"), [*first, one, last], form)

    held()


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(TABLES, TABLES, FILTERS, st.lists(st.one_of(*STEPS.values()), min_size=1, max_size=3), CLOSING, FORMS)
def test_less_gives_what_all_gives_in_any_order(
    df: pd.DataFrame, other: pd.DataFrame, first: list[Any], steps: list[Any], last: dict[str, Any], form: str
) -> None:
    if not any(one["op"] in BY_CHANCE for one in (*steps, last)):
        check(df, other.drop(columns="new"), [*first, *steps, last], form)
