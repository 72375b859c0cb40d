"""The command line, thin: what each command takes; the work is done by the modules beside this one.

They are imported inside the commands (PLC0415), here and in `job_commands`, and nowhere else: so `--help` and a
mistyped option take a quarter, and `submit` two fifths, of the CPU time that `worker` takes to load pandas (0.5, 0.7
and 1.7 s, busy machine).
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.cli.command import as_typed, command
from service.cli.job_commands import commands
from service.cli.local_commands import commands as local_commands
from service.cli.options import Host, Port, section
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
    up.run(settings.effective(**section("api", host=host, port=port), **place))


@app.command()
def api(host: Host = None, port: Port = None) -> None:
    """Serve HTTP; needs REDIS_URL."""
    os.environ.setdefault(*ARROW_POOL)
    from service.cli import api  # noqa: PLC0415 start-up time: see the module's docstring

    raise typer.Exit(api.run(**section("api", host=host, port=port)))


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


app.add_typer(commands)
app.add_typer(local_commands)


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


if __name__ == "__main__":
    main()
