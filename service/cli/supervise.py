"""`framequeue worker`: checks the settings, and becomes the supervisor, which starts the worker process."""

import os
import sys
from typing import NoReturn

from service.cli.settings import effective
from service.cli.start import NO_REDIS
from service.ended import Ended
from service.supervised import SUPERVISOR, variable


def run() -> NoReturn:
    """Replace this process by the supervisor, so that nothing of the command line stays in memory.

    Raises Ended with exit code 2 where a setting is wrong or no Redis is named.
    """
    settings = effective()
    if settings.redis.url is None:
        raise Ended(NO_REDIS, 2)
    # -P as for the worker; the last word is for people and the health probe, who read the command line
    command = [sys.executable, "-P", "-m", SUPERVISOR, "worker"]
    os.execve(sys.executable, command, {**os.environ, **variable(settings)})  # noqa: S606 our own interpreter and module
