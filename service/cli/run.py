"""`framequeue run`: a pipeline in this process, over the same codecs and steps as a job's."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from config.settings import Settings
from jobs.errors import FidelityLost
from jobs.local.inputs import LocalInput, bytes_from, bytes_of
from jobs.local.run import LocalEnd, LocalJob, encoded, run
from jobs.model import OnRowError, Warn
from jobs.transforms.catalogue import Catalogue, CatalogueError, load_catalogue
from jobs.transforms.context import JOB_LOGGER
from service.cli import files as io
from service.cli import render, steps_table
from service.cli.connect import as_json
from service.cli.waiting import PREVIEW_ROWS
from service.cli.words import counted, plain
from service.ended import Ended
from service.formats import Format


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line was given."""

    file: str | None
    pipeline: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    input_format: str | None = None
    input_charset: str | None = None
    output: str | None = None
    format: str | None = None
    rejects: str | None = None
    on_row_error: str | None = None
    max_rejects: int | None = None
    json: bool = False


def run_here(asked: Asked, settings: Settings) -> None:
    """Run it and give its result. Raises Ended: 1 where it failed, 2 where nothing could begin."""
    io.one_stdin(asked.pipeline, asked.file, *asked.inputs.values())
    steps = io.pipeline(asked.pipeline)
    form = None if asked.json and asked.output is None else io.result_format(asked.output, asked.format)
    for target in (asked.output, asked.rejects):
        io.check_writable(target)
    job = LocalJob(
        steps, local_inputs(asked), _on_row_error(asked), 1000 if asked.max_rejects is None else asked.max_rejects
    )
    end = watched(job, catalogue_of(settings), settings)
    if not asked.json:
        steps_table.show(render.errors_console(), end)
    _write(asked, end, form)
    if asked.json:
        render.line(json.dumps(steps_table.as_json(end), indent=2))
    elif end.product is None:
        render.errors_console().print(failure(end))
    if end.product is None:
        raise Ended("the pipeline failed" if not asked.json else "")


def local_inputs(asked: Asked) -> dict[str, LocalInput]:
    """The inputs that were named, not read yet. Raises Ended (2)."""
    named = ({"df": asked.file} if asked.file else {}) | dict(asked.inputs)
    if not named:
        raise Ended("no input: name a FILE, or --input NAME=FILE", 2)
    how = asked.input_format, asked.input_charset
    return {name: read_local(name, file, *how) for name, file in named.items()}


def read_local(name: str, file: str, input_format: str | None, charset: str | None) -> LocalInput:
    """An input from a file, or from standard input. Raises Ended (2)."""
    form, encoding = io.form_of(name, file, input_format)
    try:
        data = bytes_from(sys.stdin.buffer) if file == io.STDIO else bytes_of(Path(file))
    except OSError as error:
        raise Ended(f"cannot read {file!r}: {error.strerror}", 2) from None
    return LocalInput(data, form.media_type, encoding, charset if form.takes_charset else None)


def _on_row_error(asked: Asked) -> OnRowError:
    try:
        return OnRowError(asked.on_row_error or "fail")
    except ValueError:
        raise Ended(f"--on-row-error is fail or reject, not {asked.on_row_error!r}", 2) from None


def catalogue_of(settings: Settings) -> Catalogue:
    """The ops, those of the settings' modules among them. Raises Ended (2)."""
    try:
        return load_catalogue(settings.transforms.modules)
    except CatalogueError as error:
        raise Ended(str(error), 2) from None


def watched(job: LocalJob, catalogue: Catalogue, settings: Settings) -> LocalEnd:
    """The end of the job, with its progress on a terminal; what its transforms print goes to stderr."""
    console = render.errors_console()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=1.0)

        def told(done: int, steps: int, fraction: float) -> None:
            progress.update(task, description=f"step {min(done + 1, steps)} of {steps}", completed=fraction)

        with redirect_stdout(sys.stderr), _heard():
            return run(job, catalogue, settings.limits, told)


@contextmanager
def _heard() -> Iterator[None]:
    """What transforms log, on stderr, and then what libraries warned of, each once."""
    logger, handler = logging.getLogger(JOB_LOGGER), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    level, passes_on = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        with warnings.catch_warnings(record=True) as caught:
            yield
        for text in dict.fromkeys(str(one.message) for one in caught):  # where in which library tells nobody anything
            logger.warning(text)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = passes_on


def failure(end: LocalEnd) -> Any:
    """The report of a failed run, as that of a failed job."""
    report = as_json(end.report)
    return render.failure({"error": report["error"]}, {"attempts": [report | {"attempt": None}]})


def _write(asked: Asked, end: LocalEnd, form: Format | None) -> None:
    product = end.product
    if product is None or product.outcome.result is None:
        return
    console, result = render.errors_console(), product.outcome.result
    for warning in product.outcome.warnings:
        _warn(console, warning)
    if result.rejects:
        _tell(
            console,
            f"{counted(result.rejects, 'row')} set aside" + ("" if asked.rejects else "; --rejects FILE keeps them"),
        )
    if asked.rejects is not None and product.set_aside:
        with _written(asked.rejects) as stream:
            stream(encoded(product.set_aside, _form_of(asked.rejects), lambda one: _warn(console, one)))
    if form is not None:
        with _written(asked.output) as stream:
            stream(encoded(product.pieces, form.name, lambda one: _warn(console, one)))
    elif not asked.json:
        shown = as_json(result) | {"preview": {"records": json.loads(result.preview)}}
        render.output_console().print(render.preview({"result": shown}, PREVIEW_ROWS))


@contextmanager
def _written(output: str | None) -> Iterator[Any]:
    try:
        with io.target(output) as file:
            yield lambda pieces: [file.write(piece) for piece in pieces]
    except FidelityLost as error:
        raise Ended(f"the pipeline ran, and its result cannot be written: {error.detail}") from None


def _form_of(output: str) -> str:
    form = io.result_format(output, None)
    return "csv" if form is None else form.name


def _warn(console: Console, warning: Warn) -> None:
    _tell(console, plain(warning.detail))


def _tell(console: Console, text: str) -> None:
    console.print(Text(f"warning: {text}", style="yellow"), soft_wrap=True)
