"""Every yardstick beside its peer, measured in turn in one run on this machine."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from tests.benchmarks import (
    crunch,
    depth,
    http_jobs,
    kill,
    million_rows,
    ops,
    processes,
    queue_alone,
    report,
    tpch,
    upload,
    waiters,
    wide,
)
from tests.benchmarks.report import Options, Row

BENCHES: dict[str, tuple[Callable[[Options], Iterator[Row]], str]] = {
    "http": (http_jobs.measure, "100 rows of JSON over HTTP: jobs a second, and a lone job"),
    "queue": (queue_alone.measure, "the queue alone: no-op functions, pickup, what Redis is asked"),
    "million": (million_rows.measure, "a million rows, beside the plain pandas script"),
    "ops": (ops.measure, "the ten commonest ops, beside their kernels and beside plain pandas"),
    "wide": (wide.measure, "a Parquet file of 20 columns, of which three are needed, beside the plain script"),
    "crunch": (crunch.measure, "/livez and submits while every worker thread crunches"),
    "depth": (depth.measure, "submit and claim, with a million jobs queued and with a thousand"),
    "upload": (upload.measure, "how much the API grows while 500 MB stream in"),
    "waiters": (waiters.measure, "2,000 callers wait while jobs end at 100 a second: when each is told"),
    "tpch": (tpch.measure, "the 22 questions of TPC-H as pipelines, beside plain pandas scripts and DuckDB"),
    "kill": (kill.measure, "kill -9 of the worker in mid-job: until all jobs are done"),
}
EPILOG = """The figures also go to build/bench.json with the machine and the versions. `ratio` is ours by the peer's.
An unmet target is shown and no error; the exit code is 1 where a bench itself failed.
docs/benchmarks.md explains each."""


def main() -> int:
    """Run what was asked for, show it, keep it."""
    options = _arguments()
    console, rows = Console(width=None if sys.stdout.isatty() else 200), []
    facts = report.facts() | {"quick": options.quick}
    if facts["load"] > 0.5 * facts["cores"]:
        console.print(f"[yellow]the machine is busy (load {facts['load']:.1f}): expect noise[/]")
    for name in options.names or BENCHES:
        started = time.monotonic()
        with console.status(name) as status:

            def say(text: str) -> None:
                status.update(text)  # called within this turn of the loop alone
                if not console.is_terminal:
                    console.print(f"  {text}", highlight=False)

            try:
                for row in BENCHES[name][0](Options(options.quick, options.peers, say)):
                    rows.append((name, row))
            except Exception as error:  # noqa: BLE001  # one bench must not cost the figures of the others
                note = f"the bench failed: {type(error).__name__}: {error}"[:300]
                rows.append((name, Row(name, "", None, note=note, failed=True)))
        console.print(f"{name}: {time.monotonic() - started:.0f} s")
    console.print(report.table([row for _, row in rows], _title(facts)))
    with processes.valkey() as redis:
        facts["redis"] = processes.server_version(redis)
    facts["load_after"] = os.getloadavg()[0]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report.as_json(rows, facts), indent=2) + "\n")
    console.print(f"also in {options.out}")
    return 1 if any(row.failed for _, row in rows) else 0


def _arguments() -> argparse.Namespace:
    lines = [f"  {name:9}{what}" for name, (_, what) in BENCHES.items()]
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="\n".join([__doc__ or "", "", *lines]),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="name", help="which; all where none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller counts: a look, not a figure")
    parser.add_argument(
        "--peers",
        action="store_true",
        help="also beside taskiq, Celery and BackgroundTasks, not only stock ARQ and SAQ (installed on first use)",
    )
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"), help="where the figures go as JSON")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    return options


def _title(facts: dict[str, object]) -> str:
    machine = f"{facts['cores']} cores of {facts['cpu']}, {facts['memory_gib']} GiB, Python {facts['python']}"
    return f"{facts['at']}, {machine}{', quick: a look, not a figure' if facts['quick'] else ''}"


if __name__ == "__main__":
    sys.exit(main())
