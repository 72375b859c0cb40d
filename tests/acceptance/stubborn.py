"""Transforms that do not end by themselves, for the worker's tests."""

import pandas as pd

from jobs.transforms.declare import transform


@transform
def spin(df: pd.DataFrame) -> pd.DataFrame:
    """Spin in pure Python, whatever exceptions come."""
    while True:
        try:
            sum(range(100))
        except Exception:  # noqa: BLE001  # the point of it: what a careless transform does
            continue


@transform
def stubborn_spin(df: pd.DataFrame, *, times: int) -> pd.DataFrame:
    """Spin in pure Python, and survive being stopped so many times."""
    while times >= 0:
        try:
            while True:
                sum(range(100))
        except BaseException:  # noqa: BLE001  # same
            times -= 1
    return df
