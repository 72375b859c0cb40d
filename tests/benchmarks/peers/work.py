"""The work of every peer: the same pandas code that a user would write."""

import time
from typing import Any

import pandas as pd


def summarize(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A groupby of three aggregates."""
    frame = pd.DataFrame(records)
    grouped = frame.groupby("region").agg(total=("amount", "sum"), orders=("amount", "size"), mean=("amount", "mean"))
    return grouped.reset_index().to_dict(orient="records")


def nap(seconds: float) -> list[dict[str, Any]]:
    """A job that only takes time."""
    time.sleep(seconds)
    return [{"slept": seconds}]
