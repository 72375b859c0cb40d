"""The expression language: parse, check against the allow-lists, evaluate by walking."""

from jobs.expressions.expression import Expression, parse
from jobs.expressions.reference import reference

__all__ = ["Expression", "parse", "reference"]
