"""The client of a fault run: a bounded number of jobs in flight over HTTP, each with what it was told."""

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.acceptance.faults.work import Order, order

TERMINAL = frozenset({"succeeded", "failed", "canceled"})
_TIMEOUT = httpx.Timeout(20, connect=2)
_POLL_S = 5


@dataclass
class Sent:
    """One submission as its client saw it. `id` is None where no answer gave one: the job may exist, or not."""

    number: int
    order: Order
    sent_at: float
    answer: str = ""
    id: str | None = None
    ended_at: float | None = None
    state: str = ""
    wrongs: list[str] = field(default_factory=list)


class Client:
    """HTTP to any of the APIs: one after the other, since some of them may be away."""

    def __init__(self, ports: list[int]) -> None:
        self._urls = [f"http://127.0.0.1:{port}" for port in ports]
        limits = httpx.Limits(max_connections=None)
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, limits=limits, trust_env=False)
        self._turn = 0

    async def close(self) -> None:
        await self._client.aclose()

    async def once(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One call, to the API whose turn it is; raises TransportError where no answer came."""
        self._turn += 1
        return await self._client.request(method, self._urls[self._turn % len(self._urls)] + path, **request)

    async def insist(self, method: str, path: str, patience_s: float = 120, **request: Any) -> httpx.Response:
        """Until an API gives an answer that is not 503; for calls that may be sent again."""
        ends, said = time.monotonic() + patience_s, ""
        while time.monotonic() < ends:
            try:
                answer = await self.once(method, path, **request)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                if answer.status_code != 503:
                    return answer
                said = answer.text
            await asyncio.sleep(0.1)
        raise TimeoutError(f"{method} {path}: no answer in {patience_s:g} s; the last was {said[:300]}")


class Load:
    """Keeps `in_flight` callers busy until it is told to stop; `sent` holds all they did."""

    def __init__(self, client: Client, seed: int, in_flight: int, pause_s: float, *, cancels: bool) -> None:
        self.client = client
        self.sent: list[Sent] = []
        self._seed, self._pause_s, self._cancels = seed, pause_s, cancels
        self._stopping = asyncio.Event()
        self._callers = [asyncio.create_task(self._caller(number)) for number in range(in_flight)]

    @property
    def in_flight(self) -> int:
        """Accepted jobs that have not ended, as far as their clients know."""
        return sum(1 for one in self.sent if one.id and one.ended_at is None)

    @property
    def ended(self) -> int:
        """Jobs that have ended, as far as their clients know."""
        return sum(1 for one in self.sent if one.ended_at is not None)

    async def drain(self, patience_s: float) -> list[Sent]:
        """No more submissions; those that have not ended by then are returned."""
        self._stopping.set()
        _, late = await asyncio.wait(self._callers, timeout=patience_s)
        for caller in late:
            caller.cancel()
        for result in await asyncio.gather(*self._callers, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        return [one for one in self.sent if one.id and one.ended_at is None]

    async def _caller(self, caller: int) -> None:
        chance = random.Random(f"{self._seed}:pause:{caller}")
        while not self._stopping.is_set():
            number = len(self.sent) + 1
            sent = Sent(number, order(number, self._seed, cancels=self._cancels), time.time())
            self.sent.append(sent)
            await self._submit(sent)
            if sent.id is not None:
                await self._until_ended(sent)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), chance.uniform(0, 2 * self._pause_s))

    async def _submit(self, sent: Sent) -> None:
        content = sent.order.content
        try:
            if sent.order.frame is not None:
                headers = {"content-type": "text/csv"}
                frame = await self.client.once("POST", "/v1/frames", content=sent.order.frame, headers=headers)
                if frame.status_code != 201:
                    self._refused(sent, frame, "frame")
                    return
                content = content.replace(b"{frame}", frame.json()["id"].encode())
            headers = {"content-type": sent.order.content_type}
            answer = await self.client.once(
                "POST", "/v1/jobs", params=sent.order.parameters, content=content, headers=headers
            )
        except httpx.TransportError as error:
            sent.answer = f"lost: {type(error).__name__}"
            return
        if answer.status_code not in {200, 202}:
            self._refused(sent, answer, "job")
            return
        sent.answer, sent.id = "accepted", answer.json()["id"]

    def _refused(self, sent: Sent, answer: httpx.Response, what: str) -> None:
        code = answer.json().get("code") if "json" in answer.headers.get("content-type", "") else answer.text[:100]
        sent.answer = f"{what} refused: {answer.status_code} {code}"
        if answer.status_code != 503 or "retry-after" not in answer.headers:
            sent.wrongs.append(f"an answer that no fault explains: {answer.status_code} {answer.text[:500]}")

    async def _until_ended(self, sent: Sent) -> None:
        if sent.order.cancel_after_s is not None:
            await asyncio.sleep(sent.order.cancel_after_s)
            with suppress(httpx.TransportError):
                await self.client.once("POST", f"/v1/jobs/{sent.id}/cancel")
        while sent.ended_at is None:
            with suppress(TimeoutError):
                answer = await self.client.insist("GET", f"/v1/jobs/{sent.id}", headers={"prefer": f"wait={_POLL_S}"})
                if answer.status_code != 200:
                    sent.wrongs.append(f"an accepted job answers {answer.status_code} {answer.text[:500]}")
                    sent.ended_at = time.time()
                elif answer.json()["state"] in TERMINAL:
                    sent.state, sent.ended_at = answer.json()["state"], time.time()
