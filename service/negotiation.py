"""What a caller wants back: `Accept`, `Accept-Encoding`, `Prefer` and entity tags (RFC 9110, RFC 7240)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from starlette.datastructures import Headers

from jobs.codecs.base import Codec
from jobs.codecs.table import CODECS, by_name
from jobs.errors import FormatNotAcceptable, FormatUnsupported
from service.errors import HeaderMalformed

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
ENCODINGS: Final = ("zstd", "gzip")  # in the order of preference where a caller likes them equally
_ENTRY: Final = re.compile(r'(?:[^,"]+|"[^"]*"?)+')  # commas inside quotes do not part
_QUALITY: Final = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
_WAIT: Final = re.compile(r'wait\s*=\s*"?(\d{1,9})"?\s*(?:;.*)?', re.IGNORECASE)
_USUAL_LENGTH: Final = 200
_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Range:
    """One entry of `Accept`: a media range, its parameters and its weight."""

    media: str
    quality: float = 1.0
    parameters: Mapping[str, str] = field(default_factory=dict)

    def rank(self, media_type: str) -> int:
        """How closely the range names `media_type`: 3 itself, 2 its family, 1 anything, 0 not at all."""
        if self.media == media_type:
            return 3
        if self.media.endswith("/*") and media_type.startswith(self.media[:-1]):
            return 2
        return int(self.media == "*/*")


@dataclass(frozen=True, slots=True)
class Choice:
    """The format of an answer: the codec, the media type to name it by, and the orientation asked for."""

    codec: Codec
    media_type: str
    orient: str | None = None


def ranges(accept: str | None) -> tuple[Range, ...]:
    """The entries of an `Accept` header; none or an empty one accepts anything. Raises HeaderMalformed."""
    entries = [entry for entry in _split(accept) if entry]
    return tuple(_range(entry) for entry in entries) or (Range("*/*"),)


def choose(accepted: Sequence[Range], codecs: Iterable[Codec]) -> Choice:
    """The best format for these ranges: highest weight, then the most specific range, then the order of the table.

    Raises FormatNotAcceptable where no format fits.
    """
    codecs = tuple(codec for codec in codecs if not codec.missing)
    best, best_key = None, (0.0, 0)
    for codec in codecs:
        for media_type in codec.media_types:
            fitting = max(accepted, key=lambda entry: entry.rank(media_type))
            key = (fitting.quality, fitting.rank(media_type))
            # other names of a format count where the caller spells them out
            named_so = key[1] == 3 or (key[1] and media_type == codec.media_types[0])
            if named_so and key[0] > 0 and key > best_key:
                best, best_key = Choice(codec, media_type, fitting.parameters.get("orient")), key
    if best is None:
        wanted = ", ".join(entry.media for entry in accepted)[:200]
        raise FormatNotAcceptable(f"no format fits Accept: {wanted}{_missing(accepted)}", _media_types(codecs))
    return best


def _missing(accepted: Sequence[Range]) -> str:
    """Why a format that the caller names is not there."""
    asked = {entry.media for entry in accepted if entry.quality > 0}
    hints = {codec.missing for codec in CODECS if codec.missing and asked.intersection(codec.media_types)}
    return f" ({', '.join(sorted(hints))})" if hints else ""


def _media_types(codecs: Iterable[Codec]) -> list[str]:
    return [codec.media_types[0] for codec in codecs]


def accepted(accept: str | None) -> Choice:
    """The best format of all for an `Accept` header; raises HeaderMalformed and FormatNotAcceptable."""
    return _remembered(accept) if len(accept or "") <= _USUAL_LENGTH else choose(ranges(accept), CODECS)


@lru_cache(maxsize=64)  # clients send the same few for ever; choosing anew is 3 % of a small result's answer
def _remembered(accept: str | None) -> Choice:
    return choose(ranges(accept), CODECS)


def named(name: str) -> Choice:
    """The format that `?format=` names; raises FormatNotAcceptable."""
    try:
        codec = by_name(name)
    except FormatUnsupported as error:
        raise FormatNotAcceptable(error.detail) from None
    if codec.missing:
        raise FormatNotAcceptable(f"the format {codec.name!r} is not installed here: {codec.missing}")
    return Choice(codec, codec.media_types[0])


def encoding(headers: Headers, *, worthwhile: bool = True) -> str | None:
    """The Content-Encoding of the answer: zstd or gzip where the caller likes one, else None for identity.

    `worthwhile=False` is for formats that are compressed already: identity unless the caller refuses it.
    """
    weights = {
        entry.media: entry.quality for entry in map(_range, _split(headers.get("accept-encoding"))) if entry.media
    }
    anything = weights.get("*", 0.0)
    weight, best = max(((weights.get(name, anything), name) for name in ENCODINGS), key=lambda pair: pair[0])
    refused = weights.get("identity", weights.get("*", 1.0)) == 0
    if weight > 0 and (refused or (worthwhile and weight >= weights.get("identity", 0.0))):
        return best
    if refused:
        raise FormatNotAcceptable("no content encoding fits Accept-Encoding", [*ENCODINGS, "identity"])
    return None


def wait_preference(headers: Headers) -> int | None:
    """The seconds of `Prefer: wait=N`; None where there is none or it is not a whole number (RFC 7240: ignored)."""
    if "prefer" not in headers:
        return None
    for value in headers.getlist("prefer"):
        for preference in _split(value):
            if match := _WAIT.fullmatch(preference):
                return int(match[1])
    return None


def has_tag(headers: Headers, etag: str) -> bool:
    """Whether `If-None-Match` names this entity tag (weak comparison) or anything."""
    sent = headers.get("if-none-match")
    return sent is not None and (sent.strip() == "*" or etag in _TAG.findall(sent))


def media_type_of(value: str) -> tuple[str, dict[str, str]]:
    """A `Content-Type` value as the media type in lower case and its parameters, names in lower case."""
    media, *pieces = (piece.strip() for piece in value.split(";"))
    parameters = {}
    for piece in pieces:
        name, _, text = piece.partition("=")
        parameters[name.strip().lower()] = text.strip().strip('"')
    return media.lower(), parameters


def _split(value: str | None) -> list[str]:
    if not value:
        return []
    if '"' not in value:
        return [piece.strip() for piece in value.split(",")]
    return [piece.strip() for piece in _ENTRY.findall(value)]


def _range(entry: str) -> Range:
    media, parameters = media_type_of(entry)
    quality = parameters.pop("q", "1")
    if not _QUALITY.fullmatch(quality):
        raise HeaderMalformed(
            "Accept", f"a weight is a number from 0 to 1 with up to three decimals, not {quality[:40]!r}"
        )
    return Range(media, float(quality), parameters)
