"""What decoding one input may spend: rows, columns and bytes, counted while it decodes."""

import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.base import DecodeOptions
from jobs.errors import CellTooLarge, DecodedTooLarge, TooManyColumns, TooManyRows
from jobs.pointers import escaped

# a batch of records of this many cells may be filled to less than one in so many
_MANY_CELLS = 20_000_000
_SPARSE = 100


class Budget:
    """Counts one input's cost against its limits; every method raises where the limit is passed."""

    def __init__(self, options: DecodeOptions) -> None:
        self._limits, self._what = options.limits, f"input {options.name!r}"
        self._pointer = f"/inputs/{escaped(options.name)}"
        self._bytes = 0

    def rows(self, count: int) -> None:
        """Check a number of rows; raises TooManyRows."""
        if count > self._limits.rows:
            raise TooManyRows(f"rows in {self._what}", count, self._limits.rows, self._pointer)

    def columns(self, count: int) -> None:
        """Check a number of columns; raises TooManyColumns."""
        if count > self._limits.columns:
            raise TooManyColumns(f"columns in {self._what}", count, self._limits.columns, self._pointer)

    def cells_given(self, given: int, cells: int) -> None:
        """Check that rows of different keys do not make a table of next to nothing but nulls; raises TooManyColumns."""
        if cells > _MANY_CELLS and cells > given * _SPARSE:
            what = f"cells in {self._what}, of which its records fill {given:,}"
            raise TooManyColumns(what, cells, max(_MANY_CELLS, given * _SPARSE), self._pointer)

    def bytes(self, count: int) -> None:
        """Add decoded bytes; raises DecodedTooLarge."""
        self._bytes += count
        if self._bytes > self._limits.decoded_bytes:
            raise DecodedTooLarge(f"{self._what}, decoded,", self._limits.decoded_bytes, pointer=self._pointer)

    def fits(self, count: int) -> None:
        """Check bytes that are not there yet; raises DecodedTooLarge."""
        if not self.has_room(count):
            raise DecodedTooLarge(f"{self._what}, decoded,", self._limits.decoded_bytes, pointer=self._pointer)

    def has_room(self, count: int) -> bool:
        """Whether so many bytes may be decoded."""
        return self._bytes + count <= self._limits.decoded_bytes

    def cells(self, table: pa.Table) -> None:
        """Check the largest single value of text and binary columns; raises CellTooLarge."""
        limit = self._limits.cell_bytes
        for name, column in zip(table.column_names, table.columns, strict=True):
            if column.nbytes > limit and has_length(column.type):
                longest = pc.max(pc.binary_length(column)).as_py() or 0
                if longest > limit:
                    what = f"a value in column {name!r} of {self._what}"
                    raise CellTooLarge(what, limit, pointer=self._pointer)

    def table(self, table: pa.Table) -> None:
        """Check a decoded table whole."""
        self.columns(table.num_columns)
        self.rows(table.num_rows)
        self._bytes = 0
        self.fits(8 * table.num_rows * sum(map(pa.types.is_null, table.schema.types)))
        if table.get_total_buffer_size() <= min(self._limits.decoded_bytes, self._limits.cell_bytes):
            return  # all buffers together, of which the table may show a part: counted in a tenth of the time
        size = table.nbytes
        self.bytes(size)
        if size > self._limits.cell_bytes:
            self.cells(table)


def has_length(type_: pa.DataType) -> bool:
    """Whether values are texts or bytes of any length."""
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_large_binary(type_)
    )
