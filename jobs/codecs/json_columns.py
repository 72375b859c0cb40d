"""Parsed JSON to Arrow columns, batch by batch, so that a large text is never all Python objects at once."""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa

from jobs.codecs.base import Decoded, DecodeOptions
from jobs.codecs.budget import Budget
from jobs.codecs.json_parse import check_depth, complaint
from jobs.codecs.json_rejects import GoodRows
from jobs.codecs.objects import array_of_json, text_of
from jobs.codecs.picking import picked
from jobs.errors import InputMalformed
from jobs.model import Warn


class Columns:
    """Collects the columns of one input over its batches; a column that comes late is null before.

    What is not asked for is not made an array. Where nothing asked for has come yet, the first column is read, as
    `picked` says; it is left out in the end where something came.
    """

    def __init__(self, options: DecodeOptions) -> None:
        self._options, self._budget = options, Budget(options)
        self._good = None if options.rejects is None else GoodRows(options.rejects)
        self._names: list[str] = []
        self._chunks: list[list[pa.Array]] = []
        self._warnings: list[Warn] = []
        self._rows = 0

    def add_records(self, records: Sequence[Any]) -> None:
        """Add rows given as objects; raises InputMalformed with the row that is none, or sets it aside."""
        if self._good is not None:
            records = self._good.records(records)
        if not records:
            return
        if set(map(type, records)) != {dict}:
            self._refuse_record(records)
        names = list(dict.fromkeys([*self._names, *records[0]]))
        values = _same_keys(records, names)
        if values is None:
            names = list(dict.fromkeys([*names, *(key for record in records for key in record)]))
            self._budget.columns(len(names))
            self._budget.cells_given(sum(map(len, records)), len(records) * len(names))
            values = [[record.get(name) for record in records] for name in names]
        self.add(names, values, rows=len(records))

    def add(self, names: Sequence[str], values: Sequence[Sequence[Any]], *, rows: int) -> None:
        """Add `rows` rows, column by column; `names` begins with the names that are there already."""
        self._budget.columns(len(names))
        self._budget.rows(self._rows + rows)
        for name in names[len(self._names) :]:
            self._names.append(name)
            self._chunks.append([pa.nulls(self._rows)] if self._rows else [])
        self._rows += rows
        for place in picked(self._names, self._options.columns):
            array = self._array(values[place], names[place])
            self._chunks[place].append(array)
            self._budget.bytes(array.nbytes)

    def decoded(self) -> Decoded:
        """The table of the columns asked for of all that was added."""
        read = picked(self._names, self._options.columns)
        if not read:
            return Decoded(pa.table({"": pa.nulls(self._rows)}).select([]), guessed=True)
        names = [self._names[place] for place in read]
        columns = [self._unified(self._chunks[place], self._names[place]) for place in read]
        unique = {(warning.code, warning.column): warning for warning in self._warnings if warning.column in names}
        return Decoded(
            pa.Table.from_arrays(columns, names=names), tuple(unique.values()), len(self._names), guessed=True
        )

    def _array(self, values: Sequence[Any], name: str) -> pa.Array:
        try:
            kinds = set(map(type, values))
            if not kinds.isdisjoint((list, dict)):
                check_depth(values, 2, self._options)
            return array_of_json(values, name, self._warnings, kinds)
        except UnicodeEncodeError:
            detail = f"input {self._options.name!r}: column {name!r} holds half of a surrogate pair, which is no text"
            raise InputMalformed(detail, input=self._options.name) from None

    def _unified(self, chunks: list[pa.Array], name: str) -> pa.ChunkedArray:
        if len(chunks) == 1:
            return pa.chunked_array(chunks)
        types = {chunk.type for chunk in chunks if not pa.types.is_null(chunk.type)}
        if not types:
            return pa.chunked_array(chunks, pa.null())
        target = types.pop() if len(types) == 1 else self._common(types)
        if target is not None:
            try:
                return pa.chunked_array([chunk.cast(target) for chunk in chunks], target)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                pass
        return self._all_text(chunks, name)

    def _common(self, types: Iterable[pa.DataType]) -> pa.DataType | None:
        try:
            fields = [pa.schema([("x", type_)]) for type_ in types]
            return pa.unify_schemas(fields, promote_options="permissive").field(0).type
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            return None

    def _all_text(self, chunks: list[pa.Array], name: str) -> pa.ChunkedArray:
        kinds = sorted({str(chunk.type) for chunk in chunks})
        detail = f"column {name!r} mixes {' and '.join(kinds)}; all of it became text"
        self._warnings.append(Warn(code="mixed_to_text", detail=detail, column=name))
        texts = [[None if value is None else text_of(value) for value in chunk.to_pylist()] for chunk in chunks]
        return pa.chunked_array([pa.array(text, pa.string()) for text in texts])

    def _refuse_record(self, records: Sequence[Any]) -> None:
        row, value = next((number, record) for number, record in enumerate(records) if type(record) is not dict)
        number = self._rows + row + 1
        hint = '; rows as arrays go under "data" with orient=split' if type(value) is list else ""
        detail = f"input {self._options.name!r}, row {number}: {complaint(value)} where a record was expected{hint}"
        raise InputMalformed(detail, input=self._options.name, row=number)


def _same_keys(records: Sequence[dict[str, Any]], names: Sequence[str]) -> Sequence[Sequence[Any]] | None:
    """The columns where every record has exactly these keys, else None."""
    width = len(names)
    if not width or set(map(len, records)) != {width}:
        return None
    try:
        if width == 1:
            return [[record[names[0]] for record in records]]
        return list(zip(*map(itemgetter(*names), records), strict=True))
    except KeyError:
        return None
