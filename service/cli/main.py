"""The command line, thin: what each command takes; the work is done by the modules beside this one.

They are imported inside the commands (PLC0415), here and nowhere else: so `--help` and a mistyped option take a
quarter, and `submit` two fifths, of the CPU time that `worker` takes to load pandas (0.5, 0.7 and 1.7 s, busy machine).
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.command import as_typed, command
from service.cli.formats import NAMES
from service.ended import Ended
from service.pools import ARROW_POOL

app = typer.Typer(
    name="framequeue",
    help="Durable DataFrame jobs over HTTP: pandas pipelines behind FastAPI, on ARQ and Redis.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
keys = typer.Typer(help="Keys for callers.", no_args_is_help=True)
app.add_typer(keys, name="keys")
webhooks = typer.Typer(help="Webhooks.", no_args_is_help=True)
app.add_typer(webhooks, name="webhooks")

Host = Annotated[str | None, typer.Option(help="The address to listen on [FRAMEQUEUE_API__HOST].")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="The port; 0 takes a free one [FRAMEQUEUE_API__PORT].")
]
Server = Annotated[str | None, typer.Option(help="The service's URL [FRAMEQUEUE_CLIENT__URL].")]
Key = Annotated[str | None, typer.Option(help="Your key, where one is needed [FRAMEQUEUE_CLIENT__KEY].")]
Output = Annotated[
    str | None,
    typer.Option("-o", "--output", help="Write the result here, in the format of the name's ending; - is stdout."),
]
Format = Annotated[
    str | None,
    typer.Option(help=f"The result's format: {', '.join(NAMES)}."),
]


def main() -> None:
    """The entry point. Exit codes: 0 done, 1 failed or refused, 2 wrong usage or setting, 3 no service, 130 Ctrl-C."""
    try:
        app(prog_name=command(), standalone_mode=True)
    except Ended as end:
        _end(str(end), end.code)
    except BrokenPipeError:
        # the reader of a pipe has had enough; the interpreter would complain once more when it flushes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except KeyboardInterrupt:
        _end("interrupted; nothing was submitted" if "submit" in sys.argv[1:2] else "interrupted", 130)


def _end(message: str, code: int) -> None:
    if message:
        sys.stderr.write(f"framequeue: {as_typed(message)}\n")
    sys.exit(code)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 start-up time: a third of that of --help

        print(f"framequeue {version('framequeue')}")
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Durable DataFrame jobs over HTTP: pandas pipelines behind FastAPI, on ARQ and Redis."""


@app.command()
def up(
    host: Host = None,
    port: Port = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where jobs are kept [FRAMEQUEUE_DATA_DIR].")] = None,
) -> None:
    """Start everything here: API, worker, and a Valkey where REDIS_URL is not set. Ctrl-C stops it."""
    from service.cli import settings, up  # noqa: PLC0415 start-up time: see the module's docstring

    place = {} if data_dir is None else {"data_dir": data_dir}
    up.run(settings.effective(**_section("api", host=host, port=port), **place))


@app.command()
def api(host: Host = None, port: Port = None) -> None:
    """Serve HTTP; needs REDIS_URL."""
    os.environ.setdefault(*ARROW_POOL)
    from service.cli import api  # noqa: PLC0415 start-up time: see the module's docstring

    raise typer.Exit(api.run(**_section("api", host=host, port=port)))


@app.command()
def worker() -> None:
    """Work on jobs, and start again what dies of one; needs REDIS_URL. SIGTERM finishes what runs, and then ends."""
    from service.cli import supervise  # noqa: PLC0415 start-up time: see the module's docstring

    supervise.run()


@app.command()
def demo() -> None:
    """See it work: a month of real flights through three pipelines, and one that fails. Leaves nothing behind."""
    from service.cli import demo as show  # noqa: PLC0415 start-up time: see the module's docstring

    raise typer.Exit(show.run())


@app.command()
def submit(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="The input `df`; - is stdin.", show_default=False)
    ] = None,
    *,
    pipeline: Annotated[
        str, typer.Option("-p", "--pipeline", help="A JSON file with the steps, or the JSON itself.")
    ] = "[]",
    output: Output = None,
    format: Format = None,
    input: Annotated[list[str] | None, typer.Option(metavar="NAME=FILE", help="A named input; repeatable.")] = None,
    input_format: Annotated[str | None, typer.Option(help="The inputs' format, where names do not tell it.")] = None,
    input_charset: Annotated[
        str | None, typer.Option(help="The charset of CSV and TSV inputs, such as latin-1 [UTF-8].")
    ] = None,
    label: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A label; repeatable.")] = None,
    timeout_s: Annotated[float | None, typer.Option(min=0, help="How long the job may run, in seconds.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait for the result, or print the job's id.")] = True,
    server: Server = None,
    key: Key = None,
) -> None:
    """Submit a table and a pipeline, wait, and get the result: a table on a terminal, CSV in a pipe, or a file."""
    from service.cli import files, submit  # noqa: PLC0415 start-up time: see the module's docstring

    asked = submit.Submission(
        file=file,
        pipeline=pipeline,
        inputs=files.pairs(input or [], "--input"),
        input_format=input_format,
        input_charset=files.charset(input_charset),
        output=output,
        format=format,
        timeout_s=timeout_s,
        labels=files.pairs(label or [], "--label"),
        wait=wait,
    )
    submit.submit(asked, _client(server, key))


@app.command()
def show(
    job: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    output: Output = None,
    format: Format = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the job has ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the job as the service gives it.")] = False,
    server: Server = None,
    key: Key = None,
) -> None:
    """Show a job: its state, its result's first rows or its error report; with -o fetch the result."""
    from service.cli import submit  # noqa: PLC0415 start-up time: see the module's docstring

    submit.show(job, _client(server, key), output=output, format=format, wait=wait, as_json=as_json)


@app.command()
def transforms(
    op: Annotated[str | None, typer.Argument(help="One op: its arguments and an example.")] = None,
    server: Server = None,
    key: Key = None,
) -> None:
    """List the ops that pipelines are made of, or explain one."""
    from service.cli import catalogue  # noqa: PLC0415 start-up time: see the module's docstring

    to = _client(server, key)
    if op is None:
        catalogue.show_all(to)
    else:
        catalogue.show_one(op, to)


@app.command()
def config() -> None:
    """Print the effective settings by their environment names, secrets masked."""
    from service.cli import config, settings  # noqa: PLC0415 start-up time: see the module's docstring

    config.show(settings.effective())


@keys.command("new")
def new_key(
    tenant: Annotated[str, typer.Option(help="Whose jobs the key reaches.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="jobs:write, jobs:read, frames, debug or admin; repeatable. "
            "Without it: jobs:write, jobs:read and frames.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a key: shown once, and configured by its hash."""
    from service.cli import config  # noqa: PLC0415 start-up time: see the module's docstring

    config.new_key(tenant, scope or [])


@webhooks.command("secret")
def webhook_secret(
    tenant: Annotated[str, typer.Option(help="Whose webhooks it signs.")] = "default",
) -> None:
    """Make a secret that signs webhooks: shown once; the receiver needs it too."""
    from service.cli import webhooks  # noqa: PLC0415 start-up time: see the module's docstring

    webhooks.secret(tenant)


def _section(name: str, **values: Any) -> dict[str, Any]:
    given = {key: value for key, value in values.items() if value is not None}
    return {name: given} if given else {}


def _client(server: str | None, key: str | None) -> Any:
    from service.cli import settings  # noqa: PLC0415 start-up time: see the module's docstring

    return settings.effective(**_section("client", url=server, key=key)).client


if __name__ == "__main__":
    main()
