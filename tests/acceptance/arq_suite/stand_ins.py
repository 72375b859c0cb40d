"""Stand-ins for what ARQ's tests import and we do not install: the few parts they use, under the same names."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, tzinfo
from types import ModuleType
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import msgspec


class Container:
    """For testcontainers' RedisContainer: the server that is running already."""

    host = ""
    port = 0

    def __init__(self, image: str) -> None:
        self.image = image

    def __enter__(self) -> "Container":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def get_container_host_ip(self) -> str:
        return self.host

    def get_exposed_port(self, _: int) -> int:
        return self.port


class IsA:
    """For dirty_equals: equal to whatever is of the type."""

    of: type = object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.of)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<any {self.of.__name__}>"


class IsInt(IsA):
    of = int


class IsStr(IsA):
    of = str


class IsNow(IsA):
    """Equal to an aware time less than two seconds from now."""

    of = datetime

    def __init__(self, tz: str) -> None:
        assert tz == "UTC"

    def __eq__(self, other: object) -> bool:
        aware = isinstance(other, datetime) and other.utcoffset() == timedelta(0)
        return aware and abs(datetime.now(UTC) - other) < timedelta(seconds=2)  # type: ignore[operator]

    __hash__ = None  # type: ignore[assignment]


class Zone(ZoneInfo):
    """For pytz: a zone that knows its name as `zone`."""

    @property
    def zone(self) -> str:
        return self.key


class Patch:
    """For pytest-mock's `mocker.patch`."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __call__(self, target: str, *args: Any, **options: Any) -> Any:
        return self._stack.enter_context(mock.patch(target, *args, **options))

    def object(self, target: Any, name: str, *args: Any, **options: Any) -> Any:
        return self._stack.enter_context(mock.patch.object(target, name, *args, **options))


class Mocker(ExitStack):
    """For pytest-mock's `mocker`: patches that end with the test."""

    MagicMock = mock.MagicMock

    def __init__(self) -> None:
        super().__init__()
        self.patch = Patch(self)

    def spy(self, owner: Any, name: str) -> Any:
        """The method goes on working, and its calls are counted."""
        return self.patch.object(owner, name, side_effect=getattr(owner, name), autospec=True)


def _unpackb(data: bytes, *, raw: bool) -> Any:
    assert not raw
    return msgspec.msgpack.decode(data)


async def _awatch(*_: Any, **__: Any) -> Any:
    raise AssertionError("the test replaces it")
    yield


def modules(server: str) -> dict[str, ModuleType]:
    """The stand-ins by module name; `server` is the Valkey's `host:port`."""
    Container.host, _, port = server.rpartition(":")
    Container.port = int(port)
    contents: dict[str, dict[str, Any]] = {
        "testcontainers": {},
        "testcontainers.redis": {"RedisContainer": Container},
        "dirty_equals": {"IsInt": IsInt, "IsNow": IsNow, "IsStr": IsStr},
        "pytest_mock": {"MockerFixture": Mocker},
        "msgpack": {"packb": msgspec.msgpack.encode, "unpackb": _unpackb},
        "pytz": {"BaseTzInfo": tzinfo, "timezone": Zone},
        "watchfiles": {"awatch": _awatch},
    }
    made = {}
    for name, values in contents.items():
        made[name] = ModuleType(name)
        vars(made[name]).update(values)
    return made
