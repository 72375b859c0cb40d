"""Plain ARQ functions, the same for stock ARQ's worker and for ours."""

import asyncio
import time
from typing import Any

PICKUPS = "bench:pickups"
STARTED = "bench:started"


async def noop(ctx: dict[str, Any]) -> None:
    """Nothing: what is left is the queue's own cost."""


async def clocked(ctx: dict[str, Any], sent_ns: int) -> None:
    """How long after `sent_ns` it starts, by the clock of the machine that both are on."""
    passed = time.time_ns() - sent_ns
    await ctx["redis"].rpush(PICKUPS, passed)


async def long(ctx: dict[str, Any], seconds: float) -> None:
    """A job that waits."""
    await ctx["redis"].rpush(STARTED, 1)
    await asyncio.sleep(seconds)


FUNCTIONS = (noop, clocked, long)
