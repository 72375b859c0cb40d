"""A frame as an HTML page with one table: for people; it is written, and not read."""

import html
import re
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.base import Decoded, DecodeOptions, EncodeOptions
from jobs.codecs.cells import glue, is_text, joined, plain, scalar_text
from jobs.codecs.json_cells import json_text
from jobs.errors import FormatUnsupported

_STYLE: Final = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem;color-scheme:light dark}"
    "table{border-collapse:collapse}th,td{border:1px solid #8886;padding:.2rem .6rem;text-align:left;"
    "vertical-align:top;white-space:pre-wrap}thead th{position:sticky;top:0;background:Canvas}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}.null::before{content:'null';opacity:.4}"
)
_HEAD: Final = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/><title>Frame</title>'
    f"<style>{_STYLE}</style></head>\n<body><table><thead><tr>"
)
_FOOT: Final = "</tbody></table></body></html>\n"
# no character of a page: neither raw nor escaped
_FORBIDDEN: Final = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\x{fffe}\\x{ffff}]"
_FORBIDDEN_HERE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_REPLACEMENT: Final = "\ufffd"
_ESCAPES: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;"))


class Html:
    """A page of its own, well-formed as XML too, with nothing in it that a browser would run or fetch."""

    name = "html"
    media_types: tuple[str, ...] = ("text/html",)
    extension = "html"
    reads = False
    missing = ""

    def decode(self, _data: pa.Buffer, _options: DecodeOptions, /) -> Decoded:
        """Raise FormatUnsupported: a page is not read."""
        raise FormatUnsupported("HTML is written, and not read")

    def encode(self, batches: pa.RecordBatchReader, _options: EncodeOptions, /) -> Iterator[bytes]:
        """The page, batch by batch; see `Codec.encode`."""
        schema = batches.schema
        names = "".join(f'<th scope="col"{_class(field.type)}>{_name(field.name)}</th>' for field in schema)
        yield f"{_HEAD}{names}</tr></thead><tbody>\n".encode()
        for batch in batches:
            if batch.num_rows:
                yield _rows(batch)
        yield _FOOT.encode()


def _rows(batch: pa.RecordBatch) -> bytes:
    if not batch.num_columns:
        return b"<tr></tr>\n" * int(batch.num_rows)
    return bytes(joined(glue(["<tr>", *map(_cells, batch.columns), "</tr>\n"], nulls="")))


def _cells(column: pa.Array) -> pa.Array:
    array = plain(column)
    if is_text(array.type):
        text = _escaped(array)
    elif pa.types.is_nested(array.type):
        text = _escaped(json_text(array))
    else:
        text = scalar_text(array)
    return glue([f"<td{_class(array.type)}>", text, "</td>"], nulls=None).fill_null('<td class="null"></td>')


def _escaped(text: pa.Array) -> pa.Array:
    for character, escape in _ESCAPES:
        if pc.any(pc.match_substring(text, character)).as_py():
            text = pc.replace_substring(text, character, escape)
    if pc.any(pc.match_substring_regex(text, _FORBIDDEN)).as_py():
        text = pc.replace_substring_regex(text, _FORBIDDEN, _REPLACEMENT)
    return text


def _name(name: str) -> str:
    return _FORBIDDEN_HERE.sub(_REPLACEMENT, html.escape(name).replace("\r", "&#13;"))


def _class(type_: pa.DataType) -> str:
    numeric = pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    return ' class="n"' if numeric else ""
