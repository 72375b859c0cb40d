"""ARQ's hooks, guarded: an exception in one is logged, and costs neither the worker nor a job's end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import arq

logger = logging.getLogger(__name__)
Hook = Callable[[dict[Any, Any]], Awaitable[None]]
_HOOKS = ("on_startup", "on_shutdown", "on_job_start", "on_job_end", "after_job_end")
# a cancellation that meets these must not cost the end that is written after them, or is being written
_LATE = frozenset({"on_job_end", "after_job_end"})


def guard_hooks(worker: arq.Worker) -> None:
    """Put a guard around each hook that the worker has."""
    for name in _HOOKS:
        hook = getattr(worker, name)
        if hook is not None:
            setattr(worker, name, _guarded(name, hook))


def _guarded(name: str, hook: Hook) -> Hook:
    caught = (Exception, asyncio.CancelledError) if name in _LATE else Exception

    async def call(ctx: dict[Any, Any]) -> None:
        try:
            await hook(ctx)
        except caught:
            logger.exception("%s failed (job %s); the worker goes on", name, ctx.get("job_id", "none"))

    return call
