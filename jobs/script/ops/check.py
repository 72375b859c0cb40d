"""Checks: `expect` as assertions, one for each rule."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from jobs.script.arguments import Arguments
from jobs.script.code import literal
from jobs.script.ops.common import Renderer, column
from jobs.script.writing import Writing

# rule → what of the column's values must be true
_RULES: Final[Mapping[str, Callable[[Any], str]]] = {
    "ge": lambda bound: f".ge({literal(bound)}).all()",
    "gt": lambda bound: f".gt({literal(bound)}).all()",
    "le": lambda bound: f".le({literal(bound)}).all()",
    "lt": lambda bound: f".lt({literal(bound)}).all()",
    "isin": lambda values: f".isin({literal(values)}).all()",
    "matches": lambda pattern: f".str.match({literal(pattern)}).all()",
    "min_length": lambda length: f".str.len().ge({length}).all()",
    "max_length": lambda length: f".str.len().le({length}).all()",
}


def _expect(a: Arguments, w: Writing) -> None:
    schema: dict[str, dict[str, Any]] = a.get("schema")
    for name, rules in schema.items():
        _column(name, rules, w)
    if a.get("strict") is True:
        w.line(f"assert set({w.frame}.columns) <= {{{', '.join(map(literal, schema))}}}")
    if a.get("unique") is not None:
        w.line(f"assert not {w.frame}.duplicated(subset={literal(a.listed('unique'))}).any()")
    w.set(w.chain)


def _column(name: str, rules: Mapping[str, Any], w: Writing) -> None:
    values = column(w, name).text()
    if rules.get("required") is False:
        return
    w.line(f"assert {literal(name)} in {w.frame}")
    if rules.get("dtype") is not None:
        w.line(f"assert {values}.dtype == {literal(rules['dtype'])}")
    if not rules.get("nullable"):
        w.line(f"assert {values}.notna().all()")
    if rules.get("unique"):
        w.line(f"assert {values}.dropna().is_unique")
    for rule, condition in _RULES.items():
        if rules.get(rule) is not None:
            w.line(f"assert {values}.dropna(){condition(rules[rule])}")


RENDERERS: Final[Mapping[str, Renderer]] = {"expect": _expect}
