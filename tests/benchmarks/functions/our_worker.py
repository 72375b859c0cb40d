"""Our worker, with the functions of `calls` beside framequeue's own, and as many slots as stock ARQ's."""

import asyncio
import gc
import os

import uvloop
from arq.worker import func

from config import load
from jobs.worker.main import build
from jobs.worker.threads import ThreadPool
from tests.benchmarks.functions import calls
from tests.benchmarks.functions.stock_worker import SLOTS


def main() -> None:
    """Run until SIGTERM, as `jobs.worker.main.run` does."""
    asyncio.set_event_loop(uvloop.new_event_loop())
    settings = load(env_file=None)
    pool = ThreadPool(settings.worker.threads or max(2, os.cpu_count() or 1))
    worker = build(settings, pool, max_jobs=int(os.environ.get("BENCH_SLOTS", SLOTS)))
    for function in calls.FUNCTIONS:
        worker.functions[function.__name__] = func(function)
    gc.collect()
    gc.freeze()
    worker.run()
    pool.close()


if __name__ == "__main__":
    main()
