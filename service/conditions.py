"""Conditional and range requests (RFC 9110, sections 13 and 14): entity tags, `Range`, `If-Range`, wanted digests.

There are no dates here: results never change, so a tag says all, and conditions on dates are ignored, as they must be.
"""

import re
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers

from service.errors import PreconditionFailed, RangeUnsatisfiable

_TAG: Final = re.compile(r'(W/)?("[^"]*")')
_RANGE: Final = re.compile(r"(\d*)-(\d*)", re.ASCII)
_DIGITS: Final = 18  # no answer is larger than that
_WANTED: Final = re.compile(r"sha-256\s*=\s*([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of an answer: `start` counts from its first, `count` says how many, `size` is that of the whole."""

    start: int
    count: int
    size: int

    @property
    def content_range(self) -> str:
        """The value of `Content-Range`."""
        return f"bytes {self.start}-{self.start + self.count - 1}/{self.size}"


@dataclass(frozen=True, slots=True)
class AskedRange:
    """A single range as it was asked for: from `first` to `last`, or the last `suffix` bytes."""

    first: int = 0
    last: int | None = None
    suffix: int | None = None

    def within(self, size: int) -> Span | None:
        """The bytes of an answer of `size`; None for all of an empty one; raises RangeUnsatisfiable."""
        if self.suffix == 0 or (self.suffix is None and self.first >= size):
            raise RangeUnsatisfiable(size)
        if size == 0:
            return None
        start = self.first if self.suffix is None else max(0, size - self.suffix)
        last = size - 1 if self.last is None else min(self.last, size - 1)
        return Span(start, last - start + 1, size)


def check_match(headers: Headers, etag: str) -> None:
    """Raise PreconditionFailed where `If-Match` is there and names another tag (strong comparison)."""
    sent = headers.get("if-match")
    if sent is not None and sent.strip() != "*" and ("", etag) not in _TAG.findall(sent):
        raise PreconditionFailed(etag)


def asked_range(headers: Headers, etag: str) -> AskedRange | None:
    """The single range that is asked for; None where there is none, several, a malformed one, or `If-Range` differs."""
    sent = headers.get("range")
    if sent is None:
        return None
    condition = headers.get("if-range")
    if condition is not None and condition.strip() != etag:  # strong: a weak tag or a date is never it
        return None
    unit, _, ranges = sent.partition("=")
    specs = [spec for spec in (part.strip(" \t") for part in ranges.split(",")) if spec]
    match = _RANGE.fullmatch(specs[0]) if unit.strip().lower() == "bytes" and len(specs) == 1 else None
    return None if match is None else _range(match[1], match[2])


def wants_digest(headers: Headers) -> bool:
    """Whether `Want-Repr-Digest` asks for SHA-256 (RFC 9530), even where that costs a rendering."""
    match = _WANTED.search(headers.get("want-repr-digest", ""))
    return match is not None and match[1].strip("0") != ""


def _range(first: str, last: str) -> AskedRange | None:
    if not first:
        return AskedRange(suffix=_number(last)) if last else None
    asked = AskedRange(first=_number(first), last=_number(last) if last else None)
    return None if asked.last is not None and asked.last < asked.first else asked


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS
