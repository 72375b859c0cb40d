"""What the renderers of several families share."""

from collections.abc import Callable

from jobs.script.arguments import Arguments
from jobs.script.code import Chain, given, literal
from jobs.script.writing import Writing

Renderer = Callable[[Arguments, Writing], None]
"""Writes the statements of one step."""


def method(a: Arguments, w: Writing) -> None:
    """The method of the op's name with the arguments that were written: the rows keep their places."""
    w.set(w.chain.call(a.op, **given(a.written)))


def renumbering(a: Arguments, w: Writing) -> None:
    """As `method`, of ops that leave out or move rows, which are numbered anew."""
    w.set(w.chain.call(a.op, **given(a.others("ignore_index")), ignore_index="True"))


def function(a: Arguments, w: Writing) -> None:
    """The pandas function of the op's name, of the frame."""
    w.set(Chain("pd").call(a.op, w.frame, **given(a.written)))


def numbered(chain: Chain) -> Chain:
    """With the rows numbered from 0."""
    return chain.call("reset_index", drop="True")


def column(w: Writing, name: str) -> Chain:
    """A column of the frame."""
    return w.chain.item(literal(name))
