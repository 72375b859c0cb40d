"""A lost connection in a user's transform may be over next time; a missing file, and bad data, will not."""

import errno
import subprocess
import sys
from urllib.error import URLError

import pandas as pd
import pytest

from jobs import Retry, transform
from jobs.errors import ConnectionLost, FramequeueError, StepFailed
from jobs.pipeline import Pipeline
from jobs.transforms.catalogue import BUILTIN, Catalogue
from jobs.transforms.declare import declaration
from jobs.transforms.own import model_of


def wrapped_by_a_client():
    """As `requests` wraps: an OSError without a number, raised while the socket's error is handled."""
    try:
        try:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
        except OSError as error:
            raise LookupError("no connection in the pool") from error
    except LookupError:
        try:
            raise OSError("max retries exceeded")
        except OSError as error:
            return error


def read_while_handling():
    try:
        raise ConnectionResetError(errno.ECONNRESET, "reset")
    except OSError:
        try:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        except OSError as error:
            return error


def raised_in_own(error):
    @transform(op="fetch")
    def fetch(df: pd.DataFrame) -> pd.DataFrame:
        raise error

    catalogue = Catalogue({**BUILTIN, "fetch": model_of(declaration(fetch))})
    with pytest.raises(FramequeueError) as raised:
        Pipeline.parse([{"op": "fetch"}], ["df"], catalogue).run({"df": pd.DataFrame({"a": [1]})})
    return raised.value


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(errno.ECONNRESET, "reset"),
        BrokenPipeError(),
        TimeoutError("timed out"),
        OSError(errno.EHOSTUNREACH, "no route to host"),
        URLError(ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
        wrapped_by_a_client(),
    ],
)
def test_a_lost_connection_may_be_tried_again(error):
    raised = raised_in_own(error)
    assert type(raised) is ConnectionLost
    assert raised.retryable
    assert raised.detail.startswith(f"step 1 (fetch): {type(error).__name__}")


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "no such file"),
        OSError(errno.ENOSPC, "no space left"),
        OSError("nobody knows"),
        URLError("unknown url type"),
        ValueError("bad data"),
        read_while_handling(),
    ],
)
def test_all_else_is_not(error):
    raised = raised_in_own(error)
    assert type(raised) is StepFailed
    assert not raised.retryable


def test_retry_passes_as_it_is():
    raised = raised_in_own(Retry("no prices yet", delay_s=30))
    assert type(raised) is Retry
    assert (raised.detail, raised.delay_s) == ("step 1 (fetch): no prices yet", 30)


def test_what_a_module_of_transforms_imports_is_cheap():
    heavy = "{'pandas', 'pyarrow'} & set(sys.modules)"
    code = f"import sys; from jobs import Context, Retry, transform; sys.exit(bool({heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
