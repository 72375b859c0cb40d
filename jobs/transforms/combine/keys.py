"""The keys of two frames: which columns they are, what they mean together, and as what they are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.codecs.blocks import column_array
from jobs.errors import ArgumentInvalid, DtypeUnsuitable
from jobs.transforms.arguments import Names, pointer, require_keys
from jobs.transforms.combine.meaning import canonical, cast, common_dtype, kind_of
from jobs.transforms.combine.take import unwrapped
from jobs.transforms.delegated import REFUSALS

# signed and unsigned integers of 64 bits: as floats, those beyond 2^53 would equal their neighbours
_EVERY_INTEGER: Final = pd.ArrowDtype(pa.decimal128(20, 0))


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A column of the left frame and the one of the right it is compared with.

    `left` and `right` are of one `dtype`, the one that holds the values of both; `at` points at the argument.
    """

    left_name: str
    right_name: str
    left: Any
    right: Any
    at: str

    @property
    def shared(self) -> bool:
        """Whether the two columns are one in the result."""
        return self.left_name == self.right_name


def key_pairs(
    left: pd.DataFrame,
    right: pd.DataFrame,
    on: Names | None,
    left_on: Names | None,
    right_on: Names | None,
    arguments: tuple[str, str, str] = ("on", "left_on", "right_on"),
) -> list[KeyPair]:
    """The keys that the arguments name; without any, the columns that both frames have.

    Raises ColumnUnknown, ColumnAmbiguous and ArgumentInvalid (nothing in common) that point at the argument, and
    DtypeUnsuitable that names both columns where their values cannot be equal.
    """
    argument, listed = arguments[0], on
    if left_on is not None and right_on is not None:
        names = (require_keys(left, arguments[1], left_on), require_keys(right, arguments[2], right_on))
        return _pairs(left, right, *names, arguments[1], single=isinstance(left_on, str))
    if on is None:
        listed = tuple(name for name in left.columns.unique() if name in right.columns)
        if not listed:
            detail = "the two frames have no column in common; say 'on', or 'left_on' and 'right_on'"
            raise ArgumentInvalid(detail, f"/{argument}")
    names = (require_keys(left, argument, listed), require_keys(right, argument, listed))
    return _pairs(left, right, *names, argument, single=on is None or isinstance(on, str))


def _pairs(
    left: pd.DataFrame,
    right: pd.DataFrame,
    left_names: Sequence[str],
    right_names: Sequence[str],
    argument: str,
    *,
    single: bool,
) -> list[KeyPair]:
    made: dict[tuple[str, str], KeyPair] = {}
    for place, (one, other) in enumerate(zip(left_names, right_names, strict=True)):
        at = pointer(argument) if single else pointer(argument, place)
        if (one, other) not in made:
            made[one, other] = key_pair(left, right, one, other, at)
    return list(made.values())


def key_pair(left: pd.DataFrame, right: pd.DataFrame, left_name: str, right_name: str, at: str) -> KeyPair:
    """These two columns, which the frames have once each, as one pair of keys."""
    ours, theirs = one_array(left, left_name), one_array(right, right_name)
    if ours.dtype == theirs.dtype and ours.dtype != np.dtype(object):
        return KeyPair(left_name, right_name, ours, theirs, at)
    names = (left_name, right_name)
    dtypes = (ours.dtype, theirs.dtype)
    try:
        return KeyPair(*names, *_matched(canonical(ours), canonical(theirs)), at)
    except (*REFUSALS, LookupError):
        raise apart(names, dtypes, at) from None


def one_array(frame: pd.DataFrame, name: str) -> Any:
    """The values of the one column of that name."""
    place = frame.columns.get_loc(name)
    return unwrapped(column_array(frame, int(place)))  # type: ignore[arg-type]  # there is one, which was asked before


