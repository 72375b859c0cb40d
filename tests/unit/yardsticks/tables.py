"""The tables of the two benchmarks as Parquet files: TPC-H's by its own generator, db-benchmark's by seeded draws."""

import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_GROUPS = 10
_PERCENT_ABSENT = 5


def tpch(folder: Path, scale: float) -> Path:
    """The eight tables at this scale factor: lineitem has six million rows of it."""
    generator = Path(sysconfig.get_path("scripts")) / "tpchgen-cli"
    subprocess.run([generator, "parquet", "-s", f"{scale}", "-o", folder, "--quiet"], check=True)
    return folder


def groupby(folder: Path, rows: int, *, nulls: bool) -> Path:
    """Table `x` of the groupby questions: keys of few, many and most values; with `nulls` a twentieth of all absent."""
    draw = np.random.default_rng(108)
    few, many = _GROUPS, rows // _GROUPS
    columns = {
        "id1": _names(draw.integers(1, few + 1, rows), 3),
        "id2": _names(draw.integers(1, few + 1, rows), 3),
        "id3": _names(draw.integers(1, many + 1, rows), 10),
        "id4": pa.array(draw.integers(1, few + 1, rows)),
        "id5": pa.array(draw.integers(1, few + 1, rows)),
        "id6": pa.array(draw.integers(1, many + 1, rows)),
        "v1": pa.array(draw.integers(1, 6, rows)),
        "v2": pa.array(draw.integers(1, 16, rows)),
        "v3": pa.array(draw.uniform(0, 100, rows).round(6)),
    }
    if nulls:
        columns = {name: _with_nulls(array, draw) for name, array in columns.items()}
    pq.write_table(pa.table(columns), folder / "x.parquet")
    return folder


def join(folder: Path, rows: int) -> Path:
    """Tables `x`, `small`, `medium` and `big` of the join questions: nine tenths of each side's keys are on both."""
    draw = np.random.default_rng(108)
    sizes = {"small": rows // 1_000, "medium": rows // 100, "big": rows}
    keys = [draw.permutation(size * 11 // 10) + 1 for size in sizes.values()]
    sides = [
        (key[:size], np.concatenate([key[: size * 9 // 10], key[size:]]))
        for key, size in zip(keys, sizes.values(), strict=True)
    ]
    pq.write_table(_keyed([left for left, _ in sides], rows, "v1", draw), folder / "x.parquet")
    for depth, (name, size) in enumerate(sizes.items(), 1):
        pq.write_table(_keyed([right for _, right in sides[:depth]], size, "v2", draw), folder / f"{name}.parquet")
    return folder


def _keyed(keys: list[np.ndarray], rows: int, value: str, draw: np.random.Generator) -> pa.Table:
    """Integer keys, each of their values at least once, the same as text, and a number."""
    drawn = [draw.permutation(np.concatenate([key, draw.choice(key, rows - len(key))])) for key in keys]
    numbers = {f"id{place}": pa.array(key) for place, key in enumerate(drawn, 1)}
    texts = {f"id{place}": _names(key, 1) for place, key in enumerate(drawn, 4)}
    return pa.table({**numbers, **texts, value: pa.array(draw.uniform(0, 100, rows).round(6))})


def _names(numbers: np.ndarray, width: int) -> pa.Array:
    return pa.array([f"id{number:0{width}}" for number in numbers])


def _with_nulls(array: pa.Array, draw: np.random.Generator) -> pa.Array:
    absent = draw.integers(0, 100, len(array)) < _PERCENT_ABSENT
    return pa.array(array.to_pylist(), array.type, mask=absent)
