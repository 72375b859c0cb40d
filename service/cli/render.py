"""What the command line shows of jobs, tables and failures. Text of the service is shown as text: never as markup."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from jobs.hints import SAY_CHARSET
from service.cli.command import as_typed
from service.cli.tables import Records
from service.cli.words import counted, plain

_MIB = 1024**2
_STATE_STYLES = {"succeeded": "green", "failed": "bold red", "canceled": "yellow", "running": "cyan"}
# what the service cannot say, because it does not know who calls
_HINTS = {
    "auth.key_missing": "--key KEY sends one, and so does the setting FRAMEQUEUE_CLIENT__KEY",
    "pipeline.op_unknown": "`framequeue transforms` lists the ops",
}


def errors_console() -> Console:
    """Where messages and progress go: stderr, in colour on a terminal."""
    return Console(stderr=True, highlight=False)


def output_console() -> Console:
    """Where results go: stdout."""
    return Console(highlight=False)


def line(text: str, *, flush: bool = False) -> None:
    """One line on stdout, exactly as it is: for pipes and scripts; `flush` where the reader waits for it."""
    sys.stdout.write(text + "\n")
    if flush:
        sys.stdout.flush()


def preview(job: Mapping[str, Any], rows: int, title: str = "") -> RenderableType:
    """The first rows of a job's result, in the columns that fit, and a line on what is not shown."""
    result = job["result"]
    names = [column["name"] for column in result["columns"]]
    records = (result.get("preview") or {}).get("records", [])[:rows]

    def foot(shown: int) -> str:
        parts = [counted(len(records), "row")] if len(records) < result["rows"] else []
        parts += [f"{shown:,} of {counted(len(names), 'column')}"] if shown < len(names) else []
        size = f"{counted(result['rows'], 'row')} × {counted(len(names), 'column')}"
        return size + (f"; {' and '.join(parts)} shown, -o FILE gets them all" if parts else "")

    return Records(names, records, title, foot=foot)


def warn(job: Mapping[str, Any]) -> None:
    """What was mapped or set aside on the job's way, a line each on stderr."""
    if aside := (job.get("result") or {}).get("rejects"):
        rows = f"warning: {counted(aside, 'row')} set aside"
        line = as_typed(f"{rows}: `framequeue rejects {plain(job['id'])}` tells which and why")
        errors_console().print(Text(line, style="yellow"), soft_wrap=True)
    for warning in job.get("warnings") or []:
        detail = plain(warning.get("detail", warning))
        errors_console().print(Text(f"warning: {detail}", style="yellow"), soft_wrap=True)


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
    if (progress := job.get("progress")) and progress.get("steps"):
        table.add_row("progress", f"step {progress['step']} of {progress['steps']} ({progress['fraction']:.0%})")
    if timing := job.get("timing"):
        table.add_row("time", Text(_timing(timing)))
    if aside := (job.get("result") or {}).get("rejects"):
        table.add_row("set aside", Text(counted(aside, "row"), style="yellow"))
    for warning in job.get("warnings") or []:
        table.add_row("warning", Text(plain(warning.get("detail", warning)), style="yellow"))
    return table


def failure(job: Mapping[str, Any], report: Mapping[str, Any]) -> Panel:
    """A failed job's report: where, what, why, with which data, and what may help."""
    error = job.get("error") or {}
    attempt = (report.get("attempts") or [{}])[-1]
    facts = Table.grid(padding=(0, 2))
    detail, hint = plain(error.get("detail", "no detail")), ""
    if len(error.get("errors") or []) <= 1:  # of several the hint of the first would seem to be that of all
        detail, _, hint = detail.partition("; ")
    facts.add_row("error", Text(detail, style="bold"))
    for label, value in _report_facts(attempt):
        facts.add_row(label, Text(plain(value)))
    for label, value in _places(error):
        facts.add_row(label, value)
    if hint:
        facts.add_row("hint", Text(_typed(hint), style="bold yellow"))
    parts: list[RenderableType] = [facts]
    if samples := attempt.get("samples"):
        telling = _telling(list(samples[0]), f"{error.get('detail')} {attempt.get('column')}")
        parts += [Text("\nrows the step was given:", style="dim"), Records(list(samples[0]), samples, telling=telling)]
    title = Text(f"{error.get('title', 'Failed')} · {error.get('code', '')}", style="bold red")
    return Panel(Group(*parts), title=title, title_align="left", border_style="red", expand=False)


def refusal(status: int, problem: Mapping[str, Any]) -> Panel:
    """A problem that the service answered a request with."""
    said = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
    lines = [Text(plain(said), style="bold")]
    for place in problem.get("errors") or []:
        detail = str(place.get("detail") or "")
        if place.get("pointer"):
            lines.append(Text(f"at {plain(place['pointer'])}", style="yellow"))
        if detail not in said:  # which may have `step 1 (head): ` before it
            lines.append(Text(f"   {plain(detail)}"))
    codes = dict.fromkeys([problem.get("code"), *(place.get("code") for place in problem.get("errors") or [])])
    lines += [Text(as_typed(_HINTS[code]), style="bold yellow") for code in codes if code in _HINTS]
    title = Text(plain(f"{problem.get('title', 'Refused')} · {problem.get('code', status)}"), style="bold red")
    return Panel(Group(*lines), title=title, title_align="left", border_style="red", expand=False)


def _places(error: Mapping[str, Any]) -> Iterable[tuple[str, Text]]:
    """Where: each place, and what is wrong there where the error itself does not say it."""
    said = str(error.get("detail"))
    for place in error.get("errors") or []:
        row = f"row {place['row']} of {place.get('input')}" if place.get("row") is not None else ""
        where = ", ".join(part for part in (place.get("pointer"), row) if part)
        if where:
            yield "at", Text(plain(where))
        detail = str(place.get("detail") or "")
        if detail not in said:  # which may have `step 1 (head): ` before it
            yield "", Text(_typed(plain(detail)))


def _typed(hint: str) -> str:
    """A hint as one types it here: the service speaks of headers."""
    return hint.replace(SAY_CHARSET, "say the charset, as in --input-charset latin-1")


def _telling(names: Sequence[str], told: str) -> frozenset[str]:
    """The columns that the error speaks of."""
    return frozenset(name for name in names if repr(name) in told or name == told.rpartition(" ")[2])


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
        yield "shape", f"{counted(shape[0], 'row')} × {counted(shape[1], 'column')} before the step"
    if (peak := attempt.get("peak_memory_bytes") or 0) >= _MIB:
        yield "memory", f"{peak / _MIB:,.0f} MiB at the most"
    if attempt.get("attempt"):
        yield "attempt", f"{attempt['attempt']}"


def _timing(timing: Mapping[str, Any]) -> str:
    steps = sum(timing.get("steps_ms") or [0.0])
    shown = {"queued": "queued_ms", "decode": "decode_ms", "encode": "encode_ms"}
    parts = {name: float(timing.get(key) or 0.0) for name, key in shown.items()}
    ordered = (("queued", parts["queued"]), ("decode", parts["decode"]), ("steps", steps), ("encode", parts["encode"]))
    return " · ".join(f"{name} {value:,.1f} ms" for name, value in ordered)
