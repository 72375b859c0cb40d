"""Ops that are one call of pandas: the call, and what becomes of its errors."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from jobs.errors import DtypeUnsuitable, TransformError
from jobs.transforms.arguments import plain
from jobs.transforms.base import Surroundings, Transform

REFUSALS: Final = (
    TypeError,
    ValueError,
    ArithmeticError,
    NotImplementedError,
    AttributeError,
    IndexError,
    pa.ArrowException,
)
"""What pandas and Arrow raise of data that a call cannot work on."""
_LONGEST: Final = 450


class Delegated(Transform):
    """The base of ops whose result is pandas' own, of the whole frame in one call."""

    @abstractmethod
    def call(self, frame: pd.DataFrame) -> pd.DataFrame:
        """pandas' answer."""

    def apply(self, frame: pd.DataFrame, _: Surroundings) -> pd.DataFrame:
        """pandas' answer with a plain range index; raises DtypeUnsuitable that names the column pandas refused."""
        return plain(answer(frame, self.op, self.call))


def answer(frame: pd.DataFrame, op: str, call: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """What `call` makes of the frame; where it refuses, a DtypeUnsuitable that says which column it refuses alone."""
    try:
        return call(frame)
    except TransformError:
        raise
    except REFUSALS as error:
        raise refused(frame, op, call, error) from error


def refused(frame: pd.DataFrame, op: str, call: Callable[[pd.DataFrame], Any], error: Exception) -> TransformError:
    """The error of ours for one of pandas': of the first column that is refused alone, else of the arguments."""
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place : place + 1]
        try:
            call(column)
        except KeyError:  # a call that names several columns is not refused one alone
            continue
        except REFUSALS as alone:
            name, dtype = str(frame.columns[place]), str(frame.dtypes.iloc[place])
            detail = f"{op} cannot work on column {name!r} ({dtype}): {reason(alone)}"
            return DtypeUnsuitable(detail, column=name, dtype=dtype)
    return of_a_kind(frame, op, error) or DtypeUnsuitable(f"{op}: {reason(error)}")


def of_a_kind(frame: pd.DataFrame, op: str, error: Exception) -> DtypeUnsuitable | None:
    """Where Arrow has no kernel for a type, or lists were to be hashed: the error of the first column of that type."""
    unhashable = isinstance(error, TypeError) and "unhashable" in str(error)
    if not (unhashable or isinstance(error, pa.ArrowNotImplementedError)):
        return None
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if not isinstance(dtype, pd.ArrowDtype):
            continue
        kind = dtype.pyarrow_dtype
        nested = pa.types.is_nested(kind)
        if nested if unhashable else str(kind) in str(error):
            way = "explode or json_normalize" if nested else "astype"
            detail = f"{op} cannot work on column {str(name)!r} ({kind}); use {way} first"
            return DtypeUnsuitable(detail, column=str(name), dtype=str(dtype))
    return None


def reason(error: Exception) -> str:
    """What pandas or Arrow says, in one line: whole lines of it, as many as are told in a message."""
    lines = [line.strip().removeprefix("- ") for line in str(error).splitlines() if line.strip()]
    text = (lines or [type(error).__name__])[0][:_LONGEST]
    for line in lines[1:]:
        if len(text) + len(line) >= _LONGEST:
            break
        text = f"{text} {line}"
    return text.rstrip(" :;")
