"""What inputs a pipeline reads, told from its steps, and how a file of one is read."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from jobs.codecs.base import DecodeLimits, DecodeOptions
from jobs.codecs.decoding import decode
from jobs.expressions import Extent
from jobs.local.inputs import LocalInput
from jobs.pipeline.problems import validated
from jobs.script.reads import Read
from jobs.transforms.base import Transform
from jobs.transforms.catalogue import Catalogue

_DEFAULT = "df"


def inputs_of(steps: Sequence[Any], catalogue: Catalogue) -> list[str]:
    """The names that steps read and none saves before; `df` where the first does not say what it reads."""
    found: dict[str, None] = {}
    saved: set[str] = set()
    first = steps[0] if steps else {}
    if not isinstance(first, dict) or "from" not in first:
        found[_DEFAULT] = None
    for step in steps:
        if isinstance(step, dict):
            found |= dict.fromkeys(name for name in _read(step, catalogue) if name not in saved)
            saved.add(str(step.get("save")))
    return list(found)


def _read(step: dict[str, Any], catalogue: Catalogue) -> Iterator[str]:
    if isinstance(step.get("from"), str):
        yield step["from"]
    op = step.get("op")
    if not isinstance(op, str) or op not in catalogue:
        return
    arguments = {name: value for name, value in step.items() if name not in ("op", "from", "save")}
    made = validated(catalogue[op], arguments, Extent())
    if isinstance(made, Transform):
        yield from (name for _, name in made.uses())


def read_of(file: str, form: str, given: LocalInput, limits: DecodeLimits) -> Read:
    """How plain pandas reads this file as a job does; raises what `decode` raises."""
    dtypes: dict[str, str] = {}
    if form in _TEXTS:
        options = DecodeOptions(charset=given.charset, limits=limits)
        table = decode(given.data, given.media_type, given.encoding, options).table
        for field, column in zip(table.schema, table.columns, strict=True):
            if field.nullable and str(field.type) in _NULLABLE:
                dtypes[field.name] = _NULLABLE[str(field.type)]
            elif _reads_as_number(column):
                dtypes[field.name] = "str"
    return Read(file, form, given.charset, dtypes)


def _reads_as_number(column: pa.ChunkedArray) -> bool:
    """Whether a column of text, such as 001, is one of numbers to pandas."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return False
    values = column.drop_null().to_pandas()
    return len(values) > 0 and bool(pd.to_numeric(values, errors="coerce").notna().all())


_TEXTS = frozenset({"csv", "tsv", "json", "ndjson"})
_NULLABLE = {"int64": "Int64", "bool": "boolean"}
