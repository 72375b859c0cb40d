"""The commands that work here, without the service's help: what each takes. As in `main`, with PLC0415."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.options import Format, InputCharset, InputFormat, JobId, Key, OnRowError, Output, Server, section

commands = typer.Typer()

File = Annotated[str | None, typer.Argument(metavar="[FILE]", help="The input `df`; - is stdin.", show_default=False)]
Pipeline = Annotated[
    str, typer.Option("-p", "--pipeline", help="A JSON file with the steps, - for stdin, or the JSON itself.")
]
NamedInputs = Annotated[
    list[str] | None, typer.Option("--input", metavar="NAME=FILE", help="A named input; repeatable.")
]
Modules = Annotated[
    list[str] | None,
    typer.Option("--transforms-module", metavar="MODULE", help="A module of your own transforms; repeatable."),
]


@commands.command()
def run(
    file: File = None,
    *,
    pipeline: Pipeline = "[]",
    input: NamedInputs = None,
    transforms_module: Modules = None,
    output: Output = None,
    format: Format = None,
    input_format: InputFormat = None,
    input_charset: InputCharset = None,
    on_row_error: OnRowError = None,
    max_rejects: Annotated[int | None, typer.Option(min=0, help="With reject: how many rows may be.")] = None,
    rejects: Annotated[str | None, typer.Option(metavar="FILE", help="Write the rows that are set aside here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Run a pipeline here, without a server, and show what each step took."""
    from service.cli import files, run, settings  # noqa: PLC0415 start-up time: see main's docstring

    asked = run.Asked(
        file=file,
        pipeline=pipeline,
        inputs=files.pairs(input or [], "--input"),
        input_format=input_format,
        input_charset=files.charset(input_charset),
        output=output,
        format=format,
        rejects=rejects,
        on_row_error=on_row_error,
        max_rejects=max_rejects,
        json=as_json,
    )
    run.run_here(asked, settings.effective(**section("transforms", modules=transforms_module)))


@commands.command("to-python")
def to_python(
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="A JSON file, - for stdin, or the JSON itself.")],
    input: NamedInputs = None,
    transforms_module: Modules = None,
    input_charset: InputCharset = None,
) -> None:
    """Print a pipeline as a pandas script."""
    from service.cli import files, settings, to_python  # noqa: PLC0415 start-up time: see main's docstring

    effective = settings.effective(**section("transforms", modules=transforms_module))
    inputs = files.pairs(input or [], "--input")
    to_python.to_python(pipeline, inputs, effective, charset=files.charset(input_charset))


@commands.command()
def replay(
    job: JobId,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Keep its pipeline and inputs here; a temporary folder by default.")
    ] = None,
    pdb: Annotated[bool, typer.Option("--pdb", help="Stop in the failing call, in Python's debugger.")] = False,
    ipython: Annotated[bool, typer.Option("--ipython", help="Open IPython beside the failing step.")] = False,
    transforms_module: Modules = None,
    server: Server = None,
    key: Key = None,
) -> None:
    """Run a job here once more, on the same inputs, and stop in the step that fails."""
    from service.cli import replay, settings  # noqa: PLC0415 start-up time: see main's docstring

    effective = settings.effective(
        **section("transforms", modules=transforms_module), **section("client", url=server, key=key)
    )
    replay.replay(replay.Asked(job, folder, pdb, ipython), effective, effective.client)
