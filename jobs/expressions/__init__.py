"""The expression language: parse, check against the allow-lists, evaluate by walking."""

from jobs.expressions.expression import Expression, parse
from jobs.expressions.lexer import Extent
from jobs.expressions.reference import reference

__all__ = ["Expression", "Extent", "parse", "reference"]
