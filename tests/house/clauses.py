"""The clauses of the HTTP contract, each with the tests that hold it: `clauses.toml`, and the page written from it."""

import tomllib
from pathlib import Path

DATA = Path(__file__).with_name("clauses.toml")


def clauses() -> dict[str, dict[str, list[str]]]:
    """Section → clause → tests, as `tests/http/test_x.py::test_y`."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def contract_page(written: str) -> str:
    """`docs/contract.md`: a table per section; `written` says that the page is not written by hand."""
    sections = clauses()
    count = sum(map(len, sections.values()))
    lines = [
        "# The contract, clause by clause",
        written,
        "",
        f"What a caller of the [HTTP API](http.md) may rely on, in {count} clauses, and the tests that hold each of",
        "them. A change that breaks a clause breaks its tests; a house test sees that no clause is without one.",
    ]
    for section, found in sections.items():
        lines += ["", f"## {section}", "", "| clause | tests |", "|---|---|"]
        lines += [f"| {_cell(clause)} | {'<br>'.join(map(_link, tests))} |" for clause, tests in found.items()]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text of a table's cell, of which Markdown makes nothing else."""
    for one in ("\\", "|", "*", "_", "<", "["):
        text = text.replace(one, f"\\{one}")
    return text


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[`{name}`](../{path})"
