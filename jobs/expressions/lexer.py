"""The text of an expression, cut into tokens and rewritten as plain ASCII Python that `ast` reads without surprises.

Column names that Python cannot spell (backticks, letters outside ASCII, which Python would fold by NFKC) become
stand-in names; string literals are decoded here, so that Python never warns about an escape; `&` and `|` get the
precedence of `and` and `or`, as in `DataFrame.query`.
"""

import ast
import bisect
import keyword
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from jobs.errors import ExpressionForbidden, ExpressionSyntax, ExpressionTooLarge
from jobs.expressions.malformed import malformed

MAX_INTEGER = 2**64

# CPython 3.11 counts the depth of all trees under construction in one place: two threads at once end in a SystemError
_ONE_AT_A_TIME = threading.Lock()

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<backtick>`[^`]*`)
    |(?P<string>(?P<prefix>[A-Za-z]{0,2})(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
    |(?P<number>0[xXoObB][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
    |(?P<name>[^\W\d]\w*)
    |(?P<op>\*\*|//|<=|>=|==|!=|<<|>>|:=|->|&&|\|\||[-+*/%<>()\[\]{},.:&|^~=@;!?$\#])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[abfnrtv0\\'\"\n])", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0", "\n": ""}
_WORDS = {"&": "and", "|": "or", "&&": "and", "||": "or"}
_REFUSED = {
    "@": "'@name' reaches no variable here; write the value itself",
    ":=": "':=' is not part of an expression",
    "<<": "'<<' is not part of an expression; multiply by a power of two",
    ">>": "'>>' is not part of an expression; use // by a power of two",
    "{": "dicts and sets are not part of an expression; a list is [a, b]",
    ";": "an expression is one expression; ';' has no place in it",
}
_MISSPELT = {
    "=": "'=' does not compare; write ==, or give the new column its name in an assign step",
    "!": "'!' is not an operator; write not or ~",
    "?": "'?' is not an operator; write `a if condition else b`",
}


@dataclass(frozen=True, slots=True)
class Source:
    """An expression as written and as Python reads it; `names` maps a stand-in to the name that was written."""

    text: str
    python: str
    tree: ast.expr
    names: Mapping[str, str]
    numbers: Mapping[int, str]
    starts: tuple[int, ...]
    origins: tuple[int, ...]

    def position(self, node: ast.AST) -> int:
        """Where `node` begins in the written text, counted from 0."""
        offset = getattr(node, "col_offset", 0)
        return self.origins[max(0, bisect.bisect_right(self.starts, offset) - 1)] if self.starts else 0


@dataclass(frozen=True, slots=True)
class Extent:
    """How long an expression may be, in characters, and how deep it may nest."""

    characters: int = 4_096
    depth: int = 64


USUAL = Extent()


def read(text: str, extent: Extent = USUAL) -> Source:
    """The source behind `text`; raises ExpressionTooLarge, ExpressionForbidden or ExpressionSyntax with a position."""
    if len(text) > extent.characters:
        raise ExpressionTooLarge(
            f"an expression may have {extent.characters:,} characters, this has {len(text):,} "
            "(setting limits.expression_chars); split it over assign steps",
            text=text[:200],
            position=extent.characters,
        )
    lexer = _Lexer(text, extent.depth)
    lexer.run()
    python = " ".join(lexer.tokens)
    starts = tuple(lexer.starts)
    if not python:
        raise ExpressionSyntax("the expression is empty", text=text, position=0)
    try:
        with _ONE_AT_A_TIME:
            tree = ast.parse(python, mode="eval").body
    except SyntaxError as error:
        raise malformed(error, text, starts, lexer.origins) from None
    except (MemoryError, RecursionError):
        detail = "the expression is nested too deeply; split it over assign steps"
        raise ExpressionTooLarge(detail, text=text, position=0) from None
    except ValueError as error:
        raise ExpressionSyntax(str(error), text=text, position=0) from None
    return Source(text, python, tree, lexer.names, lexer.numbers, starts, tuple(lexer.origins))


class _Lexer:
    """One pass over the text; collects tokens and where each came from."""

    def __init__(self, text: str, max_depth: int) -> None:
        self.text, self._max_depth = text, max_depth
        self.tokens: list[str] = []
        self.starts: list[int] = []
        self.origins: list[int] = []
        self.names: dict[str, str] = {}
        self.numbers: dict[int, str] = {}
        self._stand_ins: dict[str, str] = {}
        self._offset = 0
        self._depth = 0

    def run(self) -> None:
        position = 0
        while position < len(self.text):
            match = _TOKEN.match(self.text, position)
            if match is None:
                self._unexpected(position)
            kind = match.lastgroup
            if kind != "space":
                token = self._python(kind or "", match, position)
                self.starts.append(self._offset)
                self.origins.append(position)
                self.tokens.append(token)
                self._offset += len(token) + 1
            position = match.end()

    def _python(self, kind: str, match: re.Match[str], position: int) -> str:
        token = match.group()
        if kind == "name":
            return self._name(token, position)
        if kind == "backtick":
            return self._stand_in(token[1:-1])
        if kind == "number":
            return self._number(token, position)
        if kind == "string":
            return self._string(token, match.group("prefix"), position)
        return self._operator(token, position)

    def _name(self, name: str, position: int) -> str:
        if keyword.iskeyword(name):
            return name
        if name.startswith("_"):
            hint = f"names with a leading underscore are not allowed; a column goes in backticks: `{name}`"
            raise ExpressionForbidden(hint, text=self.text, position=position)
        return name if name.isascii() else self._stand_in(name)

    def _stand_in(self, written: str) -> str:
        name = self._stand_ins.setdefault(written, f"_{len(self._stand_ins)}")
        self.names[name] = written
        return name

    def _number(self, token: str, position: int) -> str:
        if not token.isascii():
            self._unexpected(position)
        if not re.search(r"[.eE]", token) or token[:2].lower() == "0x":
            if len(token) > 80 or abs(_integer(token)) > MAX_INTEGER:
                raise ExpressionTooLarge("an integer goes up to 2**64", text=self.text, position=position)
        elif float(token.replace("_", "") if token[-1] != "_" else "nan") in (float("inf"),):
            raise ExpressionTooLarge("a number goes up to 1.8e308", text=self.text, position=position)
        self.numbers[self._offset] = token
        return token

    def _string(self, token: str, prefix: str, position: int) -> str:
        if prefix.lower() not in ("", "r", "u"):
            what = "f-strings are" if "f" in prefix.lower() else "byte strings are"
            raise ExpressionForbidden(f"{what} not part of an expression; use '...'", text=self.text, position=position)
        body = token[len(prefix) + 1 : -1]
        return ascii(body if prefix.lower() == "r" else _ESCAPE.sub(_unescape, body))

    def _operator(self, sign: str, position: int) -> str:
        if sign in _REFUSED:
            raise ExpressionForbidden(_REFUSED[sign], text=self.text, position=position)
        if sign in _MISSPELT and not (sign == "=" and self._depth):
            raise ExpressionSyntax(_MISSPELT[sign], text=self.text, position=position)
        if sign in "$#":
            self._unexpected(position)
        self._depth += (sign in "([") - (sign in ")]")
        if self._depth > self._max_depth:
            detail = f"brackets may be nested {self._max_depth} deep; split the expression over assign steps"
            raise ExpressionTooLarge(detail, text=self.text, position=position)
        return _WORDS.get(sign, sign)

    def _unexpected(self, position: int) -> NoReturn:
        character = self.text[position]
        if character in "'\"`":
            detail = f"the {'name' if character == '`' else 'string'} that begins here has no closing {character}"
        else:
            detail = f"unexpected character {character!r}; a column with such a name goes in backticks"
        raise ExpressionSyntax(detail, text=self.text, position=position)


def _integer(token: str) -> int:
    try:
        return int(token, 0)
    except ValueError:  # leading zeros, stray underscores: Python's parser says it better
        return 0


def _unescape(match: re.Match[str]) -> str:
    escape = match.group(1)
    if escape[0] in "xuU":
        code = int(escape[1:], 16)
        return chr(code) if code <= 0x10FFFF else match.group()
    return _ESCAPED.get(escape, escape)
