"""The 22 questions of TPC-H as pipelines over Parquet files, beside pandas scripts for four of them, and DuckDB.

In this process and without a service: reading the files and running the steps, as a worker does. Every answer is
compared. Derived from TPC-H: not comparable to published TPC-H results.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.codecs.frames import from_pandas
from tests.benchmarks.report import Options, Row, at_most
from tests.benchmarks.scripts import SCRIPTS
from tests.unit.yardsticks import running, tables

SQL = Path(tables.__file__).with_name("tpch.sql")


def measure(options: Options) -> Iterator[Row]:
    """All sides in turn, round by round; medians of each question, and their sums."""
    scale = 0.02 if options.quick else 0.1
    with tempfile.TemporaryDirectory() as name:
        options.say(f"tpch: making the tables of scale factor {scale}")
        folder = tables.tpch(Path(name), scale)
        times: dict[str, dict[str, list[float]]] = {}
        for place in range(options.pick(2, 5)):
            for question, sql in running.queries(SQL).items():
                options.say(f"tpch: round {place + 1}, {question}")
                _round(folder, question, sql, times.setdefault(question, {}))
    yield from _rows(times, scale)


def _round(folder: Path, question: str, sql: str, times: dict[str, list[float]]) -> None:
    steps = running.steps_of(running.EXAMPLES / "tpch" / f"{question}.json")
    ways: dict[str, Callable[[], pa.Table]] = {
        "ours": lambda: from_pandas(running.ran(steps, running.files_of(folder)))[0],
        "DuckDB": lambda: running.asked(folder, sql),
    }
    if question in SCRIPTS:
        ways["script"] = lambda: from_pandas(SCRIPTS[question](folder))[0]
    found: dict[str, Any] = {}
    for way, call in ways.items():
        started = time.perf_counter()
        found[way] = call()
        times.setdefault(way, []).append(1000 * (time.perf_counter() - started))
    for way, table in found.items():
        wrong = running.differences(table, found["DuckDB"])
        assert wrong == [], f"{question}, {way}: {wrong}"


def _rows(times: dict[str, dict[str, list[float]]], scale: float) -> Iterator[Row]:
    medians = {
        question: {way: statistics.median(rounds) for way, rounds in ways.items()} for question, ways in times.items()
    }
    slowest = sorted(medians, key=lambda question: medians[question]["ours"], reverse=True)[:4]
    yield Row(
        f"TPC-H's 22 questions, scale factor {scale}",
        "ms",
        sum(one["ours"] for one in medians.values()),
        sum(one["DuckDB"] for one in medians.values()),
        "DuckDB, for information",
        note="slowest: " + ", ".join(f"{question} {medians[question]['ours']:.0f}" for question in slowest),
        details={"medians_ms": medians, "rounds_ms": times},
    )
    for question in SCRIPTS:
        one = medians[question]
        yield Row(f"TPC-H {question}", "ms", one["ours"], one["script"], "a plain pandas script", at_most(1.0))
