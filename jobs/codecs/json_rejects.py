"""JSON's rows where bad ones are set aside: told one by one, which only an input with bad rows pays."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from jobs.codecs.base import DecodeOptions
from jobs.codecs.json_parse import complaint, reason_of, too_deep
from jobs.errors import InputMalformed
from jobs.rejects import MAX_RAW, InputRejects, Reject, values_text
from jobs.repeated_keys import repeated_key

_TOKENS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_COMMA: Final = re.compile(rb"\s*,\s*")
_BLANK: Final = re.compile(rb"\s*")
_FAULTS: Final = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError)
_DECODE: Final = msgspec.json.Decoder().decode


class Unread(NamedTuple):
    """What stands among the records for one that cannot be read."""

    detail: str
    raw: str


class GoodRows:
    """Tells the rows of one input apart, in the order they come: the good go on, the bad are set aside."""

    def __init__(self, rejects: InputRejects) -> None:
        self._rejects, self._seen = rejects, 0

    def records(self, records: Sequence[Any]) -> Sequence[Any]:
        """Those of these rows that are objects, and not known to be bad."""
        first, self._seen = self._seen + 1, self._seen + len(records)
        if not self._rejects.count and set(map(type, records)) == {dict}:
            return records
        return [record for row, record in enumerate(records, first) if self._is_good(row, record)]

    def arrays(self, rows: Sequence[Any], width: int) -> Sequence[Any]:
        """Those of these rows that are arrays of `width` values, and not known to be bad."""
        first, self._seen = self._seen + 1, self._seen + len(rows)
        return [row for number, row in enumerate(rows, first) if self._fits(number, row, width)]

    def columns(self, values: Sequence[Sequence[Any]], rows: int) -> tuple[Sequence[Sequence[Any]], int]:
        """The columns without the rows that are known to be bad, and how many rows these are."""
        bad = set(self._rejects.rows())
        for row in bad:
            self._rejects.fill(row, values_text([column[row - 1] for column in values]))
        kept = [row for row in range(rows) if row + 1 not in bad]
        return [[column[row] for row in kept] for column in values], len(kept)

    def _is_good(self, row: int, record: Any) -> bool:
        if type(record) is Unread:
            self._rejects.add(Reject.of(row, InputMalformed.code, record.detail, record.raw))
        elif type(record) is not dict:
            detail = f"{complaint(record)} where a record was expected"
            self._rejects.add(Reject.of(row, InputMalformed.code, detail, values_text(record)))
        elif self._rejects.knows(row):
            self._rejects.fill(row, values_text(record))
        else:
            return True
        return False

    def _fits(self, number: int, row: Any, width: int) -> bool:
        if type(row) is not list or len(row) != width:
            found = f"{len(row)} values" if type(row) is list else complaint(row)
            detail = f"{found} where there are {width} columns"
            self._rejects.add(Reject.of(number, InputMalformed.code, detail, values_text(row)))
        elif self._rejects.knows(number):
            self._rejects.fill(number, values_text(row))
        else:
            return True
        return False


def read_one(text: bytes | memoryview, options: DecodeOptions) -> Any:
    """The value of a JSON text, or an Unread that says why there is none; raises NestedTooDeep where it is too deep."""
    try:
        value = _DECODE(text)
    except RecursionError:
        raise too_deep(options) from None
    except _FAULTS as error:
        return Unread(f"malformed JSON ({reason_of(error)})", _raw(text))
    key = repeated_key(text, value)
    return value if key is None else Unread(f"the key {key[:100]!r} is given twice in one object", _raw(text))


def _raw(text: bytes | memoryview) -> str:
    return bytes(text[: 4 * MAX_RAW]).decode(errors="replace").strip()


def elements(text: memoryview, options: DecodeOptions) -> Iterator[Any] | None:
    """The elements of a JSON array, each read on its own; None where they cannot be told apart."""
    try:
        return (read_one(memoryview(span), options) for span in msgspec.json.decode(text, type=list[msgspec.Raw]))
    except RecursionError:
        raise too_deep(options) from None
    except _FAULTS:
        spans = _by_brackets(text)
        return None if spans is None else (read_one(text[start:end], options) for start, end in spans)


def _by_brackets(text: memoryview) -> list[tuple[int, int]] | None:
    """Where objects and arrays stand in an array; None where anything else stands there, or brackets do not match."""
    spans: list[tuple[int, int]] = []
    depth = start = 0
    between = 0
    for match in _TOKENS.finditer(text):
        token = match[0]
        if token in (b"[", b"{"):
            depth += 1
            if depth == 1:
                between = match.end()
            elif depth == 2:
                start = match.start()
                if not (_COMMA if spans else _BLANK).fullmatch(text, between, start):
                    return None
        elif token in (b"]", b"}"):
            depth -= 1
            if depth == 1:
                spans.append((start, match.end()))
                between = match.end()
            elif depth <= 0:
                return spans if _ends(text, between, match.start(), match.end()) else None
    return None


def _ends(text: memoryview, between: int, closing: int, after: int) -> bool:
    return not bytes(text[between:closing]).strip() and not bytes(text[after:]).strip()
