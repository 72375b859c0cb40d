"""The commands on jobs, frames and ops: what each takes. As in `main`, the work is imported inside them (PLC0415)."""

from typing import Annotated, Any

import typer

from service.cli.options import Format, InputCharset, InputFormat, JobId, Key, OnRowError, Output, Server, client

commands = typer.Typer()
frames = typer.Typer(help="Tables that the service keeps, for any number of jobs.", no_args_is_help=True)

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="One or more ids.")]
Labels = Annotated[list[str] | None, typer.Option("--label", metavar="NAME=VALUE", help="A label; repeatable.")]


@commands.command()
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
    input: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="A named input, a file or the id of a frame or job; repeatable."),
    ] = None,
    input_format: InputFormat = None,
    input_charset: InputCharset = None,
    label: Labels = None,
    timeout_s: Annotated[float | None, typer.Option(min=0, help="How long the job may run, in seconds.")] = None,
    max_attempts: Annotated[int | None, typer.Option(min=1, help="How often it is tried.")] = None,
    delay_s: Annotated[float | None, typer.Option(min=0, help="How long it waits before it is queued.")] = None,
    result_ttl_s: Annotated[int | None, typer.Option(min=1, help="How long the result is kept, in seconds.")] = None,
    on_row_error: OnRowError = None,
    max_rejects: Annotated[int | None, typer.Option(min=0, help="With reject: how many rows may be.")] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="The same key twice makes one job.")] = None,
    validate: Annotated[bool, typer.Option("--validate", help="Only say whether it would be taken.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for the result, or print the job's id.")] = True,
    server: Server = None,
    key: Key = None,
) -> None:
    """Submit a table and a pipeline, wait, and get the result: a table on a terminal, CSV in a pipe, or a file."""
    from service.cli import files, submit  # noqa: PLC0415 start-up time: see main's docstring

    labels = files.pairs(label or [], "--label")
    said: Any = {
        "timeout_s": timeout_s,
        "max_attempts": max_attempts,
        "delay_s": delay_s,
        "result_ttl_s": result_ttl_s,
        "on_row_error": on_row_error,
        "max_rejects": max_rejects,
        "idempotency_key": idempotency_key,
        "labels": labels or None,
    }
    asked = submit.Submission(
        file=file,
        pipeline=pipeline,
        inputs=files.pairs(input or [], "--input"),
        input_format=input_format,
        input_charset=files.charset(input_charset),
        output=output,
        format=format,
        fields=said,
        wait=wait,
        validate=validate,
    )
    submit.submit(asked, client(server, key))


@commands.command()
def show(
    job: JobId,
    output: Output = None,
    format: Format = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the job has ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the job as the service gives it.")] = False,
    server: Server = None,
    key: Key = None,
) -> None:
    """Show a job: its state, its result's first rows or its error report; with -o fetch the result."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.show(job, client(server, key), output=output, format=format, wait=wait, as_json=as_json)


@commands.command()
def result(job: JobId, output: Output = None, format: Format = None, server: Server = None, key: Key = None) -> None:
    """Fetch a job's result, once it has ended: a table on a terminal, CSV in a pipe, or a file."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.result(job, client(server, key), output=output, format=format)


@commands.command()
def rejects(job: JobId, output: Output = None, format: Format = None, server: Server = None, key: Key = None) -> None:
    """Fetch the rows that a job set aside, with the reasons."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.rejects(job, client(server, key), output=output, format=format)


@commands.command("jobs")
def list_jobs(
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    label: Labels = None,
    group: Annotated[str | None, typer.Option(help="Only those of this batch.")] = None,
    since: Annotated[str | None, typer.Option(help="Only those made after this time, as in 2026-01-31T12:00Z.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at the most.")] = 50,
    server: Server = None,
    key: Key = None,
) -> None:
    """List jobs, newest first."""
    from service.cli import files, jobs  # noqa: PLC0415 start-up time: see main's docstring

    labels = files.pairs(label or [], "--label")
    jobs.listing(client(server, key), state=state, labels=labels, group=group, since=since, limit=limit)


@commands.command()
def cancel(job: JobId, server: Server = None, key: Key = None) -> None:
    """Ask for a job's end."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.cancel(job, client(server, key))


@commands.command()
def rerun(job: JobId, server: Server = None, key: Key = None) -> None:
    """Submit a job that has ended again, and print the new one's id."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.rerun(job, client(server, key))


@commands.command()
def delete(job: Ids, server: Server = None, key: Key = None) -> None:
    """Purge jobs that have ended, and their data."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.delete(job, client(server, key))


@commands.command()
def logs(job: JobId, server: Server = None, key: Key = None) -> None:
    """Show what a job's transforms logged, printed and warned."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.logs(job, client(server, key))


@commands.command()
def events(
    job: JobId,
    after: Annotated[str | None, typer.Option(help="Only those behind the event of this id.")] = None,
    server: Server = None,
    key: Key = None,
) -> None:
    """Follow what happens to a job, until it has ended."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.events(job, client(server, key), after=after)


@commands.command()
def report(
    job: JobId,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as the service gives it.")] = False,
    server: Server = None,
    key: Key = None,
) -> None:
    """Tell why each attempt of a job failed: step, column, rows, exception."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.report(job, client(server, key), raw=as_json)


@commands.command()
def deliveries(job: JobId, server: Server = None, key: Key = None) -> None:
    """List each try to tell a job's webhook."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.deliveries(job, client(server, key))


@commands.command()
def transforms(
    op: Annotated[str | None, typer.Argument(help="One op: its arguments and an example.")] = None,
    server: Server = None,
    key: Key = None,
) -> None:
    """List the ops that pipelines are made of, or explain one."""
    from service.cli import catalogue  # noqa: PLC0415 start-up time: see main's docstring

    to = client(server, key)
    if op is None:
        catalogue.show_all(to)
    else:
        catalogue.show_one(op, to)


@frames.command("upload")
def upload_frame(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The table; - is stdin.")],
    input_format: InputFormat = None,
    input_charset: InputCharset = None,
    server: Server = None,
    key: Key = None,
) -> None:
    """Keep a table at the service, and print its id."""
    from service.cli import files, submit  # noqa: PLC0415 start-up time: see main's docstring

    charset = files.charset(input_charset)
    submit.upload(file, client(server, key), input_format=input_format, input_charset=charset)


@frames.command("show")
def show_frame(frame: Annotated[str, typer.Argument(metavar="ID")], server: Server = None, key: Key = None) -> None:
    """Show what is known of a kept table, as JSON."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.show_frame(frame, client(server, key))


@frames.command("delete")
def delete_frames(frame: Ids, server: Server = None, key: Key = None) -> None:
    """Forget kept tables; jobs that were accepted with them are unharmed."""
    from service.cli import jobs  # noqa: PLC0415 start-up time: see main's docstring

    jobs.delete_frames(frame, client(server, key))


commands.add_typer(frames, name="frames")
