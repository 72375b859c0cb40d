"""What is known of a step that failed: the error for the caller, and the details for the report."""

import threading
import traceback
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from jobs.errors import ColumnUnknown, FramequeueError, JobStopped, StepFailed, TransformError
from jobs.errors.base import printable, text_of
from jobs.hints import did_you_mean
from jobs.pipeline.steps import Step
from jobs.transforms.delegated import of_a_kind
from jobs.transforms.own import OwnTransform

_SAMPLE_ROWS = 5
_SAMPLE_COLUMNS = 100
_CELL_CHARACTERS = 200
_TRACEBACK_CHARACTERS = 32_000
_FRAMES = 60
_PLAIN = frozenset({"builtins", "datetime", "decimal", "numpy", "pandas", "uuid", "zoneinfo"})


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment of a failure: the step, the frame it was given, and what was raised."""

    step: Step
    frame: pd.DataFrame
    raised: BaseException


@dataclass(frozen=True, slots=True)
class StepDetails:
    """The failed step for the error report. `step` counts from 1; `shape` is rows and columns before the step.

    `samples` are up to five rows of that frame as JSON-safe dicts, each cell cut to 200 characters: the rows at fault
    where they are known, else the first. `exception` reads `KeyError: 'regoin'`.
    """

    step: int
    op: str
    column: str | None
    dtype: str | None
    exception: str
    samples: tuple[dict[str, Any], ...]
    shape: tuple[int, int]
    traceback: str


def failure_of(moment: Moment) -> FramequeueError:
    """The error that tells what was raised, pointing at its step; stops of the job pass as they are.

    Raises the KeyboardInterrupt of the main thread again: there it is somebody's Ctrl-C.
    """
    raised = moment.raised
    if isinstance(raised, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
        raise raised
    error = raised if isinstance(raised, FramequeueError) else _translated(raised, moment)
    if not isinstance(error, JobStopped):
        error.inside(moment.step.pointer, moment.step.label)
    error.moment = moment
    return error


def failure_details(error: BaseException, *, plainly: bool = False) -> StepDetails | None:
    """The details of the step that `error` (raised by Pipeline.run) stands for; None for an error from elsewhere.

    `plainly`: no text of an object that a library or a user made is asked for, since that would run their code.
    """
    moment = getattr(error, "moment", None)
    if not isinstance(moment, Moment):
        return None
    frame, raised = moment.frame, moment.raised
    column = error.column if isinstance(error, TransformError) else None
    dtype = error.dtype if isinstance(error, TransformError) else None
    if dtype is None and column is not None and column in frame.columns:
        dtype = str(frame.dtypes.iloc[list(frame.columns).index(column)])
    return StepDetails(
        step=moment.step.index + 1,
        op=moment.step.op,
        column=column,
        dtype=dtype,
        exception=printable(f"{type(raised).__name__}: {text_of(raised).strip()[:2000]}"),
        samples=_samples(frame, error.rows if isinstance(error, TransformError) else (), plainly=plainly),
        shape=(frame.shape[0], frame.shape[1]),
        traceback=_traceback(raised),
    )


def final(error: BaseException) -> bool:
    """Whether the step that `error` (raised by Pipeline.run) tells of is not to be run again with more columns.

    A user's own transform had all of them, and is not called twice; where memory ran out more would not help.
    """
    moment = getattr(error, "moment", None)
    return isinstance(moment, Moment) and (
        isinstance(moment.step.transform, OwnTransform) or isinstance(moment.raised, MemoryError)
    )


def _traceback(raised: BaseException) -> str:
    """As Python prints it, but for the middle of one that is too long."""
    try:
        text = printable("".join(traceback.format_exception(raised, limit=_FRAMES)))
    except Exception:  # noqa: BLE001  # the text of a user's exception
        text = "".join(traceback.format_tb(raised.__traceback__, _FRAMES))
    half = _TRACEBACK_CHARACTERS // 2
    return text if len(text) <= 2 * half else f"{text[:half]}\n[…]\n{text[-half:]}"


def _translated(raised: BaseException, moment: Moment) -> FramequeueError:
    """A plain exception as one of ours: of an unknown or unsuitable column where it tells, else the step's failure."""
    missing = _missing_column(raised, moment.frame)
    if missing is not None:
        return ColumnUnknown(missing, moment.frame.columns)
    if isinstance(moment.step.transform, OwnTransform) or not isinstance(raised, Exception):
        return StepFailed(raised)
    return of_a_kind(moment.frame, moment.step.op, raised) or StepFailed(raised)


def _missing_column(raised: BaseException, frame: pd.DataFrame) -> str | None:
    if isinstance(raised, KeyError) and raised.args and _raised_in_pandas(raised):
        key = raised.args[0]
        return key if isinstance(key, str) and key not in frame.columns and "not in" not in key else None
    source: object = getattr(raised, "obj", None)
    if isinstance(raised, AttributeError) and isinstance(source, pd.DataFrame):
        # `df.amuont` in a user's function: a column only where one is called nearly so
        name = str(raised.name)
        return name if did_you_mean(name, map(str, frame.columns)) else None
    return None


def _raised_in_pandas(raised: BaseException) -> bool:
    last = raised.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and str(last.tb_frame.f_globals.get("__name__", "")).startswith("pandas.")


def _samples(frame: pd.DataFrame, rows: tuple[int, ...], *, plainly: bool) -> tuple[dict[str, Any], ...]:
    at_fault = [row for row in rows if 0 <= row < len(frame)][:_SAMPLE_ROWS]
    picked = frame.iloc[at_fault] if at_fault else frame.head(_SAMPLE_ROWS)
    picked = picked.iloc[:, :_SAMPLE_COLUMNS]
    names = _distinct([str(name) for name in picked.columns])
    columns = [[_cell(value, plainly) for value in picked.iloc[:, place]] for place in range(picked.shape[1])]
    return tuple(dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True))


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        count = seen[name] = seen.get(name, 0) + 1
        distinct.append(name if count == 1 else f"{name} ({count})")
    return distinct


def _cell(value: Any, plainly: bool) -> Any:
    """A cell as JSON can hold it."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else (None if np.isnan(value) else str(value))
    if isinstance(value, (bool, int)):
        return value
    if plainly and type(value).__module__.partition(".")[0] not in _PLAIN:
        return f"<{type(value).__name__}>"
    return printable(text_of(value)[:_CELL_CHARACTERS])
