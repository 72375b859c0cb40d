"""The pages of `docs/` that the code writes: `make docs`, which is `python -m tests.house.generated`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from config.settings import Settings, names
from jobs import state
from jobs.codecs import fidelity
from jobs.expressions import reference
from jobs.transforms.catalogue import Catalogue
from jobs.transforms.reference import reference as transforms_reference
from service import errors_doc, metrics_doc
from tests.house.clauses import contract_page

DOCS = Path(__file__).parents[2] / "docs"
_WRITTEN = "<!-- written by `make docs`; change the code, not this page -->"


def state_page() -> str:
    """`docs/state.md`: the table of `jobs/state.py`."""
    return f"""# The states of a job
{_WRITTEN}

```mermaid
{state.diagram()}
```

A retry goes from `running` back to `queued`, with the next attempt. A cancel that was asked for, a deadline that passed
and a result that has expired are no states: they are a timestamp, an error code and a property of the result. The first
move into a terminal state wins, whatever races it.
"""


def settings_page() -> str:
    """`docs/settings.md`: every setting by section, with its default and its docstring."""
    parts = [
        f"""# Settings
{_WRITTEN}

Each is an environment variable, or a line of a `.env` file in the working folder; the environment goes first.
`REDIS_URL` is another name of `FRAMEQUEUE_REDIS__URL`. `framequeue config` prints the effective values, secrets masked.
An unknown name or a value that cannot be stops the start with one line that names it. Lists are JSON, or have commas.
"""
    ]
    rows: dict[str, list[str]] = {}
    for name, (path, default) in names().items():
        section, _, field = path.rpartition(".")
        model = _section(section)
        text = " ".join((model.model_fields[field].description or "").split()).replace("|", "\\|")
        rows.setdefault(section, []).append(f"| `{name}` | {_shown(default)} | {text} |")
    for section, lines in rows.items():
        title, doc = (section, _section(section).__doc__) if section else ("general", "What belongs to no section.")
        parts.append(
            "\n".join(
                [
                    f"## {title}",
                    "",
                    (doc or "").strip(),
                    "",
                    "| setting | default | meaning |",
                    "|---|---|---|",
                    *lines,
                    "",
                ]
            )
        )
    return "\n".join(parts)


def expressions_page() -> str:
    """`docs/expressions.md`: written by hand down to the first table, from the allow-lists after that."""
    tables = reference()
    page = (DOCS / "expressions.md").read_text(encoding="utf-8")
    return page[: page.index(tables.splitlines()[0] + "\n")] + tables


def formats_page() -> str:
    """`docs/formats.md`: written by hand but for the table of what each format makes of each kind of column."""
    table = fidelity.table()
    page = (DOCS / "formats.md").read_text(encoding="utf-8")
    start = page.index(table.splitlines()[0] + "\n")
    return page[:start] + table + page[page.index("\n\n", start) + 1 :]


def _section(name: str) -> type[BaseModel]:
    annotation = Settings.model_fields[name].annotation if name else Settings
    assert isinstance(annotation, type)
    assert issubclass(annotation, BaseModel)
    return annotation


def _shown(default: Any) -> str:
    if default is None or default == "" or isinstance(default, SecretStr):
        return "none"
    if isinstance(default, tuple):
        return f"`{list(default)}`"
    return f"`{default:.12g}`" if isinstance(default, float) else f"`{default}`"


PAGES: Mapping[str, Callable[[], str]] = {
    "contract.md": lambda: contract_page(_WRITTEN),
    "errors.md": errors_doc.render,
    "expressions.md": expressions_page,
    "formats.md": formats_page,
    "metrics.md": metrics_doc.render,
    "settings.md": settings_page,
    "state.md": state_page,
    "transforms.md": lambda: transforms_reference(Catalogue()),
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
