"""Stock ARQ's worker as it comes, with the functions of `calls`: `python -m arq …stock_worker.WorkerSettings`."""

import os

from arq.connections import RedisSettings

from tests.benchmarks.functions import calls

SLOTS = 10  # ARQ's own default


class WorkerSettings:
    functions = calls.FUNCTIONS
    redis_settings = RedisSettings.from_dsn(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
    max_jobs = int(os.environ.get("BENCH_SLOTS", SLOTS))
