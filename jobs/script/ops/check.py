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
        known = f"{{{', '.join(map(literal, schema))}}}" if schema else "set()"
        _assert(w, f"set({w.frame}.columns) <= {known}", "there are other columns")
    if a.get("unique") is not None:
        unique = a.listed("unique")
        _assert(w, f"not {w.frame}.duplicated(subset={literal(unique)}).any()", f"{', '.join(unique)}: rows repeat")
    if w.frame != w.current:
        w.set(w.chain)


def _column(name: str, rules: Mapping[str, Any], w: Writing) -> None:
    values = column(w, name).text()
    if rules.get("required") is False:
        return
    _assert(w, f"{literal(name)} in {w.frame}", f"{name} is not there")
    if rules.get("dtype") is not None:
        _assert(w, f"{values}.dtype == {literal(rules['dtype'])}", f"{name} is not {rules['dtype']}")
    if not rules.get("nullable"):
        _assert(w, f"{values}.notna().all()", f"{name} has nulls")
    if rules.get("unique"):
        _assert(w, f"{values}.dropna().is_unique", f"{name} has a value twice")
    for rule, condition in _RULES.items():
        if rules.get(rule) is not None:
            _assert(w, f"{values}.dropna(){condition(rules[rule])}", f"{name} fails {rule}")


def _assert(w: Writing, condition: str, message: str) -> None:
    w.line(f"assert {condition}, {literal(message)}")


RENDERERS: Final[Mapping[str, Renderer]] = {"expect": _expect}
