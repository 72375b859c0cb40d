"""An environment of its own for every peer, under build/peers, from a requirements file with pinned versions."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.report import ROOT

FOLDER = ROOT / "build" / "peers"
REQUIREMENTS = Path(__file__).parent / "peers"
INSTALL_S = 600


class PeerMissingError(Exception):
    """A peer could not be installed or started; the bench says so and goes on."""


def requirements(name: str) -> Path:
    """The pinned versions of a peer."""
    return REQUIREMENTS / f"{name}.txt"


def version(name: str, package: str) -> str:
    """The pinned version of a package of a peer."""
    lines = requirements(name).read_text().splitlines()
    return next((line.partition("==")[2] for line in lines if line.partition("==")[0] == package), "")


def python(name: str) -> str:
    """The interpreter of the peer's environment, which is made where it is not there or its versions have changed."""
    folder, wanted = FOLDER / name, requirements(name).read_bytes()
    made_for = f"{sys.version} {hashlib.sha256(wanted).hexdigest()}"
    mark, interpreter = folder / "made-for", folder / "bin" / "python"
    if mark.exists() and mark.read_text() == made_for and interpreter.exists():
        return str(interpreter)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    uv = shutil.which("uv")
    if uv:
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
        _run(uv, "pip", "install", "--quiet", "--python", str(interpreter), "-r", str(requirements(name)))
    else:
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(interpreter), "-m", "pip", "install", "--quiet", "--no-input", "-r", str(requirements(name)))
    mark.write_text(made_for)
    return str(interpreter)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissingError(f"not installed: {type(error).__name__}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise PeerMissingError(f"not installed: {lines[-1][:120]}")
