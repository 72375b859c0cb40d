"""Nothing here depends on how busy the machine is."""

import pytest


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial of a pipeline ends after half a second, and then knows nothing: enough, but not on a slow day."""
    monkeypatch.setattr("jobs.planning.trial._LONGEST_S", 60.0)