def _matched(ours: Any, theirs: Any) -> tuple[Any, Any]:
    kinds = (kind_of(ours.dtype), kind_of(theirs.dtype))
    if set(kinds) == {"bool", "number"}:  # true is 1, as in pandas
        ours, theirs = (
            cast(one, "Int8" if one.dtype == "boolean" else np.dtype("int8")) if kind == "bool" else one
            for one, kind in zip((ours, theirs), kinds, strict=True)
        )
    dtype = common_dtype(ours.dtype, theirs.dtype)
    if dtype is None:
        raise LookupError
    if dtype == np.dtype("float64") and all(map(pd.api.types.is_integer_dtype, (ours.dtype, theirs.dtype))):
        dtype = _EVERY_INTEGER
    return cast(ours, dtype), cast(theirs, dtype)


def apart(names: tuple[str, str], dtypes: tuple[Any, Any], at: str) -> DtypeUnsuitable:
    """The error of two columns whose values cannot be compared."""
    detail = (
        f"column {names[0]!r} ({dtypes[0]}) and column {names[1]!r} ({dtypes[1]}) of the other frame cannot be "
        "compared; make them one dtype with astype first"
    )
    return DtypeUnsuitable(detail, column=names[0], dtype=str(dtypes[0]), pointer=at)


def compared(pair: KeyPair, *, sort: bool) -> tuple[Any, Any]:
    """The keys as arrays that pandas' join kernels take: numbers that are equal where the keys are.

    With `sort` they are also in the order of the keys, as pandas has it. A null equals a null. Raises DtypeUnsuitable
    for values that have no equality (lists).
    """
    dtype = pair.left.dtype
    try:
        if isinstance(dtype, pd.CategoricalDtype):
            theirs = pair.right.set_categories(pair.left.categories)
            return pair.left.codes.astype(np.int64), theirs.codes.astype(np.int64)
        if isinstance(dtype, (pd.StringDtype, pd.ArrowDtype)):
            return codes(pair.left, pair.right, sort=sort)
    except REFUSALS as error:
        raise apart((pair.left_name, pair.right_name), (dtype, dtype), pair.at) from error
    return _numeric(pair.left, pair.right)


def _numeric(ours: Any, theirs: Any) -> tuple[Any, Any]:
    kind = getattr(ours.dtype, "kind", "O")
    if kind in "mM":
        return ours.view("i8"), theirs.view("i8")
    if isinstance(ours, np.ndarray):
        return (ours.view("u1"), theirs.view("u1")) if kind == "b" else (ours, theirs)
    wanted = getattr(ours.dtype, "numpy_dtype", None)
    if wanted is not None and not ours.isna().any() and not theirs.isna().any():
        return _numeric(ours.to_numpy(dtype=wanted), theirs.to_numpy(dtype=wanted))
    return ours, theirs


def codes(ours: Any, theirs: Any, *, sort: bool) -> tuple[Any, Any]:
    """A number per value of two Arrow-backed columns, equal where the values are; nulls have the highest."""
    chunks = [*_chunks(ours), *_chunks(theirs)]
    if not len(ours) + len(theirs):  # Arrow gives no chunk of no rows
        return np.empty(0, np.intp), np.empty(0, np.intp)
    encoded = pa.chunked_array(chunks).dictionary_encode()
    # of chunks that are not joined before, each has the dictionary of all
    numbers = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    whole = np.concatenate(numbers).astype(np.intp, copy=False)
    dictionary = encoded.chunk(0).dictionary
    count = len(dictionary)
    if sort:
        rank = np.empty(count + 1, np.intp)
        rank[pc.array_sort_indices(dictionary).to_numpy()] = np.arange(count)
        rank[count] = count
        whole = rank[whole]
    elif encoded.null_count:
        whole[whole < 0] = count
    return whole[: len(ours)], whole[len(ours) :]


def _chunks(array: Any) -> list[pa.Array]:
    made = pa.array(array)
    return made.chunks if isinstance(made, pa.ChunkedArray) else [made]
