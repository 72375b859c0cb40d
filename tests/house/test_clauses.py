"""Every clause of the contract has tests, and every test that it names is there."""

import ast
from functools import cache

import pytest

from tests.house.clauses import clauses
from tests.house.sources import ROOT, tree


@cache
def found_in(path: str) -> frozenset[str]:
    """The test functions of a file; none where there is no such file."""
    if not (ROOT / path).is_file():
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name for node in tree(ROOT / path).body if isinstance(node, kinds) and node.name.startswith("test_")
    )


def missing(tests: list[str]) -> list[str]:
    """Those that name no test."""
    return [test for test in tests if test.partition("::")[2] not in found_in(test.partition("::")[0])]


@pytest.mark.parametrize("section", clauses())
def test_every_clause_has_tests_that_are_there(section: str) -> None:
    for clause, tests in clauses()[section].items():
        assert tests, f"no test holds the clause {clause!r}"
        assert missing(tests) == [], clause
        assert len(set(tests)) == len(tests), clause


def test_a_test_that_is_not_there_is_found() -> None:
    here = "tests/house/test_clauses.py"
    gone = [f"{here}::test_none", "tests/house/test_none.py::test_x", here, f"{here}::missing"]
    assert missing([*gone, f"{here}::test_a_test_that_is_not_there_is_found"]) == gone


def test_no_clause_stands_in_two_sections() -> None:
    said = [clause for found in clauses().values() for clause in found]
    assert len(said) == len(set(said))
