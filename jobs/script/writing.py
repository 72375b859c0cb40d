"""A script while it is written: its lines, and which variable holds which frame."""

import builtins
import keyword
from collections.abc import Iterable, Mapping

from jobs.script.code import Chain
from jobs.script.expressions import Expressions

_TAKEN = frozenset([*dir(builtins), *keyword.kwlist, "np", "pd", "pa", "json", "name_of"])


class Writing:
    """The statements so far.

    `frame` is the variable that the step works on, `current` the one that it gives its result to.
    """

    def __init__(self, current: str, variables: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self.imports: set[str] = set()
        self.helpers: list[str] = []
        self.current, self.frame = current, current
        self._variables = dict(variables)

    @property
    def chain(self) -> Chain:
        """The frame that the step works on, for calls behind it."""
        return Chain(self.frame)

    @property
    def expressions(self) -> Expressions:
        """Expressions over the frame that the step works on."""
        return Expressions(self.frame)

    def set(self, chain: Chain) -> None:
        """Make this the current frame."""
        self.lines += chain.statement(self.current)
        self.frame = self.current

    def let(self, name: str, chain: Chain) -> str:
        """Give a helper a variable; the name that it got."""
        variable = fresh(name, [self.current, *self._variables.values()])
        self.lines += chain.statement(variable)
        return variable

    def line(self, text: str) -> None:
        """A line as it is."""
        self.lines.append(text)

    def helper(self, text: str) -> None:
        """A function that statements call, written once before all of them."""
        if text not in self.helpers:
            self.helpers.append(text)

    def variable(self, name: str) -> str:
        """The variable of a named frame."""
        return self._variables[name]

    @property
    def inputs(self) -> Mapping[str, str]:
        """The variables of all named frames."""
        return self._variables


def fresh(name: str, taken: Iterable[str]) -> str:
    """A variable as near to `name` as can be."""
    plain = "".join(character if character.isascii() and character.isalnum() else "_" for character in name)
    plain = plain if plain.isidentifier() else f"frame_{plain}"
    used = {*taken, *_TAKEN}
    number, found = 1, plain
    while found in used:
        number += 1
        found = f"{plain}_{number}"
    return found
