"""The command line in this process: what it says on stdout and stderr, and its exit code."""

from dataclasses import dataclass

from typer.testing import CliRunner

from service.cli.main import app
from service.ended import Ended


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended; `end` is the line that `framequeue: ` stands before."""

    code: int
    out: str
    err: str
    end: str = ""


def typed(*words: str, given: str = "") -> Said:
    """Run `framequeue` with these words; stdin and stdout are pipes."""
    done = CliRunner().invoke(app, list(words), input=given)
    if isinstance(done.exception, Ended):
        return Said(done.exception.code, done.stdout, done.stderr, str(done.exception))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Said(done.exit_code, done.stdout, done.stderr)
