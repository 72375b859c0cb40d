"""The worker process, `python -m service.cli.worker`: what the supervisor of `framequeue worker` and `up` starts."""

import sys

from config import SettingsError
from jobs.errors import FramequeueError
from jobs.transforms.catalogue import CatalogueError
from jobs.worker.main import run as work
from jobs.worker.standby import Standby
from service.cli.command import as_typed
from service.cli.start import prepare
from service.ended import Ended


def run() -> int:
    """Work on jobs until SIGTERM or SIGINT, then drain; returns the worker's exit code."""
    standby = Standby.from_environment()
    settings = prepare("worker", standby.wake)
    try:
        return work(settings, standby)
    except (SettingsError, CatalogueError) as error:
        raise Ended(str(error), 2) from None
    except FramequeueError as error:
        raise Ended(error.detail) from None


def main() -> None:
    """Run and exit; a reason to stop is one line on stderr."""
    try:
        sys.exit(run())
    except Ended as end:
        sys.stderr.write(f"framequeue: {as_typed(str(end))}\n")
        sys.exit(end.code)


if __name__ == "__main__":
    main()
