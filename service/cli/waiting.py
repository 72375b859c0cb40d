"""Waiting for a job, and fetching what came of it: progress, warnings, files, and what to do where that fails."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from service.cli import files as io
from service.cli import render
from service.cli.connect import as_json, exit_code, show_refusal
from service.cli.words import counted
from service.client import ClientError, Job, ProblemError
from service.ended import Ended
from service.formats import Format

INTERRUPTED = 130
PREVIEW_ROWS = 20


def finish(job: Job, output: str | None, form: Format | None, *, quiet: bool = False, what: str = "result") -> None:
    """Wait for the job's end, then fetch, preview, or with `quiet` print it as JSON; raises Ended where it failed."""
    wait(job)
    if quiet:
        render.line(json.dumps(job.json, indent=2))
    else:
        render.warn(job.json)
    if job.state != "succeeded":
        if not quiet:
            render.errors_console().print(render.failure(job.json, report_of(job)))
        raise Ended(f"job {job.id} {job.state}")
    if form is not None:
        download(job, output, form, what)
    elif not quiet:
        render.output_console().print(render.preview(job.json, PREVIEW_ROWS))


def wait(job: Job) -> None:
    """Wait for the job's end, with its progress; raises Ended with the way back where that is broken off."""
    console = render.errors_console()
    back = f"`framequeue show {job.id} --wait` comes back to"
    try:
        with progress_of(job, console) as changed:
            job.wait(on_change=changed if console.is_terminal else None)
    except KeyboardInterrupt:
        raise Ended(f"the job goes on without you: {back} it", INTERRUPTED) from None
    except ProblemError:
        raise
    except ClientError as error:
        raise Ended(f"{error}; {back} the job", 3) from None


def report_of(job: Job) -> dict[str, Any]:
    """The error report, without attempts where the service has none."""
    try:
        return {"attempts": as_json(job.report())}
    except ProblemError:
        return {}


@contextmanager
def progress_of(job: Job, console: Console) -> Iterator[Callable[[Job], None]]:
    """A job's progress step by step, only on a terminal; yields what to call with each newer state of the job."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"job {job.state}", total=None)

        def changed(now: Job) -> None:
            at = now.progress
            steps = f", step {at.step} of {at.steps}" if at.steps else ""
            progress.update(task, description=f"job {now.state}{steps}", total=1.0, completed=at.fraction)

        yield changed


@contextmanager
def bar(what: str, whole: int | None, *, visible: bool = True) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, only where that is a terminal; yields what to call with each size in bytes."""
    console = render.errors_console()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    hidden = not (visible and console.is_terminal)
    with Progress(*columns, console=console, transient=True, disable=hidden, redirect_stdout=False) as progress:
        task = progress.add_task(what, total=whole)
        yield lambda size: progress.update(task, advance=size)


def download(job: Job, output: str | None, form: Format, what: str = "result") -> None:
    """Write the result, or the rejects, of a job that succeeded; a file appears only when it is whole."""
    with _kept(job, form, what):
        pieces = job.content(form.name, what=what)
        first = next(pieces, b"")  # what is refused is so before the target is opened
        visible = output not in (None, io.STDIO) or not sys.stdout.isatty()  # else the bar would run into the result
        with io.target(output) as stream, bar("downloading", None, visible=visible) as moved:
            stream.write(first)
            moved(len(first))
            for piece in pieces:
                stream.write(piece)
                moved(len(piece))
    console = render.errors_console()
    if output not in (None, io.STDIO) and console.is_terminal and what == "result" and job.outcome is not None:
        size = f"{counted(job.outcome.rows, 'row')} × {counted(len(job.outcome.columns), 'column')}"
        console.print(Text(f"{size} in {output}", style="dim"))


@contextmanager
def _kept(job: Job, form: Format, what: str) -> Iterator[None]:
    """Where fetching fails, the job is not lost: the last line names it, and how to come back to its result."""
    file = "FILE.parquet" if form.name == "csv" else "FILE.csv"
    how = "show" if what == "result" else what
    again = f"job {job.id} succeeded: `framequeue {how} {job.id} -o {file}` fetches its {what}"
    try:
        yield
    except ProblemError as error:
        show_refusal(error)
        gone = error.status in (httpx.codes.NOT_FOUND, httpx.codes.GONE)
        line = f"job {job.id} succeeded, but its {what} is not there any more" if gone else again
        raise Ended(line, exit_code(error)) from None
    except ClientError as error:
        raise Ended(f"{error}; {again}", 3) from None
    except Ended as error:  # of the file that it goes to
        raise Ended(f"{error}; {again}", error.code) from None
    except KeyboardInterrupt:
        raise Ended(again, INTERRUPTED) from None
