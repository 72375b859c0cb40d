"""The worker's end of the link to its supervisor: what it holds, and that it lives. Never blocks, never fails."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Iterable
from typing import Self

import msgspec

from jobs.store.claims import Claim
from jobs.supervisor.messages import LINK_VARIABLE, Alive, Begun, Ended, Held, Hello, Message, Retire, encode
from jobs.worker.leases import LeaseKeeper

logger = logging.getLogger(__name__)
_ALIVE_EVERY_S = 1.0
_UNSENT_BYTES = 1 << 16


class Link:
    """Tells the supervisor; without one (`Link(None)`) it tells nobody.

    What a full socket does not take (the supervisor is stopped) is kept and sent later; where that grows too much, all
    that is held is told anew once there is room.
    """

    def __init__(self, to: socket.socket | None) -> None:
        self._to = to
        self._held: dict[str, Held] = {}
        self._ended: list[str] = []
        self._unsent = b""
        self._anew = self._retired = False

    @classmethod
    def from_environment(cls) -> Self:
        """The link that the supervisor named in the environment; the name is taken out of it."""
        named = os.environ.pop(LINK_VARIABLE, "")
        # a duplicate: the leash reads the same socket for as long as the process lives
        return cls(socket.fromfd(int(named), socket.AF_UNIX, socket.SOCK_STREAM) if named.isdigit() else None)

    def hello(self, worker_id: str, info: str) -> None:
        """Say who this is."""
        self._send(Hello(worker_id=worker_id, info=info))

    def begun(self, claims: Iterable[Claim]) -> None:
        """These are held from now on; once more for a claim whose deadline begins now.

        Given to the kernel before this returns: the job may hold the GIL from its first instruction on.
        """
        if self._to is None:
            return
        held = tuple(map(_held, claims))
        if held:
            self._held.update((one.token, one) for one in held)
            self._send(Begun(held=held))

    def ended(self, claim: Claim) -> None:
        """This one is not held any more; told with others at the end of the event loop's round."""
        if self._held.pop(claim.token, None) is None:
            return
        if not self._ended:
            asyncio.get_running_loop().call_soon(self._tell_ended)
        self._ended.append(claim.token)

    def computed(self, claim: Claim) -> None:
        """This one's deadline is met; it is held until its end is written, however long Redis takes to take it."""
        if self._to is not None and claim.token in self._held:
            one = self._held[claim.token] = msgspec.structs.replace(self._held[claim.token], deadline=None)
            self._send(Begun(held=(one,)))

    def alive(self, renewed_at: float) -> None:
        """The event loop runs, and renewed its leases at this `time.monotonic()`."""
        self._send(Alive(renewed_at=renewed_at))

    def retire(self, why: str) -> None:
        """Ask for a successor, once: a thread does not give up."""
        if not self._retired:
            self._retired = True
            logger.warning("%s; this worker asks to be replaced", why)
            self._send(Retire(why=why))

    async def keep_alive(self, leases: LeaseKeeper) -> None:
        """Say about once a second that this lives, for ever; more often where leases are shorter than six seconds."""
        while self._to is not None:
            self.alive(leases.renewed_at)
            await asyncio.sleep(min(_ALIVE_EVERY_S, leases.lease_ms / 6000))

    def _tell_ended(self) -> None:
        tokens, self._ended = tuple(self._ended), []
        self._send(Ended(tokens=tokens))

    def _send(self, message: Message) -> None:
        if self._to is None:
            return
        if self._anew:
            line = self._unsent + encode(Begun(held=tuple(self._held.values()), anew=True)) + encode(message)
        else:
            line = self._unsent + encode(message)
        try:
            sent = self._to.send(line, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except OSError:  # the supervisor is gone; the leash ends this process
            self._to = None
            return
        self._keep(line, sent)

    def _keep(self, line: bytes, sent: int) -> None:
        rest = line[sent:]
        self._anew = len(rest) > _UNSENT_BYTES
        # a line that was begun is ended, so that the next begins at its beginning
        self._unsent = rest[: rest.index(b"\n") + 1] if self._anew else rest


def _held(claim: Claim) -> Held:
    if claim.job is None:
        return Held(id=claim.id, token=claim.token)
    spec = claim.job.spec
    return Held(
        id=claim.id,
        token=claim.token,
        attempt=claim.job.attempt,
        timeout_s=spec.timeout_s,
        result_ttl_s=spec.result_ttl_s,
        deadline=time.monotonic() + spec.timeout_s,
    )
