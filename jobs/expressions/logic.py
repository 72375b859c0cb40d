"""Three-valued logic between conditions: `and`, `or`, `not` and `^`, as Kleene has it."""

from typing import Any

import numpy as np

from jobs.expressions.values import Clash, Logical, Value, either, family, logical, spelt


def kleene_and(left: Value, right: Value) -> Value:
    """`left and right`: false where either is false, else null where either is null; bitwise between integers."""
    one, two = _conditions("and", left, right)
    if not isinstance(one, Logical):
        return one & two
    truth, null = one.truth & two.truth, either(one.null, two.null)
    if null is not None:
        null = null & ~(_false(one) | _false(two))
    return logical(truth, null, one.nullable or two.nullable)


def kleene_or(left: Value, right: Value) -> Value:
    """`left or right`: true where either is true, else null where either is null; bitwise between integers."""
    one, two = _conditions("or", left, right)
    if not isinstance(one, Logical):
        return one | two
    truth, null = one.truth | two.truth, either(one.null, two.null)
    if null is not None:
        null = null & ~truth
    return logical(truth, null, one.nullable or two.nullable)


def exclusive_or(left: Value, right: Value) -> Value:
    """`left ^ right`: null where either is null; bitwise between integers."""
    one, two = _conditions("^", left, right)
    if not isinstance(one, Logical):
        return one ^ two
    return logical(one.truth ^ two.truth, either(one.null, two.null), one.nullable or two.nullable)


def negation(value: Value) -> Value:
    """`not value`: null stays null; bitwise of an integer."""
    if family(value) == "int":
        return ~value
    condition = as_condition("not", value)
    return logical(_false(condition), condition.null, condition.nullable)


def _false(condition: Logical) -> Any:
    return ~condition.truth if condition.null is None else ~(condition.truth | condition.null)


def as_condition(word: str, value: Value) -> Logical:
    """A value as a condition; raises Clash where it is none."""
    if isinstance(value, Logical):
        return value
    if isinstance(value, (bool, np.bool_)):
        return Logical(np.bool_(value))
    if family(value) == "null":
        return Logical(np.False_, np.True_)
    raise Clash(f"{word} needs a condition, not {spelt(value)}; compare it, as in x > 0 or x.notna()")


def _conditions(word: str, left: Value, right: Value) -> tuple[Any, Any]:
    if family(left) == family(right) == "int":
        return left, right
    return as_condition(word, left), as_condition(word, right)
