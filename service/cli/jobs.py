"""The commands on jobs that are there: show and list them, fetch, cancel, repeat, delete, and what they said."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from config.sections import ClientSettings
from service.cli import files as io
from service.cli import render
from service.cli.connect import as_json, connected
from service.cli.waiting import INTERRUPTED, PREVIEW_ROWS, download, finish, report_of
from service.cli.words import plain
from service.client import Event
from service.client.values import LogLine
from service.ended import Ended


def show(job_id: str, to: ClientSettings, *, output: str | None, format: str | None, wait: bool, as_json: bool) -> None:
    """Show a job; with `wait` once it has ended; with `output` or `format` fetch its result, too."""
    fetch = output is not None or format is not None
    form = io.result_format(output, format) if fetch else None
    io.check_writable(output)
    with connected(to) as client:
        job = client.job(job_id)
        if fetch or (wait and not job.ended):
            return finish(job, output, form, quiet=as_json)
        if as_json:
            render.line(json.dumps(job.json, indent=2))
            return None
        console = render.output_console()
        console.print(render.summary(job.json))
        if job.outcome is not None and job.state == "succeeded":
            console.print(render.preview(job.json, PREVIEW_ROWS))
        if job.state == "failed":
            console.print(render.failure(job.json, report_of(job)))
    return None


def result(job_id: str, to: ClientSettings, *, output: str | None, format: str | None) -> None:
    """Wait for a job's end and fetch its result: to a file, a pipe, or as first rows on a terminal."""
    form = io.result_format(output, format)
    io.check_writable(output)
    with connected(to) as client:
        finish(client.job(job_id), output, form)


def rejects(job_id: str, to: ClientSettings, *, output: str | None, format: str | None) -> None:
    """Fetch the rows that a job set aside."""
    form = io.result_format(output, format) or io.result_format(io.STDIO, "csv")
    io.check_writable(output)
    with connected(to) as client:
        job = client.job(job_id)
        if form is not None:
            download(job.wait(), output, form, "rejects")


def listing(
    to: ClientSettings,
    *,
    state: str | None,
    labels: Mapping[str, str],
    group: str | None,
    since: str | None,
    limit: int,
) -> None:
    """The jobs that fit, newest first: id, state, when they were made, labels."""
    with connected(to) as client:
        found = client.jobs(state=state, labels=labels, group=group, created_after=since, page=min(limit, 200))
        rows = [
            (
                job.id,
                job.state,
                str(job.json.get("created_at", "")),
                " ".join(f"{k}={v}" for k, v in job.labels.items()),
            )
            for job in islice(found, limit)
        ]
    _print_table(("job", "state", "created", "labels"), rows)


def cancel(job_id: str, to: ClientSettings) -> None:
    """Ask for a job's end."""
    with connected(to) as client:
        job = client.job(job_id).cancel()
    render.line(job.state if job.ended else f"{job.state}, and asked to stop")


def rerun(job_id: str, to: ClientSettings) -> None:
    """Submit a job again, and print the new one's id."""
    with connected(to) as client:
        render.line(client.job(job_id).rerun().id)


def delete(job_ids: Sequence[str], to: ClientSettings) -> None:
    """Purge jobs and their data."""
    with connected(to) as client:
        for job_id in job_ids:
            client.job(job_id).delete()


def logs(job_id: str, to: ClientSettings) -> None:
    """What a job's transforms said: lines for people on a terminal, JSON lines elsewhere."""
    with connected(to) as client:
        _print_lines(client.job(job_id).logs())


def events(job_id: str, to: ClientSettings, *, after: str | None) -> None:
    """What happens to a job, as it happens, until it has ended."""
    with connected(to) as client:
        try:
            for event in client.job(job_id).events(after):
                _print_lines([event], flush=True)
        except KeyboardInterrupt:
            raise Ended(f"`framequeue events {job_id}` comes back to them", INTERRUPTED) from None


def report(job_id: str, to: ClientSettings, *, raw: bool) -> None:
    """Why each attempt of a job failed."""
    with connected(to) as client:
        job = client.job(job_id)
        attempts = as_json(job.report())
    if raw:
        render.line(json.dumps({"job_id": job_id, "attempts": attempts}, indent=2))
        return
    for attempt in attempts:
        render.output_console().print(render.failure({"error": attempt["error"]}, {"attempts": [attempt]}))
    if not attempts:
        render.line(f"no attempt of job {job_id} failed; it is {job.state}")


def deliveries(job_id: str, to: ClientSettings) -> None:
    """Each try to tell a job's webhook."""
    with connected(to) as client:
        tries = client.job(job_id).deliveries()
    rows = [
        (
            str(one.at or ""),
            one.event,
            one.url,
            str(one.attempt),
            str(one.status or one.error or ""),
            str(one.next_at or ""),
        )
        for one in tries
    ]
    _print_table(("at", "event", "url", "attempt", "answer", "next"), rows)


def show_frame(frame_id: str, to: ClientSettings) -> None:
    """What is known of a kept frame, as JSON."""
    with connected(to) as client:
        render.line(json.dumps(as_json(client.frame(frame_id)), indent=2))


def delete_frames(frame_ids: Sequence[str], to: ClientSettings) -> None:
    """Forget kept frames."""
    with connected(to) as client:
        for frame_id in frame_ids:
            client.delete_frame(frame_id)


def _print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal, tab-separated lines elsewhere."""
    console = render.output_console()
    if not console.is_terminal:
        for row in rows:
            render.line("\t".join(plain(cell) for cell in row))
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    console.print(table)


def _print_lines(values: Iterable[LogLine | Event], *, flush: bool = False) -> None:
    console = render.output_console()
    for value in values:
        if console.is_terminal:
            console.print(Text(_spoken(value)), soft_wrap=True)
        else:
            render.line(json.dumps(as_json(value)), flush=flush)


def _spoken(value: LogLine | Event) -> str:
    if isinstance(value, LogLine):
        step = "" if value.step is None else f" step {value.step}"
        return f"{value.at:%H:%M:%S} {value.level}{step}: {plain(value.message)}"
    progress: Any = value.data.progress
    steps = f", step {progress.step} of {progress.steps}" if progress and progress.steps else ""
    when = f"{value.timestamp:%H:%M:%S} " if value.timestamp else ""
    return f"{when}{value.type} (attempt {value.data.attempt}{steps})"
