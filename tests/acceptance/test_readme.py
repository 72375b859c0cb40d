"""What the README and the page of the HTTP API show is typed, and prints what they say."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.test_stack import Up, environment, submit, up

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
# started by other tests, or by nobody on a machine without containers
NOT_HERE = ("make ", "docker ")
JOB_ID = re.compile(r"job_[\w-]{24}")
PAGES = ("README.md", "docs/http.md")


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


SHOWN = {
    page: [
        (command, printed)
        for command, printed in sessions((ROOT / page).read_text(encoding="utf-8"))
        if not command.startswith(NOT_HERE)
    ]
    for page in PAGES
}


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


@pytest.fixture(scope="module")
def job_id(stack: Up) -> str:
    """A finished job, for the commands that name one."""
    return str(submit(stack.url)["id"])


@pytest.fixture(scope="module")
def frame_id(stack: Up) -> str:
    """An uploaded frame, for the commands that name one."""
    body = (ROOT / "examples/airlines.csv").read_bytes()
    answer = httpx.post(f"{stack.url}/v1/frames", content=body, headers={"Content-Type": "text/csv"}, timeout=30)
    return str(answer.raise_for_status().json()["id"])


def as_typed_here(command: str, url: str, job_id: str, frame_id: str) -> str:
    """The same command for this stack: its address, this interpreter, and a job and a frame that it knows."""
    command = command.replace("http://127.0.0.1:8000", url).replace(
        ".venv/bin/framequeue", f'"{sys.executable}" -m service.cli'
    )
    return JOB_ID.sub(job_id, command).replace("job_…", job_id).replace("frm_…", frame_id)


@pytest.mark.parametrize(("page", "least"), [("README.md", 7), ("docs/http.md", 18)])
def test_a_page_shows_what_a_new_user_types(page: str, least: int) -> None:
    assert len(SHOWN[page]) >= least


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        pytest.param(command, printed, id=f"{page}-{number}: {command.splitlines()[0][:60]}")
        for page, shown in SHOWN.items()
        for number, (command, printed) in enumerate(shown, start=1)
    ],
)
def test_a_command_of_a_page(stack: Up, folder: Path, job_id: str, frame_id: str, command: str, printed: str) -> None:
    run = subprocess.run(
        ["bash", "-c", as_typed_here(command, stack.url, job_id, frame_id)],
        cwd=folder,
        env=environment() | {"FRAMEQUEUE_CLIENT__URL": stack.url, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    shown = printed.partition("…")[0].strip()
    assert JOB_ID.sub("job_", run.stdout).strip().startswith(JOB_ID.sub("job_", shown))
