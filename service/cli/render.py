"""What the command line shows of jobs, tables and failures. Text of the service is shown as text: never as markup."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CELL_CHARACTERS = 48
_SAMPLE_COLUMNS = 8
_STATE_STYLES = {"succeeded": "green", "failed": "bold red", "canceled": "yellow", "running": "cyan"}


def errors_console() -> Console:
    """Where messages and progress go: stderr, in colour on a terminal."""
    return Console(stderr=True, highlight=False)


def output_console() -> Console:
    """Where results go: stdout."""
    return Console(highlight=False)


def line(text: str) -> None:
    """One line on stdout, exactly as it is: for pipes and scripts."""
    sys.stdout.write(text + "\n")


def plain(value: object, limit: int = 2_000) -> str:
    """A value as one line of text without control characters, cut to `limit`."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def records_table(columns: Sequence[str], records: Iterable[Mapping[str, Any]], title: str = "") -> Table:
    """Records as a table; nulls are dim, numbers stand right."""
    rows = list(records)
    table = Table(title=Text(title) if title else None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for name in columns:
        numeric = any(isinstance(row.get(name), int | float) for row in rows)
        table.add_column(Text(plain(name, _CELL_CHARACTERS)), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    return table


def preview(job: Mapping[str, Any], rows: int, title: str = "") -> RenderableType:
    """The first rows of a job's result, and a line on what is not shown."""
    result = job["result"]
    names = [column["name"] for column in result["columns"]]
    records = (result.get("preview") or {}).get("records", [])[:rows]
    table = records_table(names, records, title)
    size = f"{result['rows']:,} rows × {len(names):,} columns"
    rest = "" if len(records) == result["rows"] else f"; {len(records):,} shown, -o FILE gets them all"
    return Group(table, Text(size + rest, style="dim"))


def summary(job: Mapping[str, Any]) -> Table:
    """A job as a list of its facts."""
    table = Table.grid(padding=(0, 2))
    table.add_row("job", Text(plain(job["id"])))
    table.add_row("state", Text(job["state"], style=_STATE_STYLES.get(job["state"], "")))
    table.add_row("attempt", str(job.get("attempt", "")))
    for name in ("created_at", "started_at", "finished_at", "cancel_requested_at"):
        if job.get(name):
            table.add_row(name.removesuffix("_at").replace("_", " "), Text(plain(job[name])))
    for label, value in (job.get("labels") or {}).items():
        table.add_row("label", Text(f"{plain(label)}={plain(value)}"))
    if progress := job.get("progress"):
        table.add_row("progress", f"step {progress['step']} of {progress['steps']} ({progress['fraction']:.0%})")
    if timing := job.get("timing"):
        table.add_row("time", Text(_timing(timing)))
    for warning in job.get("warnings") or []:
        table.add_row("warning", Text(plain(warning.get("detail", warning)), style="yellow"))
    return table


def failure(job: Mapping[str, Any], report: Mapping[str, Any]) -> Panel:
    """A failed job's report: where, what, why, with which data, and what may help."""
    error = job.get("error") or {}
    attempt = (report.get("attempts") or [{}])[-1]
    facts = Table.grid(padding=(0, 2))
    detail, _, hint = plain(error.get("detail", "no detail")).partition("; ")
    facts.add_row("error", Text(detail, style="bold"))
    for label, value in _report_facts(attempt):
        facts.add_row(label, Text(plain(value)))
    for place in error.get("errors") or []:
        row = f", row {place['row']} of {place.get('input')}" if place.get("row") is not None else ""
        facts.add_row("at", Text(plain(place.get("pointer") or "/") + plain(row)))
    if hint:
        facts.add_row("hint", Text(hint, style="bold yellow"))
    parts: list[RenderableType] = [facts]
    if samples := attempt.get("samples"):
        names = _telling(list(samples[0]), f"{error.get('detail')} {attempt.get('column')}")
        cut = "" if len(names) == len(samples[0]) else f" ({len(names)} of {len(samples[0])} columns)"
        parts += [Text(f"\nrows the step was given{cut}:", style="dim"), records_table(names, samples)]
    title = Text(f"{error.get('title', 'Failed')} · {error.get('code', '')}", style="bold red")
    return Panel(Group(*parts), title=title, title_align="left", border_style="red", expand=False)


def refusal(status: int, problem: Mapping[str, Any]) -> Panel:
    """A problem that the service answered a request with."""
    lines = [Text(plain(problem.get("detail") or problem.get("title") or f"HTTP {status}"), style="bold")]
    for place in problem.get("errors") or []:
        detail = place.get("detail")
        lines.append(Text(f"at {plain(place.get('pointer') or '/')}", style="yellow"))
        if detail and detail != problem.get("detail"):
            lines.append(Text(f"   {plain(detail)}"))
    title = Text(plain(f"{problem.get('title', 'Refused')} · {problem.get('code', status)}"), style="bold red")
    return Panel(Group(*lines), title=title, title_align="left", border_style="red", expand=False)


def _telling(names: list[str], told: str) -> list[str]:
    """The columns to show of a wide row, in its order: those that the error speaks of, then the first ones."""
    spoken = [name for name in names if repr(name) in told or name == told.rpartition(" ")[2]]
    chosen = set([*spoken, *(name for name in names if name not in spoken)][:_SAMPLE_COLUMNS])
    return [name for name in names if name in chosen]


def _report_facts(attempt: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    if attempt.get("step") is not None:
        yield "step", f"{attempt['step']} ({attempt.get('op')})"
    for name in ("column", "dtype"):
        if attempt.get(name):
            yield name, attempt[name]
    if exception := attempt.get("exception"):
        kind, _, message = str(exception).partition(": ")
        yield "exception", kind if message in str((attempt.get("error") or {}).get("detail")) else exception
    if shape := attempt.get("shape"):
        yield "shape", f"{shape[0]:,} rows × {shape[1]:,} columns before the step"
    if peak := attempt.get("peak_memory_bytes"):
        yield "memory", f"{peak / 1024**2:,.0f} MiB at the most"
    if attempt.get("attempt"):
        yield "attempt", f"{attempt['attempt']}"


def _timing(timing: Mapping[str, Any]) -> str:
    steps = sum(timing.get("steps_ms") or [0.0])
    shown = {"queued": "queued_ms", "decode": "decode_ms", "encode": "encode_ms"}
    parts = {name: float(timing.get(key) or 0.0) for name, key in shown.items()}
    ordered = (("queued", parts["queued"]), ("decode", parts["decode"]), ("steps", steps), ("encode", parts["encode"]))
    return " · ".join(f"{name} {value:,.1f} ms" for name, value in ordered)


def _cell(value: Any) -> Text:
    if value is None:
        return Text("null", style="dim")
    if isinstance(value, float):
        return Text(f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.4f}")
    return Text(plain(value, _CELL_CHARACTERS))
