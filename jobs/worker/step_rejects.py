"""Rows that steps set aside: what they reach through their Context."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from jobs.codecs.blocks import column_array, labels_of
from jobs.pipeline import Pipeline, Step
from jobs.rejects import Reject, Rejects, values_text


class StepRejects:
    """Sets rows of the current step's frame aside; see `jobs.transforms.context.SetAside`."""

    def __init__(self, rejects: Rejects, pipeline: Pipeline) -> None:
        self._rejects, self._pipeline = rejects, pipeline
        self._label = ""
        self._given: str | None = None

    def at_step(self, step: Step) -> None:
        """A step begins: its rows are an input's own where it works on one."""
        source = self._pipeline.start if step.source is None and step.index == 0 else step.source
        self._label, self._given = step.label, source if source in self._pipeline.inputs else None

    @property
    def room(self) -> int:
        """How many rows may still be set aside."""
        return self._rejects.room

    def __call__(
        self, frame: pd.DataFrame, reasons: Mapping[int, str], *, code: str, column: str | None = None
    ) -> pd.DataFrame:
        """The frame without these rows; raises RejectsExceeded."""
        positions = sorted(reasons)

        def told(position: int) -> Reject:
            return Reject.of(0, code, reasons[position], _row_text(frame, position), column)

        self._rejects.of_step(self._label, self._given)(positions, told)
        return frame.drop(index=frame.index[positions]).reset_index(drop=True)


def _row_text(frame: pd.DataFrame, position: int) -> str:
    cells = (column_array(frame, place)[position] for place in range(frame.shape[1]))
    return values_text({str(name): _plain(cell) for name, cell in zip(labels_of(frame), cells, strict=True)})


def _plain(cell: Any) -> Any:
    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return None
    item = getattr(cell, "item", None)
    return item() if callable(item) and pd.api.types.is_number(cell) else cell
