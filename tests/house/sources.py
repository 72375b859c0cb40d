"""The files of the repository, as the house tests see them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("config", "jobs", "service")


def modules() -> list[Path]:
    """Every Python file of the three rooms."""
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def module_name(path: Path) -> str:
    """`jobs/store/keys.py` as `jobs.store.keys`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    """The parsed source."""
    text = path.read_text(encoding="utf-8")
    try:
        return ast.parse(text)
    except SystemError:  # CPython 3.11, where a thread that another test left behind builds a tree at the same time
        return ast.parse(text)


def place(path: Path, line: int) -> str:
    """`jobs/model.py:12`, which editors open."""
    return f"{path.relative_to(ROOT)}:{line}"


@cache
def project_files() -> tuple[Path, ...]:
    """All files that are or will be in the repository: git's list, or in an unpacked archive everything visible."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0 and listed.stdout:
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        # folders that begin with a dot hold what tools left, but for .ci
        hidden = re.compile(r"(^|/)(\.(?!ci/)[^/]+|__pycache__)/")
        found = [path for path in ROOT.rglob("*") if not hidden.search(path.relative_to(ROOT).as_posix())]
    return tuple(sorted(path for path in found if path.is_file()))


def texts(*endings: str) -> Iterator[tuple[Path, str]]:
    """The text files (with one of these endings, where given) and what stands in them."""
    for path in project_files():
        if not endings or path.name.endswith(endings):
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
