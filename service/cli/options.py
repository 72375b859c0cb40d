"""Options that several commands take, and what comes of them."""

from typing import Annotated, Any

import typer

from service.formats import NAMES

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
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id.")]
InputFormat = Annotated[str | None, typer.Option(help="The inputs' format, where names do not tell it.")]
OnRowError = Annotated[
    str | None,
    typer.Option(
        help="What a row does that cannot be read or cast, or that `expect` refuses: fail (the job), or reject (set it"
        " aside)."
    ),
]
InputCharset = Annotated[str | None, typer.Option(help="The charset of CSV and TSV inputs, such as latin-1 [UTF-8].")]


def section(name: str, **values: Any) -> dict[str, Any]:
    """The values that were given, as load() takes a section of the settings."""
    given = {key: value for key, value in values.items() if value is not None}
    return {name: given} if given else {}


def client(server: str | None, key: str | None) -> Any:
    """The settings of whom to call; raises Ended (2) where one is wrong."""
    from service.cli import settings  # noqa: PLC0415 start-up time: see main's docstring

    return settings.effective(**section("client", url=server, key=key)).client
