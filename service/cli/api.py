"""The API process: `framequeue api`, and `python -m service.cli.api` below `framequeue up`."""

import sys
from typing import Any

from config import SettingsError
from jobs.errors import FramequeueError
from jobs.transforms.catalogue import CatalogueError
from service.cli.command import as_typed
from service.cli.start import prepare
from service.ended import Ended
from service.server import serve


def run(*, access: bool = True, **overrides: Any) -> int:
    """Serve HTTP until SIGTERM or SIGINT; `overrides` are settings as load() takes them.

    `access`: whether there is an access log where the settings leave that open.
    """
    settings = prepare("api", **overrides)
    try:
        serve(settings, access=access)
    except (SettingsError, CatalogueError) as error:
        raise Ended(str(error), 2) from None
    except FramequeueError as error:
        raise Ended(error.detail) from None
    return 0


def main() -> None:
    """Run and exit; a reason to stop is one line on stderr."""
    try:
        sys.exit(run(access=False))  # below `framequeue up`, whose lines are for people
    except Ended as end:
        sys.stderr.write(f"framequeue: {as_typed(str(end))}\n")
        sys.exit(end.code)


if __name__ == "__main__":
    main()
