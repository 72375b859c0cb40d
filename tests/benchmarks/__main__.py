"""`make bench`: every figure beside its peer, measured in turn in one run on this machine."""

import argparse
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import http_jobs, million_rows

BENCHES = {"http": http_jobs.measure, "million": million_rows.measure}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*BENCHES, []], help="which; all where none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"), help="where the figures go as JSON")
    options = parser.parse_args()
    console, rows = Console(), {}
    for name in options.only or BENCHES:
        with console.status(f"measuring {name}"):
            rows |= BENCHES[name](options.quick)
    table = Table(
        "what", "framequeue", "peer", "ratio", title=f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )
    for what, (ours, peer, ratio) in rows.items():
        table.add_row(what, f"{ours:,.1f}", f"{peer:,.1f}", f"{ratio:.2f}")
    console.print(table)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    figures = {what: dict(zip(("framequeue", "peer", "ratio"), values, strict=True)) for what, values in rows.items()}
    report = {"at": datetime.now(UTC).isoformat(), "cores": os.cpu_count(), "figures": figures}
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    console.print(f"also in {options.out}; the peer of `http` is stock ARQ, of `million` the plain pandas script")


if __name__ == "__main__":
    main()
