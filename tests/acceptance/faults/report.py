"""What a fault run found: a table by kind of fault, totals, and every violation with its job's story."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.acceptance.faults.checker import Violation
from tests.acceptance.faults.history import Stored
from tests.acceptance.faults.killer import Fault
from tests.acceptance.faults.load import Sent
from tests.acceptance.faults.plan import KILLS, WORKER_KINDS

_ENDS_AN_ATTEMPT = frozenset({"job.retrying", "job.queued"})


@dataclass
class Report:
    """A finished run."""

    seed: int
    folder: str
    took_s: float
    faults: list[Fault]
    totals: dict[str, Any] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self) | {"by_kind": by_kind(self.faults)}, indent=2) + "\n")

    def show(self, console: Console) -> None:
        table = Table("fault", "times", "jobs in flight", "reruns", "rerun after p50 / max s", "again p50 / max s")
        for kind, row in by_kind(self.faults).items():
            table.add_row(kind, *(str(row[name]) for name in ("times", "in_flight", "reruns", "rerun_s", "again_s")))
        console.print(table)
        for name, value in self.totals.items():
            console.print(f"  {name}: {value}", highlight=False)
        for note in self.notes:
            console.print(f"  {note}", highlight=False, markup=False)
        for violation in self.violations[:50]:
            console.print(f"VIOLATION {violation.what}", style="bold red", markup=False)
            for line in (*violation.story, *said_of(violation.job, Path(self.folder))):
                console.print(f"    {line[:600]}", highlight=False, markup=False)
        verdict = f"{len(self.violations)} violations" if self.violations else "no violation"
        console.print(f"{verdict}; seed {self.seed}, {self.took_s:.0f} s, logs in {self.folder}", highlight=False)


def by_kind(faults: Iterable[Fault]) -> dict[str, dict[str, Any]]:
    """The table's rows: kills first."""
    kinds: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        kinds[fault.kind].append(fault)
    order = sorted(kinds, key=lambda kind: (kind not in KILLS, kind))
    return {
        kind: {
            "times": len(kinds[kind]),
            "in_flight": round(median(fault.in_flight for fault in kinds[kind])),
            "reruns": sum(fault.reruns for fault in kinds[kind]),
            "rerun_s": _spread([seconds for fault in kinds[kind] for seconds in fault.rerun_s]),
            "again_s": _spread([fault.recovery_s for fault in kinds[kind] if fault.recovery_s is not None]),
        }
        for kind in order
    }


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.2f} / {max(values):.2f}" if values else "-"


def attribute(faults: Sequence[Fault], jobs: Iterable[Stored], sent: Sequence[Sent]) -> None:
    """Note at each fault the attempts that it ended, when they were run again, and when a later job had ended."""
    for job in jobs:
        events = [event for event in job.events if event.kind != "job.progress"]
        for started, ended, again in zip(events, events[1:], events[2:], strict=False):
            if (started.kind, again.kind) == ("job.started", "job.started") and ended.kind in _ENDS_AN_ATTEMPT:
                cause = _cause(faults, started.at_ms / 1000, ended.at_ms / 1000)
                if cause is not None:
                    cause.reruns += 1
                    cause.rerun_s.append(round(again.at_ms / 1000 - cause.at, 3))
    done = sorted((one.sent_at, one.ended_at) for one in sent if one.id and one.ended_at)
    for fault in faults:
        after = [ended for at, ended in done if at > fault.until]
        fault.recovery_s = round(min(after) - fault.until, 3) if after else None


def _cause(faults: Sequence[Fault], started: float, ended: float) -> Fault | None:
    """The first fault of a worker while the attempt ran, or else the first of any kind."""
    within = [fault for fault in faults if started - 0.05 <= fault.at <= ended]
    return next((fault for fault in within if fault.kind in WORKER_KINDS), next(iter(within), None))


def totals(sent: Sequence[Sent], jobs: Iterable[Stored], faults: Sequence[Fault]) -> dict[str, Any]:
    """The figures of the whole run."""
    stored = list(jobs)
    attempts = [job.count("attempt") for job in stored]
    return {
        "kills": sum(1 for fault in faults if fault.kind in KILLS),
        "other faults": sum(1 for fault in faults if fault.kind not in KILLS),
        "submissions": dict(Counter(one.answer for one in sent).most_common()),
        "jobs by kind": dict(Counter(one.order.kind for one in sent if one.id).most_common()),
        "ends": dict(Counter(job.state for job in stored).most_common()),
        "jobs with more than one attempt": sum(1 for count in attempts if count > 1),
        "attempts": sum(attempts),
        "most attempts of a job": max(attempts, default=0),
    }


def said_of(job: str | None, folder: Path) -> list[str]:
    """The lines of the logs that name a job."""
    return [
        f"{path.stem}: {line}"
        for path in sorted(folder.glob("*.log"))
        for line in path.read_text(errors="replace").splitlines()
        if job and job in line
    ]


def errors_in(folder: Path) -> list[str]:
    """Each distinct error line of the logs with its count: not wrong by itself, but worth a look."""
    seen: Counter[str] = Counter()
    for path in sorted(folder.glob("*.log")):
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                entry = json.loads(line) if line.endswith("}") else {}
                if entry.get("level") in {"error", "critical"}:
                    seen[f"{path.stem.rstrip('0123456789')}: {_without_ids(str(entry.get('event')))}"] += 1
            elif line.startswith("Traceback"):
                seen[f"{path.stem.rstrip('0123456789')}: a bare traceback"] += 1
    return [f"log: {count} × {what}" for what, count in seen.most_common(20)]


def _without_ids(text: str) -> str:
    return " ".join("job_…" if word.startswith("job_") else word for word in text.split())[:200]
