"""The step that failed, to be looked at: what it was given, and its call once more under a debugger."""

import importlib
import pdb  # a debugger is what `--pdb` asks for
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from jobs.errors import FramequeueError
from jobs.pipeline import Step
from jobs.pipeline.failures import Moment
from jobs.transforms.base import Surroundings
from jobs.transforms.context import Context

_HEAD_ROWS = 5


@dataclass(frozen=True, slots=True)
class Failing:
    """The step, the frame that it was given, and the frames that had names then."""

    step: Step
    frame: pd.DataFrame
    inputs: Mapping[str, pd.DataFrame]

    @classmethod
    def of(cls, error: FramequeueError | None, named: Mapping[str, pd.DataFrame]) -> "Failing | None":
        """That of an error which a step raised; None for one from elsewhere, as from reading the inputs."""
        moment = None if error is None else error.moment
        return cls(moment.step, moment.frame, named) if isinstance(moment, Moment) else None

    def described(self) -> str:
        """The frame before the step: its shape, its columns with their dtypes, its first rows."""
        rows, columns = self.frame.shape
        nulls = self.frame.isna().sum()
        listed = [
            f"  {name}: {dtype}" + (f", {count:,} null" if count else "")
            for name, dtype, count in zip(self.frame.columns, self.frame.dtypes, nulls, strict=True)
        ]
        head = self.frame.head(_HEAD_ROWS).to_string(max_cols=20, max_colwidth=40)
        return "\n".join([f"before {self.step.label}: {rows:,} rows x {columns:,} columns", *listed, "", head])

    def names(self) -> dict[str, Any]:
        """What a debugger has in reach; `step` is a command of pdb."""
        return {"frame": self.frame, "this_step": self.step, "inputs": dict(self.inputs), "pd": pd}


def failing_call(this_step: Step, frame: pd.DataFrame, inputs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The call that failed; `this_step.transform` holds its arguments."""
    around = Surroundings(frames=inputs, context=Context(inputs=inputs))
    return this_step.transform.apply(frame, around)


def under_pdb(failing: Failing) -> None:
    """Stop in the failing call, before it is made; where it then raises, stop there, too."""
    debugger = pdb.Pdb(nosigint=True)
    try:
        debugger.runcall(failing_call, failing.step, failing.frame, failing.inputs)
    except Exception as error:  # noqa: BLE001  # whatever the step raises is what is looked at
        sys.stdout.write(f"{type(error).__name__}: {error}\n")
        pdb.post_mortem(error.__traceback__)


def in_ipython(failing: Failing) -> None:
    """Open IPython with `frame`, `this_step` and `inputs`; raises ImportError where it is not installed."""
    importlib.import_module("IPython").embed(
        user_ns=failing.names(),
        banner1=f"{failing.step.label}: frame, this_step and inputs are there",
        colors="neutral",
    )
