"""Requests that schemathesis generates from the OpenAPI document, against the running service: nothing is found."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.auth import new_key
from tests.acceptance.test_stack import up

CONFIG = Path(__file__).parent / "generated" / "schemathesis.toml"
# what CI can spare, and the same requests each time; `make generated` takes longer, and new ones
_SECONDS = int(os.environ.get("GENERATED_SECONDS", "75"))
_EXAMPLES = os.environ.get("GENERATED_EXAMPLES", "8")
_SEED = os.environ.get("GENERATED_SEED")


@pytest.mark.timeout(_SECONDS + 300)
def test_generated_requests_find_nothing(tmp_path: Path) -> None:
    """Contract: never a 500 for bad input."""
    key, entry = new_key("generated")
    keys = json.dumps([entry.model_dump(mode="json")])
    with up(tmp_path, {"FRAMEQUEUE_AUTH__KEYS": keys, "FRAMEQUEUE_AUTH__MODE": "keys"}) as stack:
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
        options = ["--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", _EXAMPLES]
        options += ["--max-time", str(_SECONDS), "--header", f"Authorization: Bearer {key}", "--request-timeout", "60"]
        options += ["--seed", _SEED] if _SEED else ["--generation-deterministic"]
        found = subprocess.run(
            [*command, *options, f"{stack.url}/openapi.json"],
            check=False,
            capture_output=True,
            text=True,
            timeout=_SECONDS + 240,
            cwd=tmp_path,
        )
        assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-5_000:]
        assert "No issues found" in found.stdout or " passed" in found.stdout, found.stdout[-3_000:]
