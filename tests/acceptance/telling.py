"""Transforms whose attempts are looked at from outside."""

import pandas as pd

from jobs.errors import Retry
from jobs.transforms.context import Context
from jobs.transforms.declare import transform


@transform
def fails_once(df: pd.DataFrame, *, context: Context) -> pd.DataFrame:
    """Ask for another try at the first."""
    if context.attempt == 1:
        raise Retry("not yet", delay_s=0)
    return df


@transform
def speaks(df: pd.DataFrame, *, context: Context) -> pd.DataFrame:
    """Log a line."""
    context.logger.info("a transform speaks")
    return df
