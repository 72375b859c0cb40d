"""What a local run's steps took: a table on a terminal, tab-separated lines elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs.local.run import LocalEnd, StepFacts
from jobs.model import InputInfo
from service.cli.words import plain

_HEADINGS = ("step", "op", "rows", "columns", "time", "memory")


def show(console: Console, end: LocalEnd) -> None:
    """A line for each input that was read, then one for each step that was done."""
    reading = end.outcome.timing.decode_ms
    rows = [*_of_inputs(end.outcome.inputs, reading), *map(_of_step, end.steps)]
    if not console.is_terminal:
        for row in [_HEADINGS, *rows] if rows else []:
            console.file.write("\t".join(row) + "\n")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading in ("step", "op") else "right")
    for row in rows:
        table.add_row(*map(Text, row))
    if rows:
        console.print(table)


def as_json(end: LocalEnd) -> dict[str, Any]:
    """The same for machines, with the result's facts or the report of the failure."""
    outcome: dict[str, Any] = msgspec.to_builtins(end.outcome)
    result = outcome.get("result")
    if result is not None:
        result = {"rows": result["rows"], "columns": result["columns"], "rejects": result.get("rejects", 0)}
    return {
        "state": "succeeded" if end.product else "failed",
        "inputs": outcome.get("inputs", {}),
        "decode_ms": end.outcome.timing.decode_ms,
        "steps": [
            {name: getattr(step, name) for name in ("step", "op", "rows", "columns", "time_ms", "memory_bytes")}
            for step in end.steps
        ],
        "peak_memory_bytes": end.outcome.peak_memory_bytes,
        "result": result,
        "error": outcome.get("error"),
        "report": None if end.report is None else msgspec.to_builtins(end.report),
        "warnings": outcome.get("warnings", []),
    }


def _of_inputs(inputs: Mapping[str, InputInfo], took_ms: float) -> Iterable[tuple[str, ...]]:
    for number, (name, info) in enumerate(inputs.items()):
        took = _time(took_ms) if number == 0 else ""  # of all of them together
        yield "read", plain(name), f"{info.rows or 0:,}", f"{info.column_count or 0:,}", took, _size(info.bytes)


def _of_step(step: StepFacts) -> tuple[str, ...]:
    counts = (f"{step.rows:,}", f"{step.columns:,}")
    return str(step.step), plain(step.op), *counts, _time(step.time_ms), _size(step.memory_bytes)


def _time(took_ms: float) -> str:
    return f"{took_ms:,.1f} ms" if took_ms < 10_000 else f"{took_ms / 1e3:,.1f} s"


def _size(count: int) -> str:
    return f"{count / 1024:,.0f} KiB" if count < 10 * 1024**2 else f"{count / 1024**2:,.0f} MiB"
