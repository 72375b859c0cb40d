"""How this command can be typed: a hint is no help where the shell does not find what it names."""

import os
import shlex
import shutil
import sys
from pathlib import Path

_NAME = "framequeue"


def command() -> str:
    """`framequeue` where that is on PATH, else the path of its script, relative where it is below this folder."""
    if shutil.which(_NAME):
        return _NAME
    scripts = (Path(os.path.normpath(Path(sys.argv[0]).absolute())), Path(sys.executable).with_name(_NAME))
    script = next((path for path in scripts if path.name == _NAME and path.is_file()), None)
    return _NAME if script is None else shlex.quote(_from_here(script))


def as_typed(text: str) -> str:
    """A message with its commands named as they can be typed; it writes them `framequeue …`, between backticks."""
    return text.replace(f"`{_NAME} ", f"`{command()} ") if f"`{_NAME} " in text else text


def _from_here(script: Path) -> str:
    here = Path.cwd()
    if not script.is_relative_to(here):
        return str(script)
    relative = str(script.relative_to(here))
    return relative if os.sep in relative else os.path.join(os.curdir, relative)  # noqa: PTH118 Path drops the dot
