"""The ten commonest ops: on 100 rows beside the sum of their kernels, on a million beside the plain pandas call.

The kernels are the compiled functions that make the result's values out of the columns' arrays, and one frame of them,
made in the leanest way that pandas has.
"""

import ctypes
import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.codecs.blocks import column_array, frame_of
from jobs.codecs.frames import from_pandas, to_pandas
from jobs.pipeline import Pipeline
from jobs.transforms.base import Surroundings
from jobs.transforms.catalogue import Catalogue
from tests.benchmarks.report import Options, Row, at_most

SMALL, LARGE = 100, 1_000_000
_NAMES = ["k", "g", "x", "y", "d"]


@dataclass(frozen=True, slots=True)
class Op:
    """One op: its step, the plain pandas call, and its kernels on the columns' arrays."""

    step: dict[str, Any]
    plain: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
    kernels: Callable[[list[Any], list[Any]], Any]


def _rows(arrays: list[Any], places: Any) -> pd.DataFrame:
    text = type(arrays[0])(pa.array(arrays[0]).take(pa.array(places)), dtype=arrays[0].dtype)
    return frame_of(_NAMES, [text, *(values.take(places) for values in arrays[1:])], len(places))


def _groups(arrays: list[Any], _: list[Any]) -> pd.DataFrame:
    coded = pa.array(arrays[0]).dictionary_encode()
    ids, count = coded.indices.to_numpy(), len(coded.dictionary)
    valid = ~np.isnan(arrays[2])
    sums = np.bincount(ids[valid], arrays[2][valid], count)
    sizes = np.bincount(ids, minlength=count)
    means = np.bincount(ids, arrays[3], count) / sizes
    keys = type(arrays[0])(coded.dictionary, dtype=arrays[0].dtype)
    return frame_of(["k", "s", "n", "m"], [keys, sums, sizes, means], count)


def _joined(arrays: list[Any], right: list[Any]) -> pd.DataFrame:
    places = pd.Index(right[0]).get_indexer(pd.Index(arrays[3]))
    taken = right[1].take(places, allow_fill=True)
    return frame_of([*_NAMES, "k_y"], [*arrays, taken], len(places))


def _duplicated(arrays: list[Any], _: list[Any]) -> pd.DataFrame:
    text, known = pd.factorize(arrays[0])
    numbers, _known = pd.factorize(arrays[1])
    return _rows(arrays, np.flatnonzero(~pd.Series(numbers * len(known) + text, copy=False).duplicated().to_numpy()))


OPS = (
    Op(
        {"op": "query", "expr": "x > 0 and y < 500"},
        lambda f, _: f[(f.x > 0) & (f.y < 500)].reset_index(drop=True),
        lambda a, _: _rows(a, np.flatnonzero((a[2] > 0) & (a[3] < 500))),
    ),
    Op(
        {"op": "assign", "columns": {"z": "x * y"}},
        lambda f, _: f.assign(z=f.x * f.y),
        lambda a, _: frame_of([*_NAMES, "z"], [*a, a[2] * a[3]], len(a[2])),
    ),
    Op(
        {"op": "select", "columns": ["k", "x"]},
        lambda f, _: f[["k", "x"]],
        lambda a, _: frame_of(["k", "x"], [a[0], a[2]], len(a[2])),
    ),
    Op(
        {"op": "rename", "columns": {"x": "amount"}},
        lambda f, _: f.rename(columns={"x": "amount"}),
        lambda a, _: frame_of(["k", "g", "amount", "y", "d"], a, len(a[2])),
    ),
    Op(
        {"op": "head", "n": 10},
        lambda f, _: f.head(10),
        lambda a, _: frame_of(_NAMES, [values[:10] for values in a], 10),
    ),
    Op(
        {"op": "sort_values", "by": "x"},
        lambda f, _: f.sort_values("x", ignore_index=True),
        lambda a, _: _rows(a, a[2].argsort(kind="stable")),
    ),
    Op(
        {"op": "drop_duplicates", "subset": ["k", "g"]},
        lambda f, _: f.drop_duplicates(["k", "g"], ignore_index=True),
        _duplicated,
    ),
    Op(
        {"op": "fillna", "value": {"x": 0}},
        lambda f, _: f.fillna({"x": 0}),
        lambda a, _: frame_of(_NAMES, [*a[:2], np.where(np.isnan(a[2]), 0.0, a[2]), *a[3:]], len(a[2])),
    ),
    Op(
        {"op": "groupby", "by": ["k"], "agg": {"s": ["x", "sum"], "n": [None, "size"], "m": ["y", "mean"]}},
        lambda f, _: f.groupby("k", as_index=False).agg(s=("x", "sum"), n=("x", "size"), m=("y", "mean")),
        _groups,
    ),
    Op(
        {"op": "merge", "from": "f", "right": "r", "on": "y", "how": "left"},
        lambda f, r: f.merge(r, on="y", how="left"),
        _joined,
    ),
)


