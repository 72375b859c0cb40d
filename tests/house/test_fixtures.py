"""The fixtures of `tests/conftest.py` keep what they promise."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from config.settings import Settings

ROOT = Path(__file__).parents[2]


def test_no_setting_of_the_caller_is_left() -> None:
    assert [name for name in os.environ if name.upper().startswith(("FRAMEQUEUE_", "REDIS_URL"))] == []


def test_settings_come_from_the_test_alone(settings: Callable[..., Settings], tmp_path: Path) -> None:
    made = settings(worker={"threads": 1})
    assert (made.worker.threads, made.data_dir.parent, made.redis.url) == (1, tmp_path, None)


@pytest.mark.parametrize("round_number", [1, 2])
def test_each_test_has_an_empty_valkey(valkey: str, round_number: int) -> None:
    with redis.Redis.from_url(valkey) as client:
        assert client.dbsize() == 0
        client.set("left over", round_number)
