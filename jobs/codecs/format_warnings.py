"""Which mappings a format needs for a schema, known before the first byte is written."""

from collections.abc import Collection, Iterator

import pyarrow as pa

from jobs.codecs.base import Codec
from jobs.codecs.fidelity import DETAILS, FAMILY_OF, FATES, kind_of
from jobs.codecs.stored import INFINITE, NAN
from jobs.model import Warn

_TYPED = frozenset({"parquet", "arrow", "arrow-file"})
_FOR_PEOPLE = Warn(
    code="html_for_reading",
    detail="HTML is for people: dtypes are not in it, and characters that no page may hold are replaced",
)


def format_warnings(
    schema: pa.Schema, codec: Codec, columns: Collection[str] | None = None, *, rows: int | None = None
) -> tuple[Warn, ...]:
    """A warning per column that the codec writes as something else, of `columns` where they are given.

    `rows` are those that are written, where somebody knows: a format without types says nothing of a frame without any.
    """
    if codec.name not in FAMILY_OF:
        return (_FOR_PEOPLE,)
    found = [
        Warn(code=code, detail=f"column {field.name!r}: {DETAILS[code]}", column=field.name)
        for field in schema
        if columns is None or field.name in columns
        for code in dict.fromkeys(_codes(field, codec.name))
    ]
    if rows == 0 and codec.name not in _TYPED:
        fate = FATES["no rows"][FAMILY_OF[codec.name]]
        found.append(Warn(code=fate.code, detail="there are no rows, and this format does not say the dtypes"))
    return tuple(found)


def _codes(field: pa.Field, name: str) -> Iterator[str]:
    family, marks, type_ = FAMILY_OF[name], field.metadata or {}, field.type
    if name not in _TYPED and (name.endswith("json") or pa.types.is_nested(type_)):
        # nested values are JSON in the formats of text too
        if INFINITE in marks:
            yield "infinity_to_null"
        if NAN in marks:
            yield "nan_to_null"
    for one in (type_, type_.value_type) if pa.types.is_dictionary(type_) else (type_,):
        fate = FATES[kind_of(one)][family]
        if fate.code and not fate.late:
            yield fate.code
