"""What the README shows is typed, and prints what the README says."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_stack import Up, environment, up

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
# started by other tests, or by nobody on a machine without containers
NOT_HERE = ("make ", "docker ")
JOB_ID = re.compile(r"job_[\w-]{24}")


def sessions(page: str) -> Iterator[tuple[str, str]]:
    """Each command of the page's console blocks, with what the page says it prints."""
    for block in BLOCK.finditer(page):
        for part in re.split(r"^\$ ", block[1], flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            end = 1
            while not complete("\n".join(lines[:end])):
                end += 1
            yield "\n".join(lines[:end]), "\n".join(lines[end:])


def complete(text: str) -> bool:
    """Whether a shell would not wait for more."""
    return text.count("'") % 2 == 0 and not text.endswith("\\")


SHOWN = [
    (command, printed)
    for command, printed in sessions((ROOT / "README.md").read_text(encoding="utf-8"))
    if not command.startswith(NOT_HERE)
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("readme")) as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the clone, and may be written to."""
    made = tmp_path_factory.mktemp("clone")
    (made / "examples").symlink_to(ROOT / "examples")
    return made


last_id: dict[str, str] = {}


def as_typed_here(command: str, url: str) -> str:
    """The same command for this stack: its address, this interpreter, and the id that the last answer had."""
    command = command.replace("http://127.0.0.1:8000", url).replace(
        ".venv/bin/framequeue", f'"{sys.executable}" -m service.cli'
    )
    if last_id:
        command = JOB_ID.sub(last_id["id"], command).replace("job_…", last_id["id"])
    return command


def test_the_readme_shows_what_a_new_user_types() -> None:
    assert len(SHOWN) >= 7


@pytest.mark.parametrize(("command", "printed"), SHOWN, ids=[command.splitlines()[0][:60] for command, _ in SHOWN])
def test_a_command_of_the_readme(stack: Up, folder: Path, command: str, printed: str) -> None:
    run = subprocess.run(
        ["bash", "-c", as_typed_here(command, stack.url)],
        cwd=folder,
        env=environment() | {"FRAMEQUEUE_CLIENT__URL": stack.url, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    if "/result" in command:
        return  # it may come before the job has ended
    if match := JOB_ID.search(run.stdout):
        last_id["id"] = match[0]
    shown = printed.partition("…")[0].strip()
    assert JOB_ID.sub("job_", run.stdout).strip().startswith(JOB_ID.sub("job_", shown))
