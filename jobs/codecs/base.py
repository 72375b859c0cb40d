"""What a codec is: bytes of one media type to an Arrow table, and Arrow batches back to bytes.

Codecs know Arrow, not pandas: `jobs.codecs.frames` crosses that bridge, once, in each direction.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import pyarrow as pa

from jobs.model import Warn
from jobs.rejects import InputRejects


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What decoding may spend; `cell_bytes` is the largest single value. Names follow the `limits` settings."""

    decoded_bytes: int = 1024**3
    rows: int = 50_000_000
    columns: int = 10_000
    cell_bytes: int = 64 * 1024**2
    compression_ratio: float = 200.0
    ratio_free_bytes: int = 64 * 1024**2
    json_depth: int = 64


@dataclass(frozen=True, slots=True)
class Extent:
    """What a file says of one column in some of its rows: how many of them are null, where it says so.

    `ends` hold bounds of the others, NaN aside: one that is not above the least, one that is not below the greatest.
    """

    rows: int
    nulls: int | None = None
    ends: pa.Array | None = None


class Sieve(Protocol):
    """Which rows of an input are wanted, told from each by itself, so that it can be asked of any part of them."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns it looks at."""
        ...

    @property
    def kept(self) -> frozenset[str] | None:
        """The columns that are wanted of the rows it keeps, None for all."""
        ...

    def holds(self, table: pa.Table) -> pa.BooleanArray:
        """Which rows of a part are wanted; the part has the `columns`, nullable where nulls may occur."""
        ...

    def may_hold(self, extents: Mapping[str, Extent]) -> bool:
        """Whether some row of a part may be wanted, or fail; of columns without an extent nothing is known."""
        ...


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How to read one input. `name` is the input's, for messages; `dtypes` maps a column to a dtype's name.

    `columns` are the only ones to read, None for all: what is in others is neither decoded nor checked. `ours` says
    that a worker wrote the bytes, so that nothing in them has to be doubted. Bad rows go into `rejects` where that is
    given, and fail the input elsewhere. A codec that decodes in parts may keep of each only what passes the `sieve`.
    """

    name: str = "df"
    charset: str | None = None
    orient: str | None = None
    dtypes: Mapping[str, str] = field(default_factory=dict)
    columns: frozenset[str] | None = None
    ours: bool = False
    rejects: InputRejects | None = None
    sieve: Sieve | None = None
    part_rows: int = 131_072
    """Rows that the sieve is asked of together: smaller parts are put together, since each costs a millisecond."""
    limits: DecodeLimits = field(default_factory=DecodeLimits)


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """How to write one result; `orient` is for JSON: records, columns or split.

    `warn` hears of what only the values tell, by codecs that have seen all of them before their first piece.
    """

    orient: str = "records"
    warn: Callable[[Warn], None] = lambda _: None


class Decoded(NamedTuple):
    """A decoded input and what had to be mapped on the way; `width` counts its columns, those left unread too.

    `guessed` says that the types were told from the values: the codec then leaves out the rows that are known to be bad
    itself, so that decoding again gives the types of the others. Where the table holds only what passed the sieve,
    `rows` counts all there were, and a field is nullable where one of those was null.
    """

    table: pa.Table
    warnings: tuple[Warn, ...] = ()
    width: int | None = None
    guessed: bool = False
    rows: int | None = None


class Codec(Protocol):
    """One media type. `name` is the word of `?format=`; `media_types` lists the canonical one first.

    `reads` says whether it can be an input; `missing` is empty, or the hint what to install before it can be used.
    """

    name: str
    reads: bool
    missing: str
    media_types: tuple[str, ...]
    extension: str

    def decode(self, data: pa.Buffer, options: DecodeOptions, /) -> Decoded:
        """The table in `data`; raises InputMalformed, InputEmpty, CastFailed or a LimitExceeded."""
        ...

    def encode(self, batches: pa.RecordBatchReader, options: EncodeOptions, /) -> Iterator[bytes]:
        """The encoded bytes, piece by piece, without holding them all; the schema holds even where no batch comes."""
        ...
