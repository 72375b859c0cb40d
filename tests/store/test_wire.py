"""What goes over the wire is what redis-py would send, and the pool lends and takes back."""

import asyncio
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio.connection import AbstractConnection, Connection
from redis.exceptions import DataError

from jobs.store.pool import Pool, Wire


class _Wire(Wire, Connection):
    pass


class _Word(StrEnum):
    ONE = "one"


_VALUES = st.one_of(
    st.text(st.characters(codec="utf-8")),
    st.binary(),
    st.integers(),
    st.floats(),
    st.binary().map(memoryview),
    st.sampled_from(_Word),
    st.integers(5_990, 6_010).map(bytes),
)
_NAMES = st.sampled_from(["SET", "EVALSHA", "CONFIG GET", " get ", "WAITAOF", "xé", b"SET", b"CONFIG GET"])


def _sent(command: list[bytes]) -> bytes:
    return b"".join(map(bytes, command))


@given(_NAMES, st.lists(_VALUES, max_size=12))
def test_a_command_is_packed_as_redis_py_packs_it(name: str | bytes, values: list[Any]) -> None:
    assert _sent(_Wire().pack_command(name, *values)) == _sent(Connection().pack_command(name, *values))


@given(st.lists(st.tuples(_NAMES, _VALUES), max_size=5))
def test_a_pipeline_is_packed_as_redis_py_packs_it(commands: list[tuple[Any, ...]]) -> None:
    assert _sent(_Wire().pack_commands(commands)) == _sent(Connection().pack_commands(commands))


def test_another_encoding_is_kept_to() -> None:
    assert _sent(_Wire(encoding="latin-1").pack_command("SET", "é")).endswith(b"$1\r\n\xe9\r\n")


@pytest.mark.parametrize("value", [True, None, object(), bytearray(b"x")])
def test_what_redis_py_refuses_is_refused(value: object) -> None:
    with pytest.raises(DataError):
        _Wire().pack_command("SET", value)


def test_a_large_value_is_not_copied() -> None:
    large = b"x" * 10_000
    assert any(piece is large for piece in _Wire().pack_command("SET", large))


class _Still(AbstractConnection):
    """A connection to nobody."""

    fails = False
    opened = False

    def repr_pieces(self) -> list[Any]:
        return []

    @property
    def is_connected(self) -> bool:
        return self.opened

    async def connect(self) -> None:
        if self.fails:
            raise OSError("nobody there")
        self.opened = True

    async def disconnect(self, nowait: bool = False) -> None:
        self.opened = False


async def test_who_comes_to_an_empty_pool_waits_for_the_next_that_is_given_back() -> None:
    pool = Pool(connection_class=_Still, max_connections=1)
    lent = await pool.get_connection()
    waiting = asyncio.ensure_future(pool.get_connection())
    await asyncio.sleep(0)
    assert not waiting.done()
    await pool.release(lent)
    assert await waiting is lent


async def test_a_wait_that_is_cancelled_leaves_the_pool_whole() -> None:
    pool = Pool(connection_class=_Still, max_connections=1)
    lent = await pool.get_connection()
    waiting = [asyncio.ensure_future(pool.get_connection()) for _ in range(2)]
    await asyncio.sleep(0)
    await pool.release(lent)
    waiting[0].cancel()  # in the turn in which it was to get the connection
    async with asyncio.timeout(10):
        assert await waiting[1] is lent
    assert waiting[0].cancelled()


async def test_a_connection_that_cannot_be_opened_is_not_lost_to_the_pool() -> None:
    pool = Pool(connection_class=_Still, max_connections=1)
    _Still.fails = True
    try:
        for _ in range(3):
            with pytest.raises(OSError, match="nobody there"):
                await pool.get_connection()
    finally:
        _Still.fails = False
    async with asyncio.timeout(10):
        await pool.release(await pool.get_connection())
