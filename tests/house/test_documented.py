"""Codes, settings, states and keys are documented, and the pages that the code writes are what it would write now."""

import importlib
import inspect
import re
from collections import Counter

import pytest

from jobs import errors
from jobs.errors import FramequeueError
from jobs.store import keys
from service.problems import STATUS
from tests.house.generated import DOCS, PAGES
from tests.house.sources import ROOT, module_name, modules, place, texts

BRANCH = re.compile(r"^(?P<lines>[│ ]*(?:[├└]── )?)(?P<name>\w+)\s*(?P<rest>.*)$")


def error_classes() -> list[type[FramequeueError]]:
    """All errors that a caller can meet: those of the domain and those of HTTP."""
    found: list[type[FramequeueError]] = [FramequeueError]
    for path in modules():
        importlib.import_module(module_name(path))
    for one in found:
        found += [sub for sub in one.__subclasses__() if sub not in found and not sub.__module__.startswith("tests")]
    return found


def codes() -> list[str]:
    """The code of every class that has one of its own."""
    return [one.code for one in error_classes() if "code" in vars(one) and one is not FramequeueError]


@pytest.mark.parametrize("name", PAGES)
def test_a_written_page_is_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "make docs writes it"


def test_codes_are_unique() -> None:
    assert [code for code, times in Counter(codes()).items() if times > 1] == []


def test_every_code_has_a_title_of_its_class() -> None:
    assert [one.__name__ for one in error_classes() if "code" in vars(one) and "title" not in vars(one)] == []


def test_every_code_is_documented() -> None:
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    assert [code for code in {*codes(), "internal"} if f"`{code}`" not in page] == []


def test_every_code_has_one_http_status() -> None:
    assert set(STATUS) == {*codes(), "internal"}


def drawn_tree(text: str) -> dict[str, tuple[str, str]]:
    """The tree of a docstring: class → (parent, code or nothing)."""
    above: list[str] = []
    drawn = {}
    for line in text.splitlines()[2:]:
        match = BRANCH.match(line)
        if match and match["name"][0].isupper():
            above[len(match["lines"]) // 4 :] = [match["name"]]
            code = re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", match["rest"])
            drawn[match["name"]] = (above[-2] if len(above) > 1 else "", code[0] if code else "")
    return drawn


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    classes = [
        one
        for _, one in inspect.getmembers(errors, inspect.isclass)
        # PlacedError only shares code: the tree is drawn without it
        if issubclass(one, FramequeueError) and one.__name__ not in {"FramequeueError", "PlacedError"}
    ]
    parents = {one.__name__: one.__bases__[0].__name__.replace("PlacedError", "FramequeueError") for one in classes}
    there = {
        one.__name__: (parents[one.__name__], "" if one.__name__ in parents.values() else one.code) for one in classes
    }
    drawn = drawn_tree(errors.__doc__ or "")
    assert drawn.pop("FramequeueError") == ("", "")
    assert drawn == there


def test_every_key_has_a_ttl_or_an_owner() -> None:
    assert [spec.pattern for spec in keys.KEYS if not (spec.ttl or spec.owner)] == []


def test_every_builder_builds_a_key_of_the_table() -> None:
    patterns = {spec.pattern for spec in keys.KEYS}
    built = {}
    for name, function in inspect.getmembers(keys, inspect.isfunction):
        if function.__module__ != keys.__name__:
            continue
        parameters = ["<id>" if one.endswith("_id") else f"<{one}>" for one in inspect.signature(function).parameters]
        built[name] = function(*parameters)
    assert built
    assert {name: pattern for name, pattern in built.items() if pattern not in patterns} == {}


def test_no_key_is_spelled_outside_the_builders() -> None:
    spelled = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in texts(".lua", ".py")
        if path.is_relative_to(ROOT / "jobs") and path.name != "keys.py"
        for match in re.finditer(r"""["'](?:framequeue|arq):[a-z]""", text)
    ]
    assert spelled == []


def test_every_script_agrees_with_its_stub() -> None:
    scripts = importlib.import_module("jobs.store.scripts")  # compares each header with its stub
    stubs = {one.name for one in vars(scripts).values() if isinstance(one, scripts.Script)}
    assert stubs == {path.stem for path in (ROOT / "jobs" / "store" / "lua").glob("*.lua")}


def test_every_decision_is_numbered_and_titled() -> None:
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]
    for path in records:
        assert re.match(rf"# 0*{int(path.name[:4])}[.·: ]+\S", path.read_text(encoding="utf-8")), path


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        place(path, number)
        for path, text in texts(".md")
        for number, line in enumerate(text.splitlines(), start=1)
        for target in re.findall(r"\]\(([^)\s]+)\)", line)
        if not re.match(r"[a-z]+:|#", target) and not (path.parent / target.partition("#")[0]).exists()
    ]
    assert dead == []
