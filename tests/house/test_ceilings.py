"""A file says one idea, a function fits on a screen."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import ROOT, modules, place, tree

FILE_CEILING = 250
FUNCTION_CEILING = 40
# path, or path::function → why it may be longer
LONGER_FILES: dict[str, str] = {}
LONGER_FUNCTIONS: dict[str, str] = {}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def body_lines(function: Function) -> int:
    """Lines of the body, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def test_files_stay_under_their_ceiling() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}
    long = {name: lines for name, lines in lengths.items() if lines > FILE_CEILING}
    assert long.keys() == LONGER_FILES.keys(), long


def test_functions_stay_under_their_ceiling() -> None:
    long = {
        f"{path.relative_to(ROOT)}::{function.name}": place(path, function.lineno)
        for path in modules()
        for function in functions(path)
        if body_lines(function) > FUNCTION_CEILING
    }
    assert long.keys() == LONGER_FUNCTIONS.keys(), long


def test_the_docstring_does_not_count() -> None:
    (function,) = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n').body
    assert isinstance(function, ast.FunctionDef)
    assert body_lines(function) == 2
