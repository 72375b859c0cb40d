"""The formats there are: to add one, write its codec and add it to CODECS."""

from jobs.codecs.arrow_ipc import ArrowFile, ArrowStream
from jobs.codecs.base import Codec
from jobs.codecs.delimited import CSV, TSV
from jobs.codecs.excel import XLSX
from jobs.codecs.html import Html
from jobs.codecs.json_records import Json
from jobs.codecs.ndjson import NdJson
from jobs.codecs.parquet import Parquet
from jobs.errors import FormatUnsupported
from jobs.hints import did_you_mean

CODECS: tuple[Codec, ...] = (Json(), NdJson(), CSV, TSV, Parquet(), ArrowStream(), ArrowFile(), XLSX, Html())

_BY_MEDIA_TYPE = {media_type: codec for codec in CODECS for media_type in codec.media_types}
_BY_NAME = {codec.name: codec for codec in CODECS}


def by_media_type(media_type: str) -> Codec:
    """The codec that reads a media type, parameters and case aside; raises FormatUnsupported with those there are."""
    bare = media_type.partition(";")[0].strip().lower()
    codec = _BY_MEDIA_TYPE.get(bare)
    if codec is None or not codec.reads:
        detail = f"no format has the media type {bare[:100]!r}" if codec is None else f"{bare} is written, and not read"
        raise FormatUnsupported(detail, [known.media_types[0] for known in CODECS if known.reads])
    if codec.missing:
        raise FormatUnsupported(f"the format {codec.name!r} is not installed here: {codec.missing}")
    return codec


def by_name(name: str) -> Codec:
    """The codec of a `?format=` word; raises FormatUnsupported with those there are."""
    codec = _BY_NAME.get(name.strip().lower())
    if codec is None:
        hint = did_you_mean(name, _BY_NAME)
        raise FormatUnsupported(f"no format {name[:100]!r}{hint}", list(_BY_NAME))
    return codec
