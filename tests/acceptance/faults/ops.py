"""Ops of the fault tests, beside those of tests/acceptance/own.py."""

import os
import signal

import pandas as pd

from jobs.transforms.context import Context
from jobs.transforms.declare import transform


@transform
def stand_still(df: pd.DataFrame, *, context: Context) -> pd.DataFrame:
    """Stop the whole process at the end of the first attempt's work, until somebody sends SIGCONT."""
    if context.attempt == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    return df
