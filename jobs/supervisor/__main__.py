"""`python -m jobs.supervisor`, which `framequeue worker` becomes and `framequeue up` starts."""

import asyncio
import sys

from jobs import leash
from jobs.supervisor import lines, orders
from jobs.supervisor.supervisor import Supervisor

_LAST_S = 10.0


def main() -> int:
    """Take the orders and supervise; returns the exit code."""
    taken = orders.take()
    lines.configure(taken.log_level, taken.log_format)
    leash.hold(taken.drain_s + _LAST_S)
    return asyncio.run(_supervise(taken))


async def _supervise(taken: orders.Orders) -> int:
    return await Supervisor(taken).run()


if __name__ == "__main__":
    sys.exit(main())