def frame(rows: int) -> pd.DataFrame:
    """A seeded frame of text, integers, floats with nulls and times, as a worker decodes it."""
    draw = np.random.default_rng(7)
    made = pd.DataFrame(
        {
            "k": pd.Series(draw.choice(["north", "south", "east", "west"], rows), dtype="str"),
            "g": draw.integers(0, 10, rows),
            "x": np.where(np.arange(rows) % 7 == 0, np.nan, draw.normal(size=rows)),
            "y": draw.integers(0, 1_000, rows),
            "d": pd.Timestamp("2026-01-01") + pd.to_timedelta(draw.integers(0, 10**6, rows), unit="s"),
        }
    )
    return to_pandas(from_pandas(made)[0])


def measure(options: Options) -> Iterator[Row]:
    """Each op in turn with its peer."""
    for op in OPS:
        options.say(op.step["op"])
        yield _small(op, options)
        yield from _large(op, options)


def _calls(op: Op, rows: int) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]:
    """The op, the plain call, the kernels; over the same frames."""
    left = frame(rows)
    right = frame(max(4, rows // 10))[["y", "k"]].drop_duplicates("y", ignore_index=True)
    step = Pipeline.parse([op.step], ["f", "r"] if "from" in op.step else ["f"], Catalogue()).steps[0].transform
    around = Surroundings(frames={"r": right})
    arrays = [[column_array(one, place) for place in range(one.shape[1])] for one in (left, right)]
    return (
        lambda: step.apply(left, around),
        lambda: op.plain(left, right),
        lambda: op.kernels(arrays[0], arrays[1]),
    )


def _best(calls: list[Callable[[], Any]], rounds: int, times: int) -> list[float]:
    """The least seconds of each call, taken in turn: what else the machine does only adds."""
    best = [float("inf")] * len(calls)
    for _ in range(rounds):
        for place, call in enumerate(calls):
            started = time.perf_counter()
            for _ in range(times):
                call()
            best[place] = min(best[place], (time.perf_counter() - started) / times)
    return best


def _small(op: Op, options: Options) -> Row:
    ours, plain, kernels = _calls(op, SMALL)
    best = _best([ours, kernels, plain], options.pick(40, 60), 10)
    mine, theirs, call = (seconds * 1e6 for seconds in best)
    note = f"the plain pandas call {call:,.0f} µs"
    return Row(f"{op.step['op']}, 100 rows", "µs", mine, theirs, "its kernels", at_most(1.5), note)


def _large(op: Op, options: Options) -> Iterator[Row]:
    rows = options.pick(LARGE // 10, LARGE)
    ours, plain, _ = _calls(op, rows)
    mine, theirs = (seconds * 1e3 for seconds in _best([ours, plain], options.pick(5, 9), 1))
    yield Row(f"{op.step['op']}, {rows:,} rows", "ms", mine, theirs, "the plain pandas call", at_most(1.0))
    peaks = [min(_peak(call) for _ in range(3)) for call in (ours, plain)]
    if min(peaks) > 4:  # less than some megabytes says more about the allocator
        yield Row(
            f"{op.step['op']}, {rows:,} rows, memory at its peak", "MiB", *peaks, "the plain pandas call", at_most(1.2)
        )


def _peak(call: Callable[[], Any]) -> float:
    """The MiB by which the process grows at most during the call."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    before = _status("VmRSS")
    call()
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
