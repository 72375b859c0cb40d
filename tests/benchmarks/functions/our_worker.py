"""Our worker as it comes, with the functions of `calls` beside framequeue's own."""

import asyncio
import gc
import os
from typing import Any

import uvloop
from arq.worker import func

from config import load
from jobs.worker.main import build
from jobs.worker.threads import ThreadPool
from tests.benchmarks.functions import calls


def main() -> None:
    """Run until SIGTERM, as `jobs.worker.main.run` does."""
    asyncio.set_event_loop(uvloop.new_event_loop())
    settings = load(env_file=None)
    pool = ThreadPool(settings.worker.threads or max(2, os.cpu_count() or 1))
    slots = os.environ.get("BENCH_SLOTS")
    options: dict[str, Any] = {"max_jobs": int(slots)} if slots else {}
    worker = build(settings, pool, **options)
    for function in calls.FUNCTIONS:
        worker.functions[function.__name__] = func(function)
    gc.collect()
    gc.freeze()
    worker.run()
    pool.close()


if __name__ == "__main__":
    main()
