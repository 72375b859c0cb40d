"""Counting what frames hold: shared memory once, views as what they keep alive, objects by a sample."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jobs.codecs.frames import to_pandas
from jobs.worker.memory import Memory


def held(*frames: pd.DataFrame, more: int = 0) -> int:
    memory = Memory()
    memory.see(frames, more)
    return memory.peak


NUMBERS = to_pandas(pa.table({"a": np.arange(1_000), "b": np.linspace(0, 1, 1_000)}))


def test_columns_count_by_their_bytes() -> None:
    assert held(NUMBERS) == 16_000
    assert held(pd.DataFrame()) == 0
    assert held(NUMBERS, more=5) == 16_005


def test_what_frames_share_counts_once() -> None:
    assert held(NUMBERS, NUMBERS) == 16_000
    assert held(NUMBERS, NUMBERS.copy(deep=False), NUMBERS[["b"]]) == 16_000
    assert held(NUMBERS, NUMBERS.assign(c=np.zeros(1_000))) == 24_000
    text = to_pandas(pa.table({"t": ["some text"] * 100}))
    assert held(text, text.assign(n=np.arange(100))) == held(text) + 800


def test_a_view_keeps_all_it_is_a_part_of() -> None:
    whole = pd.DataFrame({"a": np.arange(1_000)})
    assert held(whole.iloc[:1]) == 8_000


@pytest.mark.parametrize(
    ("array", "least", "most"),
    [
        (pa.array(["x" * 100] * 1_000), 100_000, 110_000),
        (pa.array([1, None] * 500), 9_000, 9_000),
        (pa.array(["a", "b"] * 500).dictionary_encode(), 1_000, 9_000),
        (pa.array([0] * 1_000, pa.timestamp("us", "UTC")), 8_000, 8_000),
        (pa.array([[1, 2]] * 1_000), 16_000, 25_000),
    ],
)
def test_every_kind_of_column_is_counted(array: pa.Array, least: int, most: int) -> None:
    assert least <= held(to_pandas(pa.table({"c": array}))) <= most


def test_objects_are_judged_by_a_sample() -> None:
    frame = pd.DataFrame({"o": pd.Series(["x" * 951] * 1_000, dtype=object)})
    assert held(frame) == 1_000 * (8 + 1_000)
    assert held(pd.DataFrame({"o": pd.Series([], dtype=object)})) == 0


def test_what_was_copied_out_of_a_table_stood_beside_it() -> None:
    table = pa.table({"n": pa.chunked_array([np.arange(500), np.arange(500)]), "t": ["text"] * 1_000})
    small = to_pandas(pa.table({"n": [1]}))
    memory = Memory()
    memory.decoded([to_pandas(table), small])
    assert memory.peak == held(to_pandas(table), small) + 8_000


def test_the_peak_is_the_most_at_one_time() -> None:
    memory = Memory()
    memory.beside = 100
    memory.see([NUMBERS])
    memory.beside = 0
    memory.see([], more=50)
    assert memory.peak == 16_100


def test_a_frame_that_cannot_be_counted_costs_its_job_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Odd:
        def __sizeof__(self) -> int:
            raise ZeroDivisionError

    assert held(pd.DataFrame({"o": [Odd()]})) == 0
    assert "could not be counted" in caplog.text
