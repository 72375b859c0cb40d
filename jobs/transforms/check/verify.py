"""Running the rules over a frame: pandera carries them out, and says which rows break which."""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd

from jobs.errors import TransformError
from jobs.errors.data import Unmet
from jobs.transforms.check.rules import NULL, Truth

SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Check:
    """A rule of a frame: which columns it is about, what is wrong where it is broken, and where it is kept.

    `kept` may raise a TransformError.
    """

    columns: tuple[str, ...]
    what: str
    pointer: str
    kept: Callable[[], Truth]


@dataclass(frozen=True, slots=True)
class Broken:
    """A check, and the positions of the rows that break it, in order."""

    check: Check
    rows: Any

    def unmet(self, frame: pd.DataFrame) -> Unmet:
        """What an error says of it."""
        rows = tuple(int(row) for row in self.rows[:SHOWN])
        values = tuple(self.value(frame, row) for row in rows)
        return Unmet(self.check.columns, self.check.what, len(self.rows), rows, values, self.check.pointer)

    def reason(self, frame: pd.DataFrame, row: int) -> str:
        """What is wrong with that row."""
        return f"{self.value(frame, row)} {self.check.what}".strip()

    def value(self, frame: pd.DataFrame, row: int) -> str:
        """What stands in that row, or nothing where the rule says it: `is null`."""
        if self.check.what == NULL:
            return ""
        cells = [_shown(frame[name].iloc[row]) for name in self.check.columns]
        return cells[0] if len(cells) == 1 else f"[{', '.join(cells)}]"


def broken(frame: pd.DataFrame, checks: Sequence[Check]) -> list[Broken]:
    """The checks that rows of the frame break; raises the first TransformError that one of them raises."""
    # an import of half a second, for those who use it
    pandera = importlib.import_module("pandera.pandas")
    config = importlib.import_module("pandera.config")
    runs = [_Run(check) for check in checks]
    # with all its failure cases pandera would copy every value that breaks a rule for a message that nobody reads
    made = [
        pandera.Check(run.function(), name=str(place), ignore_na=False, n_failure_cases=1)
        for place, run in enumerate(runs)
    ]
    # what the environment says of pandera is not meant for us: it can switch checking off
    with config.config_context(
        validation_enabled=True, validation_depth=config.ValidationDepth.SCHEMA_AND_DATA, cache_dataframe=False
    ):
        try:
            _schema(pandera, checks, made).validate(frame.copy(deep=False), lazy=True, inplace=True)
        except pandera.errors.SchemaErrors as errors:
            places = {int(error.check.name) for error in errors.schema_errors}
            found = [(checks[place], runs[place].rows()) for place in sorted(places)]
            return [Broken(check, rows) for check, rows in found if len(rows)]
    return []


def _schema(pandera: Any, checks: Sequence[Check], made: Sequence[Any]) -> Any:
    own: dict[str, list[Any]] = {}
    for check, one in zip(checks, made, strict=True):
        if len(check.columns) == 1:
            own.setdefault(check.columns[0], []).append(one)
    columns = {name: pandera.Column(checks=of_it, nullable=True) for name, of_it in own.items()}
    together = [one for check, one in zip(checks, made, strict=True) if len(check.columns) > 1]
    return pandera.DataFrameSchema(columns, checks=together)


class _Run:
    """A check as pandera runs it. What it found stays here: of some Arrow types pandera cannot show failure cases."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._truth: Truth = None
        self._raised: TransformError | None = None

    def function(self) -> Callable[[Any], pd.Series]:
        """What pandera calls: a plain function, because it makes deep copies of every other object."""

        def run(given: Any) -> pd.Series:
            try:
                self._truth = self._check.kept()
            except TransformError as error:
                self._raised = error  # pandera makes a finding of it
                raise
            return pd.Series(self._truth, index=given.index)

        return run

    def rows(self) -> Any:
        """The positions of the rows that break it; raises the TransformError that it raised."""
        if self._raised is not None:
            raise self._raised
        return np.flatnonzero(~self._truth)


def _shown(value: Any) -> str:
    """A cell for a sentence, cut."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "null"
    if isinstance(value, np.generic):
        value = value.item()
    text = str(value) if isinstance(value, (Decimal, pd.Timestamp, pd.Timedelta)) else repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
