"""What a worker process tells its supervisor: one JSON line a message, over the socket they share.

Times are `time.monotonic()`, which is one clock for all processes of a machine.
"""

import msgspec

LINK_VARIABLE = "FRAMEQUEUE_LINK_FD"
"""The environment variable that names the worker's end of the socket."""
STANDBY_VARIABLE = "FRAMEQUEUE_STANDBY"
"""Set for a process that is to make itself ready and then to wait for `GO` on its link."""
GO = b"!"
"""The one thing that a supervisor ever says: a standby process is the worker from now on."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", tag=str.lower):
    """The base: the type is named in `is`."""


class Hello(Message, frozen=True):
    """The first message. `worker_id` begins every token of its leases; `info` is its entry among the workers."""

    worker_id: str
    info: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that is held; a plain ARQ call has no deadline here."""

    id: str
    token: str
    attempt: int = 0
    timeout_s: float = 0.0
    result_ttl_s: int = 0
    deadline: float | None = None


class Begun(Message, frozen=True):
    """These attempts are held from now on; the same token again has a new deadline. `anew`: and no others."""

    held: tuple[Held, ...]
    anew: bool = False


class Ended(Message, frozen=True):
    """These are not held any more, and their threads are free."""

    tokens: tuple[str, ...]


class Alive(Message, frozen=True):
    """The event loop runs; when the worker last renewed its leases."""

    renewed_at: float


class Retire(Message, frozen=True):
    """The worker asks for a successor: a thread of its does not give up."""

    why: str


AnyMessage = Hello | Begun | Ended | Alive | Retire
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)


def encode(message: Message) -> bytes:
    """The message as a line."""
    return _encoder.encode(message) + b"\n"


class Lines:
    """Puts the messages together again from what a socket gives."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[AnyMessage]:
        """The messages that are whole now; what is none is passed over, for a worker's code may write anywhere."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        messages = []
        for line in lines:
            try:
                messages.append(_decoder.decode(line))
            except msgspec.MsgspecError:
                continue
        return messages
