"""What the supervisor is told: the settings' values, and nothing that logs a password."""

from collections.abc import Callable

import pytest

from config import Settings
from jobs.supervisor import orders
from service.supervised import variable


@pytest.fixture
def taken(settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Callable[..., orders.Orders]:
    def take(url: str | None = None, **sections: object) -> orders.Orders:
        for name, value in variable(settings(**sections), url=url).items():
            monkeypatch.setenv(name, value)
        return orders.take()

    return take


def test_every_value_arrives(taken: Callable[..., orders.Orders]) -> None:
    told = taken(redis={"url": "redis://:hush@h/1", "queue": "q", "max_connections": 7}, worker={"lease_s": 2.5})
    options = told.redis_options
    assert options.url is not None
    assert options.url.get_secret_value() == "redis://:hush@h/1"
    assert (options.queue, options.max_connections, options.connect_timeout_s) == ("q", 7, 2.0)
    assert (told.lease_s, told.drain_s, told.record_ttl_s) == (2.5, 20.0, 7 * 86_400)
    assert "hush" not in repr(options)


def test_a_redis_that_the_settings_do_not_know(taken: Callable[..., orders.Orders]) -> None:
    url = taken(url="unix:///s").redis_options.url
    assert url is not None
    assert url.get_secret_value() == "unix:///s"


def test_they_are_taken_out_of_the_environment(taken: Callable[..., orders.Orders]) -> None:
    taken()
    assert orders.ORDERS_VARIABLE not in orders.os.environ
    with pytest.raises(ValueError, match="redis"):
        orders.take()
