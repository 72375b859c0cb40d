"""What takes long before its first byte does not keep other answers waiting."""

import asyncio
import threading
from typing import Any

import pyarrow as pa
import pytest

from jobs import results as module
from jobs.codecs import stored
from jobs.codecs.table import by_name
from jobs.results import Results, StoredFrame, View


@pytest.mark.parametrize("late", [{"format": "xlsx"}, {"format": "csv", "skip": 9 * 1024**2}])
async def test_many_long_renderings_leave_threads_for_short_ones(
    monkeypatch: pytest.MonkeyPatch, late: dict[str, Any]
) -> None:
    data = b"".join(bytes(piece) for piece in stored.store(pa.table({"a": [1]})))
    frame = StoredFrame("00", len(data), 1, data=data)
    go_on, really = threading.Event(), module._begin

    def begin(file: Any, view: View, rows: Any, tell: Any, skip: int) -> Any:
        if view.codec.name == "xlsx" or skip:
            go_on.wait(20)
        return really(file, view, rows, tell, skip)

    monkeypatch.setattr(module, "_begin", begin)
    results = Results(None)  # type: ignore[arg-type]  # the frame's bytes are at hand
    view = View(codec=by_name(late["format"]))
    held = [asyncio.ensure_future(results._begin(frame, view, "tag", late.get("skip", 0))) for _ in range(64)]
    try:
        rendering = await asyncio.wait_for(results.of_stored(frame, View(codec=by_name("csv"))), 10)
        assert b"".join([chunk async for chunk in rendering.chunks]) == b"a\n1\n"
        assert not any(one.done() for one in held)
    finally:
        go_on.set()
        await asyncio.gather(*held)
        results.close()
