"""`framequeue submit` and `framequeue show`: send, wait with progress, fetch, or tell what went wrong."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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

from config.sections import ClientSettings
from service.cli import files as io
from service.cli import render
from service.cli.client import TERMINAL, Client, JobDict, Multipart, Refused, Source, Unreachable
from service.cli.words import counted
from service.ended import Ended
from service.formats import Format

_PREVIEW_ROWS = 20
_QUERY_CHARACTERS = 8_000  # a longer pipeline goes as a part: proxies refuse long URLs
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Submission:
    """What the command line was given."""

    file: str | None
    pipeline: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    input_format: str | None = None
    input_charset: str | None = None
    output: str | None = None
    format: str | None = None
    timeout_s: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    wait: bool = True


def submit(asked: Submission, to: ClientSettings) -> None:
    """Submit, and unless told otherwise wait for the result. Raises Ended with the exit code of what went wrong."""
    pipeline = io.pipeline(asked.pipeline)
    form = io.result_format(asked.output, asked.format)
    io.check_writable(asked.output)
    with ExitStack() as stack:
        files = ({"df": asked.file} if asked.file else {}) | dict(asked.inputs)
        if not files:
            raise Ended("no input: name a FILE, or --input NAME=FILE", 2)
        if list(files.values()).count(io.STDIO) > 1:
            raise Ended("only one input can be standard input", 2)
        how = asked.input_format, asked.input_charset
        sources = [io.source(stack, name, file, *how) for name, file in files.items()]
        if asked.input_charset and not any(source.charset for source in sources):
            raise Ended("--input-charset is for CSV and TSV inputs; the other formats say theirs", 2)
        client = stack.enter_context(connected(to))
        job = _send(client, asked, pipeline, sources)
        if not asked.wait:
            render.line(job["id"])
            return
        _finish(client, job, asked.output, form)


def show(job_id: str, to: ClientSettings, *, output: str | None, format: str | None, wait: bool, as_json: bool) -> None:
    """Show a job; with `wait` once it has ended; with `output` or `format` fetch its result, too."""
    fetch = output is not None or format is not None
    form = io.result_format(output, format) if fetch else None
    io.check_writable(output)
    with connected(to) as client:
        job = client.job(job_id)
        if fetch or (wait and job["state"] not in TERMINAL):
            return _finish(client, job, output, form, quiet=as_json)
        if as_json:
            render.line(json.dumps(job, indent=2))
            return None
        console = render.output_console()
        console.print(render.summary(job))
        if job.get("result") and job["state"] == "succeeded":
            console.print(render.preview(job, _PREVIEW_ROWS))
        if job["state"] == "failed":
            console.print(render.failure(job, client.report(job_id)))
    return None


@contextmanager
def connected(to: ClientSettings) -> Iterator[Client]:
    """A client whose errors end the command with the right line and code."""
    try:
        with Client(to.url, to.key.get_secret_value() if to.key else None) as client:
            yield client
    except Unreachable as error:
        hint = "is it running? `framequeue up` starts one; --server or FRAMEQUEUE_CLIENT__URL names another"
        raise Ended(f"{error}; {hint}", 3) from None
    except Refused as error:
        render.errors_console().print(render.refusal(error.status, error.problem))
        raise Ended("", 3 if error.status == 503 else 1) from None


def _send(client: Client, asked: Submission, pipeline: list[Any], sources: list[Source]) -> JobDict:
    text = io.compact(pipeline)
    whole = sum(source.size or 0 for source in sources) if all(source.size is not None for source in sources) else None
    raw = len(sources) == 1 and sources[0].name == "df" and len(text) <= _QUERY_CHARACTERS
    with _bar("uploading", whole) as moved:
        if raw:
            return client.submit_raw(sources[0], text, _query(asked), moved)
        envelope: dict[str, Any] = {"pipeline": pipeline}
        if asked.timeout_s is not None:
            envelope["timeout_s"] = asked.timeout_s
        if asked.labels:
            envelope["labels"] = dict(asked.labels)
        return client.submit_parts(envelope, sources, Multipart(moved))


def _query(asked: Submission) -> dict[str, str]:
    labels = {f"label.{name}": value for name, value in asked.labels.items()}
    return labels | ({} if asked.timeout_s is None else {"timeout_s": f"{asked.timeout_s:g}"})


def _finish(client: Client, job: JobDict, output: str | None, form: Format | None, *, quiet: bool = False) -> None:
    job = _wait(client, job)
    if quiet:
        render.line(json.dumps(job, indent=2))
    else:
        render.warn(job)
    if job["state"] != "succeeded":
        if not quiet:
            render.errors_console().print(render.failure(job, client.report(job["id"])))
        raise Ended(f"job {job['id']} {job['state']}")
    if form is not None:
        _download(client, job, output, form)
    elif not quiet:
        render.output_console().print(render.preview(job, _PREVIEW_ROWS))


def _wait(client: Client, job: JobDict) -> JobDict:
    console = render.errors_console()
    try:
        with progress_of(job, console) as changed:
            return client.watch(job, changed, often=console.is_terminal)
    except KeyboardInterrupt:
        line = f"the job goes on without you: `framequeue show {job['id']} --wait` comes back to it"
        raise Ended(line, INTERRUPTED) from None
    except Unreachable as error:
        raise Ended(f"{error}; `framequeue show {job['id']} --wait` comes back to the job", 3) from None


@contextmanager
def progress_of(job: JobDict, console: Console) -> Iterator[Callable[[JobDict], None]]:
    """A job's progress step by step, only on a terminal; yields what to call with each newer state of the job."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"job {job['state']}", total=None)

        def changed(now: JobDict) -> None:
            at = now.get("progress") or {}
            steps = f", step {at['step']} of {at['steps']}" if at.get("steps") else ""
            done = float(at.get("fraction", 0.0))
            progress.update(task, description=f"job {now['state']}{steps}", total=1.0, completed=done)

        yield changed


