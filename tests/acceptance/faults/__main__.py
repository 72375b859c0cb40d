"""`make faults`: the long fault run; Ctrl-C ends the faults early. Exit code 1 where anything is wrong."""

import argparse
import asyncio
import sys
from pathlib import Path

from rich.console import Console

from tests.acceptance.faults.run import Options, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="SIGKILLs; half as many other faults come on top")
    parser.add_argument("--seed", type=int, default=1, help="what draws jobs, faults and moments")
    parser.add_argument(
        "--minutes", type=float, default=22, help="how long the faults may take; what is left is not done"
    )
    parser.add_argument("--outages", type=int, default=2, help="how often Redis is stopped, and frozen, for long")
    parser.add_argument("--outage", type=float, default=30, help="for how many seconds")
    parser.add_argument("--in-flight", type=int, default=16, help="jobs at a time")
    parser.add_argument("--lease", type=float, default=2, help="worker.lease_s")
    parser.add_argument("--out", type=Path, default=Path("build/faults.json"), help="where the figures go as JSON")
    given = parser.parse_args()
    options = Options(
        kills=given.kills,
        seed=given.seed,
        within_s=given.minutes * 60,
        outages=given.outages,
        outage_s=given.outage,
        in_flight=given.in_flight,
        lease_s=given.lease,
    )
    console = Console()
    found = asyncio.run(run(options, lambda line: console.print(line, highlight=False)))
    found.write(given.out)
    found.show(console)
    console.print(f"also in {given.out}")
    return 1 if found.violations else 0


if __name__ == "__main__":
    sys.exit(main())
