"""Which file is which format: by its name's ending, for the client and the command line."""

import difflib
from pathlib import PurePath
from typing import NamedTuple


class Format(NamedTuple):
    """A format as the service names it in `?format=`, its media type, and whether a terminal can show it."""

    name: str
    media_type: str
    text: bool

    @property
    def takes_charset(self) -> bool:
        """Whether a file of it may be in another charset than UTF-8."""
        return self.media_type.startswith("text/")


_FORMATS = {
    "json": Format("json", "application/json", text=True),
    "ndjson": Format("ndjson", "application/x-ndjson", text=True),
    "csv": Format("csv", "text/csv", text=True),
    "tsv": Format("tsv", "text/tab-separated-values", text=True),
    "parquet": Format("parquet", "application/vnd.apache.parquet", text=False),
    "arrow": Format("arrow", "application/vnd.apache.arrow.stream", text=False),
    "arrow-file": Format("arrow-file", "application/vnd.apache.arrow.file", text=False),
    "xlsx": Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", text=False),
    "html": Format("html", "text/html", text=True),
}
NAMES = tuple(_FORMATS)
# Arrow's own convention: `.arrow` is the file form, `.arrows` the stream
_ENDINGS = {name: name for name in _FORMATS} | {
    "jsonl": "ndjson",
    "pq": "parquet",
    "arrow": "arrow-file",
    "feather": "arrow-file",
    "arrows": "arrow",
}
_ENCODINGS = {".gz": "gzip", ".zst": "zstd"}


class FormatUnclear(ValueError):
    """No format fits; the message says what there is."""


def named(name: str) -> Format:
    """The format of this name."""
    wanted = name.lower()
    if wanted in _FORMATS:
        return _FORMATS[wanted]
    near = difflib.get_close_matches(wanted, _FORMATS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(_FORMATS)}"
    raise FormatUnclear(f"no format {name!r}; {hint}")


def of_file(name: str) -> tuple[Format, str | None]:
    """The format and the Content-Encoding (`gzip`, `zstd`) that a file's name tells; `x.csv.gz` tells both."""
    path = PurePath(name)
    encoding = _ENCODINGS.get(path.suffix.lower())
    ending = (PurePath(path.stem) if encoding else path).suffix.lower().removeprefix(".")
    if ending not in _ENDINGS:
        known = ", ".join(sorted("." + known for known in _ENDINGS))
        raise FormatUnclear(f"the name {name!r} does not tell a format ({known}); say it")
    return _FORMATS[_ENDINGS[ending]], encoding


def ending_of(media_type: str) -> str:
    """The ending of a file of this media type, with its dot; `.bin` where nobody knows it."""
    for form in _FORMATS.values():
        if form.media_type == media_type:
            return f".{next(ending for ending, name in _TOLD.items() if name == form.name)}"
    return ".bin"


_TOLD = {"arrows": "arrow", "arrow": "arrow-file"} | {
    name: name for name in _FORMATS if name not in ("arrow", "arrow-file")
}
