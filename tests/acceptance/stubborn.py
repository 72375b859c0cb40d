"""Transforms that do not end by themselves, for the worker's tests."""

import asyncio
import builtins
import multiprocessing
import os
import time

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


@transform
def raises(df: pd.DataFrame, *, kind: str, message: str = "no") -> pd.DataFrame:
    """Raise an exception that means something to whoever awaits it."""
    raise {"CancelledError": asyncio.CancelledError}.get(kind) or getattr(builtins, kind)(message)


@transform
def unreadable(df: pd.DataFrame) -> pd.DataFrame:
    """Fail with the name of a file that is no UTF-8, as Python shows such names."""
    raise ValueError(b"caf\xe9.csv".decode("utf-8", "surrogateescape"))


@transform
def pooled(df: pd.DataFrame, *, times: int = 3) -> pd.DataFrame:
    """Let processes of its own do the work, and end them with SIGTERM, as multiprocessing's pools do."""
    for _ in range(times):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(abs, range(10))
    return df


class _Slow:
    def __str__(self) -> str:
        time.sleep(30)
        return "late"


@transform
def slow_text(df: pd.DataFrame) -> pd.DataFrame:
    """Make a column of objects whose text takes its time."""
    return df.assign(slow=[_Slow() for _ in range(len(df))])


@transform
def long_text(df: pd.DataFrame) -> pd.DataFrame:
    """Fail at length."""
    raise ValueError("x" * 5_000_000)


@transform
def forks(df: pd.DataFrame) -> pd.DataFrame:
    """Come back twice."""
    os.fork()
    return df