def _download(client: Client, job: JobDict, output: str | None, form: Format) -> None:
    with _kept(job, form), client.result(job["id"], form) as response, io.target(output) as stream:
        length = response.headers.get("Content-Length", "")
        visible = output not in (None, io.STDIO) or not sys.stdout.isatty()  # else the bar would run into the result
        with _bar("downloading", int(length) if length.isdigit() else None, visible=visible) as moved:
            for piece in client.pieces(response):
                stream.write(piece)
                moved(len(piece))
    console = render.errors_console()
    if output not in (None, io.STDIO) and console.is_terminal:
        size = f"{counted(job['result']['rows'], 'row')} × {counted(len(job['result']['columns']), 'column')}"
        console.print(Text(f"{size} in {output}", style="dim"))


@contextmanager
def _kept(job: JobDict, form: Format) -> Iterator[None]:
    """Where fetching fails, the job is not lost: the last line names it, and how to come back to its result."""
    file = "FILE.parquet" if form.name == "csv" else "FILE.csv"
    again = f"job {job['id']} succeeded: `framequeue show {job['id']} -o {file}` fetches its result"
    try:
        yield
    except Refused as error:
        render.errors_console().print(render.refusal(error.status, error.problem))
        gone = error.status in (httpx.codes.NOT_FOUND, httpx.codes.GONE)
        line = f"job {job['id']} succeeded, but its result is not there any more" if gone else again
        raise Ended(line, 3 if error.status == httpx.codes.SERVICE_UNAVAILABLE else 1) from None
    except Unreachable as error:
        raise Ended(f"{error}; {again}", 3) from None
    except Ended as error:  # of the file that it goes to
        raise Ended(f"{error}; {again}", error.code) from None
    except KeyboardInterrupt:
        raise Ended(again, INTERRUPTED) from None


@contextmanager
def _bar(what: str, whole: int | None, *, visible: bool = True) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, only where that is a terminal; yields what to call with each size in bytes."""
    console = render.errors_console()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    hidden = not (visible and console.is_terminal)
    with Progress(*columns, console=console, transient=True, disable=hidden, redirect_stdout=False) as progress:
        task = progress.add_task(what, total=whole)
        yield lambda size: progress.update(task, advance=size)
