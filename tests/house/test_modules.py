"""What every module of the three rooms keeps: it imports alone, exports what it says, documents what it shows."""

import ast
import importlib
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import ROOMS, ROOT, module_name, modules, place, tree

MODULES = [module_name(path) for path in modules()]


def export_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each by name: as ruff sorts `__all__`."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


@pytest.mark.parametrize("name", MODULES)
def test_exports_are_sorted_and_there(name: str) -> None:
    module = importlib.import_module(name)
    exported = list(getattr(module, "__all__", []))
    assert exported == sorted(set(exported), key=export_order)
    assert [one for one in exported if not hasattr(module, one)] == []


def test_classes_are_documented() -> None:
    bare = [
        place(path, node.lineno)
        for path in modules()
        for node in tree(path).body
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not issubclass(getattr(importlib.import_module(module_name(path)), node.name), Exception)
    ]
    assert bare == []


def test_no_import_between_rooms_is_hidden() -> None:
    hidden = [
        place(path, imported.lineno)
        for path in modules()
        for branch in ast.walk(tree(path))
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for imported in ast.walk(branch)
        if isinstance(imported, ast.Import | ast.ImportFrom) and ast.unparse(imported).split()[1].split(".")[0] in ROOMS
    ]
    assert hidden == []


SUPPRESSION = re.compile(
    r"#\s*(?:noqa(?P<noqa>:\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?|type:\s*ignore(?P<type>\[[a-z-]+(?:,\s*[a-z-]+)*\])?)(?P<cause>.*)"
)


def bare_suppressions(lines: Iterator[tuple[int, str]]) -> list[int]:
    """The lines whose suppression names no rule, or no cause."""
    found = []
    for number, comment in lines:
        match = SUPPRESSION.search(comment)
        if match and not ((match["noqa"] or match["type"]) and re.search(r"\w", match["cause"])):
            found.append(number)
    return found


def comments(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def test_suppressions_name_rule_and_cause() -> None:
    bare = [place(path, line) for path in modules() for line in bare_suppressions(comments(path))]
    assert bare == []


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: S608", "# type: ignore", "# type: ignore[misc]"])
def test_a_bare_suppression_is_found(comment: str) -> None:
    assert bare_suppressions(iter([(1, comment)])) == [1]


def test_a_suppression_with_its_cause_passes() -> None:
    assert (
        bare_suppressions(iter([(1, "# noqa: S104, S608  compared with"), (2, "# type: ignore[misc]  # no stub")]))
        == []
    )


def test_every_folder_of_a_room_is_a_package() -> None:
    assert [
        folder for path in modules() if not ((folder := path.parent) / "__init__.py").is_file() and folder != ROOT
    ] == []
