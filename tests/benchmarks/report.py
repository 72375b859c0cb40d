"""What a bench yields, and how it is shown: a table for people, JSON for machines."""

import os
import platform
import statistics
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure has to reach: `at` a bound for the ratio to the peer, or for our own figure."""

    sign: str
    at: float
    of: str = "ratio"

    def met(self, row: "Row") -> bool | None:
        """Whether it is; None where there is no figure."""
        value = row.ratio if self.of == "ratio" else row.ours
        if value is None:
            return None
        return value >= self.at if self.sign == "≥" else value <= self.at

    def __str__(self) -> str:
        return f"{self.sign} {self.at:.3g}{' ×' if self.of == 'ratio' else ''}"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its peer's, both medians of what was measured in turn in this run."""

    what: str
    unit: str
    ours: float | None
    peer: float | None = None
    beside: str = ""
    """Who or what the peer is."""
    target: Target | None = None
    note: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    """More figures of the same measurement, for the JSON file alone."""
    failed: bool = False
    """The measurement itself failed; `note` says how."""

    @property
    def ratio(self) -> float | None:
        """Ours by the peer's."""
        return self.ours / self.peer if self.ours is not None and self.peer else None


@dataclass(frozen=True, slots=True)
class Options:
    """How a bench is to be run. `say` tells whoever watches what happens now."""

    quick: bool
    peers: bool
    say: Callable[[str], None] = print

    def pick(self, quick: int, full: int) -> int:
        """The count for this run."""
        return quick if self.quick else full


def at_least(times: float) -> Target:
    """Ours is to be so many times the peer's."""
    return Target("≥", times)


def at_most(times: float) -> Target:
    """Ours is to be at most so many times the peer's."""
    return Target("≤", times)


def under(value: float) -> Target:
    """Ours is to be at most this, in the row's unit."""
    return Target("≤", value, of="ours")


def median(values: Iterable[float]) -> float | None:
    """The median, or None of nothing."""
    known = list(values)
    return statistics.median(known) if known else None


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(rows: list[Row], title: str) -> Table:
    """The figures, one a line."""
    shown = Table(title=title, title_justify="left")
    for heading in ("what", "unit"):
        shown.add_column(heading)
    for heading in ("framequeue", "peer", "ratio", "target"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for heading in ("met", "beside", "note"):
        shown.add_column(heading)
    for row in rows:
        met = row.target.met(row) if row.target else None
        shown.add_row(
            row.what,
            row.unit,
            _figure(row.ours),
            _figure(row.peer),
            "" if row.ratio is None else f"{row.ratio:.2f} ×",
            str(row.target or ""),
            {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[met],
            row.beside,
            row.note,
        )
    return shown


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def as_json(rows: list[tuple[str, Row]], facts: dict[str, Any]) -> dict[str, Any]:
    """The same for machines, with what the run was made on."""
    figures = [
        {
            "bench": name,
            **asdict(row),
            "ratio": row.ratio,
            "target": str(row.target) if row.target else None,
            "met": row.target.met(row) if row.target else None,
        }
        for name, row in rows
    ]
    return {**facts, "figures": figures}


def facts() -> dict[str, Any]:
    """When and on what this runs. `load` is the machine's other work: above about 0.5 the figures are noisy."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cpu": _line("/proc/cpuinfo", "model name") or platform.processor(),
        "memory_gib": round(int((_line("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def _line(file: str, name: str) -> str | None:
    path = Path(file)
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
