"""A team's transforms that talk, and that fail in ways which may be over next time."""

import logging
import sys
import threading
import time
import warnings

import pandas as pd

from jobs import Context, Retry, transform

library = logging.getLogger("a_package")


@transform
def talk(df: pd.DataFrame, *, context: Context, rest: str = "") -> pd.DataFrame:
    """Say something in every way there is; `rest` is printed without an end."""
    context.logger.info("read %d rows", len(df))
    library.warning("from a library")
    print("printed", len(df))
    print("to stderr", file=sys.stderr)
    for _ in range(3):
        warnings.warn("columns are odd", UserWarning, stacklevel=1)
    other = threading.Thread(target=print, args=("from another thread",))
    other.start()
    other.join()
    print(rest, end="")
    return df


@transform
def talk_and_nap(df: pd.DataFrame, *, seconds: float, after: str = "") -> pd.DataFrame:
    """Say that it naps, nap, and say something `after`."""
    print("napping")
    time.sleep(seconds)
    print(after)
    return df


@transform
def chatter(df: pd.DataFrame, *, lines: int, text: str = "line") -> pd.DataFrame:
    """Print many lines."""
    for number in range(lines):
        print(f"{text} {number}")
    return df


@transform
def reluctant(df: pd.DataFrame, *, context: Context, until: int, delay_s: float | None = None) -> pd.DataFrame:
    """Ask to be tried again until the attempt `until`."""
    context.logger.info("trying")
    if context.attempt < until:
        raise Retry("prices are not out yet", delay_s=delay_s)
    return df


@transform
def unlucky(df: pd.DataFrame, *, context: Context, until: int) -> pd.DataFrame:
    """Lose the connection until the attempt `until`."""
    if context.attempt < until:
        raise ConnectionResetError(104, "Connection reset by peer")
    return df
