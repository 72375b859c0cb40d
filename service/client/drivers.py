"""Who does what flows ask for: one driver for threads, one for the event loop; nothing is decided here."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import httpx
from httpx_sse import EventSource

from service.client.bodies import CHUNK_BYTES, Body, Content
from service.client.effects import Answer, Call, Close, Effect, Emit, Flow, Next, Open, Pause, Rules, Stream, Work

T = TypeVar("T")
_CONNECT_S = 5.0
_EVENTS = "text/event-stream"


class Steps(Generic[T]):
    """A flow on its way: what it asks for next, and what came of that."""

    def __init__(self, flow: Flow[T]) -> None:
        self._flow = flow
        self._resume: Callable[[Any], Effect] = flow.send
        self._value: Any = None
        self.result: T
        self.streams: list[Stream] = []

    def ask(self) -> Effect | None:
        """The next effect; None where the flow has returned, and `result` is there."""
        resume, value = self._resume, self._value
        self._resume, self._value = self._flow.send, None
        try:
            return resume(value)
        except StopIteration as end:
            self.result = end.value
            return None

    def give(self, value: Any) -> None:
        """What the effect came to."""
        self._value = value
        if isinstance(value, Stream):
            self.streams.append(value)

    def fail(self, error: httpx.TransportError) -> None:
        """That no answer came."""
        self._resume, self._value = self._flow.throw, error


class SyncDriver:
    """Does effects in the calling thread, on one pool of connections."""

    def __init__(self, http: httpx.Client, rules: Rules) -> None:
        self.http, self.rules = http, rules

    def run(self, flow: Flow[T]) -> T:
        """What the flow returns; raises what it raises."""
        steps = Steps(flow)
        while (effect := steps.ask()) is not None:
            self._step(steps, effect)
        return steps.result

    def iterate(self, flow: Flow[None]) -> Iterator[Any]:
        """What the flow emits; its stream is closed where the caller leaves."""
        steps = Steps(flow)
        try:
            while (effect := steps.ask()) is not None:
                if isinstance(effect, Emit):
                    yield effect.value
                else:
                    self._step(steps, effect)
        finally:
            for stream in steps.streams:
                stream.response.close()

    def _step(self, steps: Steps[Any], effect: Effect) -> None:
        try:
            steps.give(self._do(effect))
        except httpx.TransportError as error:
            steps.fail(error)

    def _do(self, effect: Effect) -> Any:
        match effect:
            case Call():
                return self._answer(self._send(effect))
            case Pause():
                time.sleep(effect.seconds)
            case Work():
                return effect.do()
            case Open():
                response = self._send(effect.call)
                if response.status_code != httpx.codes.OK:
                    return self._answer(response)
                sse = _is_sse(response)
                items = EventSource(response).iter_sse() if sse else response.iter_bytes(CHUNK_BYTES)
                return Stream(response, items, sse=sse)
            case Next():
                return next(effect.stream.items, None)
            case Close():
                effect.stream.response.close()
        return None

    def _send(self, call: Call) -> httpx.Response:
        content = None if call.body is None else _whole(call.body) or call.body.chunks()
        return self.http.send(self.http.build_request(**_request(call, self.rules), content=content), stream=True)

    def _answer(self, response: httpx.Response) -> Answer:
        try:
            if response.is_stream_consumed:  # a transport in memory may have read it
                return _read_already(response)
            return Answer(response.status_code, response.headers, b"".join(response.iter_raw()))
        finally:
            response.close()


class AsyncDriver:
    """Does effects on the running event loop; heavy work and files go through its threads."""

    def __init__(self, http: httpx.AsyncClient, rules: Rules) -> None:
        self.http, self.rules = http, rules

    async def run(self, flow: Flow[T]) -> T:
        """What the flow returns; raises what it raises."""
        steps = Steps(flow)
        while (effect := steps.ask()) is not None:
            await self._step(steps, effect)
        return steps.result

    async def iterate(self, flow: Flow[None]) -> AsyncIterator[Any]:
        """What the flow emits; its stream is closed where the caller leaves."""
        steps = Steps(flow)
        try:
            while (effect := steps.ask()) is not None:
                if isinstance(effect, Emit):
                    yield effect.value
                else:
                    await self._step(steps, effect)
        finally:
            for stream in steps.streams:
                await stream.response.aclose()

    async def _step(self, steps: Steps[Any], effect: Effect) -> None:
        try:
            steps.give(await self._do(effect))
        except httpx.TransportError as error:
            steps.fail(error)

    async def _do(self, effect: Effect) -> Any:
        match effect:
            case Call():
                return await self._answer(await self._send(effect))
            case Pause():
                await asyncio.sleep(effect.seconds)
            case Work():
                return await asyncio.to_thread(effect.do) if effect.heavy else effect.do()
            case Open():
                response = await self._send(effect.call)
                if response.status_code != httpx.codes.OK:
                    return await self._answer(response)
                sse = _is_sse(response)
                items = EventSource(response).aiter_sse() if sse else response.aiter_bytes(CHUNK_BYTES)
                return Stream(response, items, sse=sse)
            case Next():
                return await anext(effect.stream.items, None)
            case Close():
                await effect.stream.response.aclose()
        return None

    async def _send(self, call: Call) -> httpx.Response:
        content = None if call.body is None else _whole(call.body) or _in_threads(call.body)
        return await self.http.send(self.http.build_request(**_request(call, self.rules), content=content), stream=True)

    async def _answer(self, response: httpx.Response) -> Answer:
        try:
            if response.is_stream_consumed:  # a transport in memory may have read it
                return _read_already(response)
            pieces = [piece async for piece in response.aiter_raw()]
            return Answer(response.status_code, response.headers, b"".join(pieces))
        finally:
            await response.aclose()


def _request(call: Call, rules: Rules) -> dict[str, Any]:
    """The request but for its body, which is read differently by each driver."""
    headers = dict(call.headers)
    if (body := call.body) is not None:
        headers["Content-Type"] = body.content_type
        headers |= {"Content-Encoding": body.encoding} if body.encoding else {}
        headers |= {"Content-Length": str(body.size)} if body.size is not None else {}
    connect_s = min(_CONNECT_S, rules.timeout_s)
    timeout = httpx.Timeout(rules.timeout_s, connect=connect_s, read=rules.timeout_s + call.wait_s, pool=None)
    return {
        "method": call.method,
        # whole: httpx takes a base URL and parameters apart and puts them together five times
        "url": f"{rules.url}{call.path}?{urlencode(call.params)}" if call.params else rules.url + call.path,
        "headers": headers,
        "timeout": timeout,
    }


def _whole(body: Body) -> bytes | None:
    return body.data if isinstance(body, Content) else None


async def _in_threads(body: Body) -> AsyncIterator[bytes]:
    """The pieces of a body; each is read, or encoded, in a thread."""
    pieces = body.chunks()
    while (piece := await asyncio.to_thread(partial(next, pieces, None))) is not None:
        yield piece


def _is_sse(response: httpx.Response) -> bool:
    kind: str = response.headers.get("content-type", "")
    return kind.startswith(_EVENTS)


def _read_already(response: httpx.Response) -> Answer:
    headers = httpx.Headers(response.headers)
    headers.pop("content-encoding", None)  # httpx took it off
    return Answer(response.status_code, headers, response.content)
