"""Ops for the benches, named in `transforms.modules`."""

import time

import pandas as pd

from jobs.transforms.declare import transform


@transform
def bench_nap(df: pd.DataFrame, *, seconds: float = 2.0) -> pd.DataFrame:
    """Sleep, and give the frame back."""
    time.sleep(seconds)
    return df
