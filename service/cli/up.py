"""`framequeue up`: the stack in the foreground, until Ctrl-C."""

import signal
import sys
import threading
from importlib.metadata import version

from rich.text import Text

from config.settings import Settings
from service.cli.command import command
from service.cli.render import output_console
from service.stack.stack import Signals, Stack, curl_line, data_place

_STYLES = {"api": "cyan", "worker": "magenta", "up": "yellow"}


def run(settings: Settings) -> None:
    """Start everything, say what to try, and keep it running until SIGINT, SIGTERM or SIGHUP; a second one hurries.

    Raises Ended where it cannot start, or cannot go on.
    """
    signals, out = Signals(), Merged()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signals.ask)
    with Stack(settings, out, signals) as stack:
        if not signals.stopping():
            _welcome(stack.url, settings)
            stack.watch()
        end = f"it finishes what ends within {settings.worker.drain_s:g} s, and hands back the rest"
        out("up", f"stopping: the API, then the worker ({end}), then Valkey; Ctrl-C again to hurry")


class Merged:
    """The lines of all processes on stderr: with their role before them on a terminal, as they are elsewhere."""

    def __init__(self) -> None:
        self._prefixed = sys.stderr.isatty()
        self._one_at_a_time = threading.Lock()

    def __call__(self, role: str, line: str) -> None:
        """Print one line of a role; `up` is this process itself."""
        if self._prefixed:
            color = {"cyan": 36, "magenta": 35, "yellow": 33}[_STYLES.get(role, "cyan")]
            line = f"\x1b[{color}m{role:>6} │\x1b[0m {line}"
        elif role == "up":
            line = f"framequeue: {line}"
        with self._one_at_a_time:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


def _welcome(url: str, settings: Settings) -> None:
    console = output_console()
    with_key = bool(settings.auth.keys or settings.auth.keys_file)
    block = (
        ("\n  framequeue ", "bold"),
        (f"{version('framequeue')} is up\n\n", "bold green"),
        ("  API    ", "dim"),
        (f"{url}\n", "bold"),
        ("  docs   ", "dim"),
        (f"{url}/docs\n", ""),
        ("  data   ", "dim"),
        (f"{data_place(settings)}\n\n", ""),
        ("  Try it from another terminal:\n\n", "dim"),
        (f"  {curl_line(url, with_key=with_key)}\n\n", ""),
        (f'  {command()} submit FILE.csv --server {url} --pipeline \'[{{"op": "describe"}}]\'\n\n', ""),
        ("  Ctrl-C stops it; the jobs and their results stay.\n", "dim"),
    )
    console.print(Text.assemble(*block), soft_wrap=True)
    sys.stdout.flush()
