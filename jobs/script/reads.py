"""How an input is read: the pandas function of its format."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jobs.script.code import Chain, given, literal


@dataclass(frozen=True, slots=True)
class Read:
    """An input's file: its name, its format (as `?format=` says it), its charset, and the dtypes of columns that pandas
    would read otherwise than a job.
    """

    file: str
    form: str = "csv"
    charset: str | None = None
    dtypes: Mapping[str, str] = field(default_factory=dict)


def reading(read: Read) -> Chain:
    """The call that reads it."""
    return _READERS[read.form](read)


def _text(read: Read) -> Chain:
    more: dict[str, Any] = {"sep": "\t"} if read.form == "tsv" else {}
    # as a job reads it: an empty field is null, and no other text is
    more |= {"keep_default_na": False, "na_values": [""]}
    if read.dtypes:
        more["dtype"] = read.dtypes
    if read.charset is not None:
        more["encoding"] = read.charset
    return Chain("pd").call("read_csv", literal(read.file), **given(more))


def _json(read: Read) -> Chain:
    more: dict[str, Any] = {"lines": True} if read.form == "ndjson" else {"orient": "records"}
    more |= {"dtype": read.dtypes or False, "convert_dates": False}
    return Chain("pd").call("read_json", literal(read.file), **given(more))


def _plain(function: str) -> Callable[[Read], Chain]:
    return lambda read: Chain("pd").call(function, literal(read.file))


def _stream(read: Read) -> Chain:
    return Chain(f"pa.ipc.open_stream({literal(read.file)})").call("read_pandas")


_READERS: Final[Mapping[str, Callable[[Read], Chain]]] = {
    "arrow": _stream,
    "arrow-file": _plain("read_feather"),
    "csv": _text,
    "json": _json,
    "ndjson": _json,
    "parquet": _plain("read_parquet"),
    "tsv": _text,
    "xlsx": _plain("read_excel"),
}
