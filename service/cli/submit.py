"""`framequeue submit`: send tables and a pipeline, then wait and fetch, or say whether they would be taken."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import Any

from rich.text import Text

from config.sections import ClientSettings
from service.cli import files as io
from service.cli import render
from service.cli.connect import as_json, connected
from service.cli.waiting import bar, finish
from service.client import Client, File, Options, Plan
from service.ended import Ended

_IDS = {"frm_": "frame", "job_": "job"}


@dataclass(frozen=True, slots=True)
class Submission:
    """What the command line was given; `fields` are the job's own."""

    file: str | None
    pipeline: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    input_format: str | None = None
    input_charset: str | None = None
    output: str | None = None
    format: str | None = None
    fields: Options = field(default_factory=Options)
    wait: bool = True
    validate: bool = False


def submit(asked: Submission, to: ClientSettings) -> None:
    """Submit, and unless told otherwise wait for the result. Raises Ended with the exit code of what went wrong."""
    io.one_stdin(asked.pipeline, asked.file, *asked.inputs.values())
    pipeline = io.pipeline(asked.pipeline)
    form = io.result_format(asked.output, asked.format)
    io.check_writable(asked.output)
    with ExitStack() as stack:
        sources = _sources(asked, stack)
        client = stack.enter_context(connected(to))
        with bar("uploading", _size(sources)) as moved:
            heard = {
                name: replace(one, progress=moved) if isinstance(one, File) else one for name, one in sources.items()
            }
            if asked.validate:
                return _tell(client.validate(heard, pipeline, **asked.fields))
            job = client.submit(heard, pipeline, **asked.fields)
        if asked.wait:
            return finish(job, asked.output, form)
    render.line(job.id)
    return None


def upload(file: str, to: ClientSettings, *, input_format: str | None, input_charset: str | None) -> None:
    """Keep a table at the service, and print its id."""
    with ExitStack() as stack:
        source = io.source(stack, "frame", file, input_format, input_charset)
        client: Client = stack.enter_context(connected(to))
        with bar("uploading", source.size) as moved:
            frame = client.upload(replace(source, progress=moved))
    render.line(frame.id)


def _sources(asked: Submission, stack: ExitStack) -> dict[str, Any]:
    named = ({"df": asked.file} if asked.file else {}) | dict(asked.inputs)
    if not named:
        raise Ended("no input: name a FILE, or --input NAME=FILE", 2)
    how = asked.input_format, asked.input_charset
    sources = {name: _by_id(given) or io.source(stack, name, given, *how) for name, given in named.items()}
    texts = [one for one in sources.values() if isinstance(one, File) and one.charset]
    if asked.input_charset and not texts:
        raise Ended("--input-charset is for CSV and TSV inputs; the other formats say theirs", 2)
    return sources


def _by_id(given: str) -> dict[str, str] | None:
    """The source that an id names: a kept frame, or another job's result."""
    kind = _IDS.get(given[:4])
    return {kind: given} if kind and "." not in given else None


def _size(sources: Mapping[str, Any]) -> int | None:
    sizes = [one.size for one in sources.values() if isinstance(one, File)]
    return None if None in sizes else reduce(add, sizes, 0)


def _tell(plan: Plan) -> None:
    """The plan of a submission that was not made; raises Ended where it would be refused."""
    for problem in plan.problems:
        render.errors_console().print(render.refusal(problem.status, as_json(problem)))
    if not plan.valid:
        raise Ended("nothing was submitted: it would be refused")
    console = render.output_console()
    for number, step in enumerate(plan.plan.steps if plan.plan else (), start=1):
        names = "" if step.columns is None else ", ".join(column.name for column in step.columns)
        rows = "" if step.rows_estimate is None else f"about {step.rows_estimate:,} rows"
        console.print(Text("\t".join((str(number), step.op, rows, names))), soft_wrap=True)
    memory = plan.plan.memory_estimate_bytes if plan.plan else None
    about = "" if memory is None else f"; it would take about {memory / 1024**2:,.0f} MiB"
    console.print(Text(f"it would be taken{about}; without --validate it is submitted"), soft_wrap=True)
