"""A team's own transforms, for the worker's tests."""

import ctypes
import os
import time

import pandas as pd

from jobs.transforms.context import Context
from jobs.transforms.declare import transform


@transform
def nap(df: pd.DataFrame, *, seconds: float = 0.1) -> pd.DataFrame:
    """Sleep in C, and give the frame back."""
    time.sleep(seconds)
    return df


@transform
def watchful_nap(df: pd.DataFrame, *, context: Context, seconds: float = 0.1) -> pd.DataFrame:
    """Sleep in slices, telling the progress and checking whether to stop."""
    for done in range(100):
        context.progress(done / 100)
        context.check_canceled()
        time.sleep(seconds / 100)
    return df


@transform
def boom(df: pd.DataFrame, *, message: str) -> pd.DataFrame:
    """Fail."""
    raise ZeroDivisionError(message)


@transform
def die(df: pd.DataFrame, *, context: Context) -> pd.DataFrame:
    """End the worker's process: the first attempt with exit code 0, the next with 2 (wrong settings), then 4."""
    os._exit(2 * (context.attempt - 1))


@transform
def hold_gil(df: pd.DataFrame, *, seconds: int = 60) -> pd.DataFrame:
    """Sleep in C without giving up the interpreter's lock."""
    ctypes.PyDLL(None).sleep(seconds)
    return df
