"""A Parquet file of 20 columns of which a pipeline needs three, beside scripts that read all of it and just these.

Each way runs in a process of its own on a file on disk. Ours is the worker's own computation, from the bytes in memory,
as they come from the store (read before the clock starts), and from the file mapped into memory.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from config.sections import LimitSettings
from jobs.codecs.stored import open_stored
from jobs.model import Input, JobSpec, PayloadRef
from jobs.transforms.catalogue import Catalogue
from jobs.worker.compute import Work, compute
from jobs.worker.stop import Stop
from tests.benchmarks import processes
from tests.benchmarks.report import Options, Row, at_most, median

PARQUET: Final = "application/vnd.apache.parquet"
MIB: Final = 1024**2
GROUP_ROWS: Final = 1_000_000
LIMIT_S: Final = 600
BEGIN: Final = pd.Timestamp("2026-01-01")
CONDITIONS: Final = {
    "any row": "amount > 400",
    # rows are in the order of time, so that the footer tells where the last hour is
    "the last rows": "placed >= '{last}'",
}
WAYS: Final = ("all", "three", "memory", "mapped")
AGG: Final = {"total": ["qty", "sum"], "orders": [None, "size"]}


def columns_of(draw: np.random.Generator, begin: int, rows: int) -> dict[str, Any]:
    """Twenty columns: times in order, integers, floats and text."""
    at = BEGIN.to_datetime64().astype("M8[us]") + np.arange(begin, begin + rows).astype("m8[s]").astype("m8[us]")
    regions, products = ["north", "south", "east", "west"], [f"product-{n:03}" for n in range(200)]
    return {
        "order_id": np.arange(begin, begin + rows),
        "placed": at,
        "region": draw.choice(regions, rows),
        "amount": draw.gamma(2.0, 90.0, rows).round(2),
        "qty": draw.integers(1, 20, rows),
        **{f"price_{n}": draw.gamma(2.0, 9.0, rows) for n in range(6)},
        **{f"count_{n}": draw.integers(0, 10**12, rows) for n in range(5)},
        **{f"product_{n}": draw.choice(products, rows) for n in range(3)},
        "note": pa.array(draw.integers(10**11, 10**12, rows)).cast(pa.string()),
    }


def make(file: Path, rows: int) -> None:
    """Write the seeded file, a row group of a million rows at a time."""
    draw = np.random.default_rng(11)
    writer: pq.ParquetWriter | None = None
    for begin in range(0, rows, GROUP_ROWS):
        table = pa.table(columns_of(draw, begin, min(GROUP_ROWS, rows - begin)))
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table, row_group_size=GROUP_ROWS)
    if writer is not None:
        writer.close()


def last_rows(rows: int) -> pd.Timestamp:
    """The time from which on the last twentieth of the rows was placed."""
    return BEGIN + pd.Timedelta(seconds=rows - rows // 20)


def script(file: Path, condition: str, columns: list[str] | None) -> pd.DataFrame:
    """What a user would write instead."""
    frame = pd.read_parquet(file, columns=columns)
    column, value = ("amount", 400) if "amount" in condition else ("placed", last_rows(pq.read_metadata(file).num_rows))
    kept = frame[frame[column] > value] if column == "amount" else frame[frame[column] >= value]
    return kept.groupby("region").agg(total=("qty", "sum"), orders=("qty", "size")).reset_index()


def ours(data: pa.Buffer, condition: str) -> pd.DataFrame:
    """The same by the worker's computation, its result read back."""
    steps = [{"op": "query", "expr": condition}, {"op": "groupby", "by": "region", "agg": AGG}]
    ref = PayloadRef(blob="", media_type=PARQUET, bytes=data.size)
    work = Work(
        job_id="job_wide",
        attempt=1,
        spec=JobSpec(
            tenant="default",
            pipeline=steps,
            inputs={"df": Input(payload=ref)},
            timeout_s=LIMIT_S,
            max_attempts=1,
            delay_s=0,
            result_ttl_s=60,
        ),
        payloads={"df": data},
        catalogue=Catalogue(),
        limits=LimitSettings(decoded_bytes=64 * 1024**3),
        stop=Stop(),
        on_progress=lambda *_: None,
    )
    product = compute(work)
    return open_stored(pa.py_buffer(b"".join(product.pieces))).read_all().to_pandas()


def in_memory(file: Path) -> pa.Buffer:
    """The bytes as a worker has them."""
    with pa.OSFile(str(file)) as source:
        return source.read_buffer()


def mapped(file: Path) -> pa.Buffer:
    """The bytes as the system brings them in, page by page."""
    return pa.memory_map(str(file)).read_buffer()


def prepared(way: str, file: Path, condition: str) -> Callable[[], pd.DataFrame]:
    """One of WAYS, with what is not timed done."""
    if way in ("all", "three"):
        return partial(script, file, condition, needed(condition) if way == "three" else None)
    return partial(ours, in_memory(file) if way == "memory" else mapped(file), condition)


def needed(condition: str) -> list[str]:
    """The three columns."""
    return ["region", "qty", "amount" if "amount" in condition else "placed"]


def main(way: str, file: str, condition: str) -> None:
    """In a process of its own: print what it took, and what came out."""
    run = prepared(way, Path(file), condition)
    started = time.perf_counter()
    result = run()
    taken = time.perf_counter() - started
    peak = processes.status(os.getpid(), "VmHWM")
    print(json.dumps({"ms": 1000 * taken, "peak": peak, "result": result.to_dict("list")}))


def measured(way: str, file: Path, condition: str) -> dict[str, Any]:
    """One run of one way."""
    command = [sys.executable, "-c", "import sys; from tests.benchmarks.wide import main; main(*sys.argv[1:])"]
    done = subprocess.run(
        [*command, way, str(file), condition], capture_output=True, check=True, timeout=LIMIT_S, text=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def measure(options: Options) -> Iterator[Row]:
    """All ways in turn; medians, the answers compared each time."""
    rows, rounds = options.pick(1_000_000, 20_000_000), options.pick(1, 3)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "wide.parquet"
        options.say(f"wide: making {rows:,} rows")
        make(file, rows)
        size = file.stat().st_size / MIB
        for what, text in CONDITIONS.items():
            condition = text.format(last=last_rows(rows).isoformat())
            told: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
            for _ in range(rounds):
                for way, runs in told.items():
                    options.say(f"wide: {size:,.0f} MiB, {what}, {way}")
                    runs.append(measured(way, file, condition))
                assert len({json.dumps(runs[-1]["result"]) for runs in told.values()}) == 1
            yield from _rows(f"{size:,.0f} MiB Parquet, {what}", told)


def _rows(what: str, told: dict[str, list[dict[str, Any]]]) -> Iterator[Row]:
    beside = {"all": "the script that reads all", "three": "the script that reads three columns"}
    for kind, unit, name, scale in (("time", "ms", "ms", 1), ("peak", "MiB", "peak", MIB)):
        figures = {way: (median(one[name] for one in runs) or 0.0) / scale for way, runs in told.items()}
        for mine, where in (("memory", "from memory"), ("mapped", "from the mapped file")):
            for peer, who in beside.items():
                target = at_most(1.0) if peer == "all" else None
                yield Row(f"{what}, {kind}, {where}", unit, figures[mine], figures[peer], who, target)
