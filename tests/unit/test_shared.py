"""Equal reads of one turn are one."""

import asyncio

import pytest

from jobs.store.shared import Shared


class Source:
    """Counts what is read; `gate` holds a read back."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, key: str) -> object:
        self.read.append(key)
        await self.gate.wait()
        if key == "bad":
            raise ValueError(key)
        return object()


async def test_askers_of_one_turn_share_a_read() -> None:
    shared = Shared(source := Source())
    one, two, other = await asyncio.gather(shared.get("a"), shared.get("a"), shared.get("b"))
    assert one is two
    assert other is not one
    assert source.read == ["a", "b"]
    assert await shared.get("a") is not one


async def test_who_asks_after_a_read_began_gets_another() -> None:
    shared = Shared(source := Source())
    source.gate.clear()
    first = asyncio.create_task(shared.get("a"))
    while source.read != ["a"]:
        await asyncio.sleep(0)
    second = asyncio.create_task(shared.get("a"))
    while source.read != ["a", "a"]:
        await asyncio.sleep(0)
    source.gate.set()
    assert await first is not await second


async def test_an_asker_that_leaves_takes_nothing_from_the_others() -> None:
    shared = Shared(source := Source())
    source.gate.clear()
    leaving, staying = (asyncio.create_task(shared.get("a")) for _ in range(2))
    while not source.read:
        await asyncio.sleep(0)
    leaving.cancel()
    source.gate.set()
    assert await staying is not None
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_an_error_reaches_everyone_and_also_nobody() -> None:
    shared = Shared(Source())
    found = await asyncio.gather(shared.get("bad"), shared.get("bad"), return_exceptions=True)
    assert [type(one) for one in found] == [ValueError, ValueError]
    alone = asyncio.create_task(shared.get("bad"))
    await asyncio.sleep(0)
    alone.cancel()  # and the error that comes then is no unheard one, which would fail this test
    await asyncio.wait({alone})
    await asyncio.sleep(0.01)
