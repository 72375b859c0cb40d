"""What README and docs tell people to type exists: commands, options, make targets."""

import re
import subprocess
from typing import Any

import pytest
import typer

from service.cli.main import app
from tests.house.shell import Command, commands
from tests.house.sources import ROOT, texts

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PHONY = set(" ".join(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)).split())
VARIABLES = set(re.findall(r"^([A-Z]+) [?:]?= ?", MAKEFILE, re.MULTILINE))


def missing_in_make(words: tuple[str, ...]) -> list[str]:
    return [
        word
        for word in words[1:]
        if not word.startswith("-") and word not in PHONY and word.partition("=")[0] not in VARIABLES
    ]


def missing_in_cli(words: tuple[str, ...]) -> list[str]:
    command: Any = typer.main.get_command(app)
    rest = list(words[1:])
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        if rest[0] not in command.commands:
            return [rest[0]]
        command, rest = command.commands[rest[0]], rest[1:]
    known = {name for one in command.params for name in [*one.opts, *one.secondary_opts]} | {"--help", "-h"}
    return [word for word in rest if re.match(r"--?[A-Za-z]", word) and word.partition("=")[0] not in known]


def missing(command: Command) -> list[str]:
    name = command.words[0].rpartition("/")[2]
    check = {"make": missing_in_make, "framequeue": missing_in_cli}.get(name)
    return [f"line {command.line}: {name} has no {word}" for word in check(command.words)] if check else []


def test_pages_show_only_what_exists() -> None:
    wrong = {
        path.name: found for path, text in texts(".md") if (found := [m for c in commands(text) for m in missing(c)])
    }
    assert wrong == {}


def test_the_readme_shows_how_to_begin() -> None:
    shown = {command.words[:2] for command in commands((ROOT / "README.md").read_text(encoding="utf-8"))}
    assert {("make", "demo"), ("make", "up")} <= shown


@pytest.mark.parametrize(
    "line",
    [
        "make dmeo",
        "make test TEST=x",
        "framequeue subm x.csv",
        "framequeue submit x.csv --pipe p.json",
        "cat x | framequeue -x",
    ],
)
def test_a_wrong_command_is_found(line: str) -> None:
    assert [found for command in commands(f"```sh\n{line}\n```\n") for found in missing(command)] != []


def test_commands_are_read_as_a_shell_reads_them() -> None:
    page = """text
```console
$ A=1 make test TESTS=tests/unit && framequeue config | grep 'a | b'
make nothing
$ framequeue submit \\
  x.csv --pipeline '[
{}]'
```
"""
    assert list(commands(page)) == [
        Command(3, ("make", "test", "TESTS=tests/unit")),
        Command(3, ("framequeue", "config")),
        Command(3, ("grep", "a | b")),
        Command(5, ("framequeue", "submit", "x.csv", "--pipeline", "[\n{}]")),
    ]


def test_every_target_explains_itself() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert targets == PHONY
    listed = subprocess.run(
        ["make", "--no-print-directory", "-C", str(ROOT)], capture_output=True, text=True, check=True
    )
    explained = dict(re.findall(r"^make (\w+) +(.+)$", listed.stdout, re.MULTILINE))
    assert set(explained) == PHONY
    assert [name for name, text in explained.items() if len(text.split()) < 2] == []
