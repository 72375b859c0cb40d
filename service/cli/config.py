"""`framequeue config` and `framequeue keys new`."""

import hashlib
import json
import secrets

from pydantic import ValidationError
from rich import box
from rich.table import Table
from rich.text import Text

from config.sections import ApiKey
from config.settings import Settings, masked, names
from service.cli.render import line, output_console
from service.ended import Ended

_USUAL_SCOPES = ("jobs:write", "jobs:read", "frames")


def show(settings: Settings) -> None:
    """Every setting's effective value by its environment name, secrets masked; what is not the default stands out."""
    values = masked(settings)
    defaults = masked(Settings.model_construct())
    console = output_console()
    if not console.is_terminal:
        for name, value in values.items():
            line(f"{name}={value}")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("setting", "value", "default"):
        table.add_column(heading, overflow="fold")
    for name in names():
        changed = values[name] != defaults[name]
        style = "bold green" if changed else "dim"
        table.add_row(Text(name), Text(values[name], style=style), Text(defaults[name] if changed else ""))
    console.print(table)


def new_key(tenant: str, scopes: list[str]) -> None:
    """Print a new key, once, and the entry that configures it: only its hash. Raises Ended (2).

    Without `scopes` it may do what `framequeue submit` and `framequeue show` need.
    """
    key = f"fq_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    try:
        entry = ApiKey.model_validate({"sha256": digest, "tenant": tenant, "scopes": scopes or _USUAL_SCOPES})
    except ValidationError as error:
        first = error.errors()[0]
        raise Ended(
            f"--{'scope' if first['loc'][0] == 'scopes' else 'tenant'} {first['input']!r}: {first['msg']}", 2
        ) from None
    text = json.dumps({"sha256": entry.sha256, "tenant": entry.tenant, "scopes": sorted(entry.scopes)})
    line(f"key    {key}")
    line(f"entry  {text}")
    line(f"set    FRAMEQUEUE_AUTH__KEYS='[{text}]'  (or put the list into FRAMEQUEUE_AUTH__KEYS_FILE)")
