"""One request to a webhook: where it goes, where it never goes, and what cannot hold it up. On real sockets."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from jobs.webhooks.network import SystemResolver
from jobs.webhooks.sender import Answer, HttpSender
from jobs.webhooks.target import AllowList
from tests.acceptance.mortal import free_port
from tests.receiver import Receiver, answer

TLS = Path(__file__).parent / "tls"
NO_ADDRESS = "the host is not known, or its address is not a public one"
HEADERS = (("content-type", "application/json"), ("webhook-id", "job_a:succeeded"))


class Names:
    """A resolver that says what it is told, one answer after the other, and counts."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


def sender(*hosts: str, timeout_s: float = 10, **how: object) -> HttpSender:
    return HttpSender(AllowList.of(hosts), timeout_s, **how)  # type: ignore[arg-type]


async def test_a_request_is_what_was_given_and_goes_to_the_address_that_is_named(receiver: Receiver) -> None:
    answered = await sender("127.0.0.1").send(receiver.url, HEADERS, b'{"a":1}')
    assert answered == Answer(204)
    (got,) = receiver.received
    assert (got.line, got.body) == ("POST /hook?a=b HTTP/1.1", b'{"a":1}')
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["webhook-id"] == "job_a:succeeded"


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("8.8.8.8", "127.0.0.1"),
        ("127.0.0.1", "8.8.8.8"),
        ("169.254.169.254",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("64:ff9b::7f00:1",),
        ("2002:7f00:1::",),
        ("2001:0:7f00:1::",),
        ("fd00:ec2::254",),
        ("fe80::1%eth0",),
        ("10.0.0.1",),
        ("0.0.0.0",),
        ("255.255.255.255",),
        ("what is this",),
    ],
)
async def test_a_name_that_means_an_address_that_is_not_public_is_refused(
    receiver: Receiver, addresses: tuple[str, ...]
) -> None:
    """Contract: loopback, link-local and metadata addresses always refused after resolution."""
    names = Names(addresses)
    url = f"http://hooks.example.com:{receiver.port}/"
    answered = await sender("hooks.example.com", resolver=names).send(url, HEADERS, b"{}")
    assert (answered.status, answered.error) == (None, NO_ADDRESS)
    assert receiver.connections == 0


async def test_the_checked_address_is_the_one_connected_to(receiver: Receiver) -> None:
    """Contract: the checked address is the one connected to."""
    rebinding = Names(("127.0.0.1",), ("127.0.0.2",))  # allowed at first, another at a second look
    url = f"http://hooks.example.com:{receiver.port}/"
    answered = await sender("hooks.example.com", "127.0.0.1", resolver=rebinding).send(url, HEADERS, b"{}")
    assert (answered.status, rebinding.asked) == (204, 1)
    assert receiver.received[0].headers["host"] == f"hooks.example.com:{receiver.port}"


async def test_a_name_that_was_public_before_is_checked_again_at_every_try(receiver: Receiver) -> None:
    rebinding = Names(("127.0.0.1",), ("127.0.0.2",))
    ours = sender("hooks.example.com", "127.0.0.1", resolver=rebinding)
    url = f"http://hooks.example.com:{receiver.port}/"
    answers = [await ours.send(url, HEADERS, b"{}") for _ in range(2)]
    assert [one.status for one in answers] == [204, None]
    assert (rebinding.asked, receiver.connections) == (2, 1), "no connection is used twice"


async def test_a_literal_address_is_not_looked_up(receiver: Receiver) -> None:
    names = Names(("8.8.8.8",))
    assert (await sender("127.0.0.1", resolver=names).send(receiver.url, HEADERS, b"{}")).status == 204
    refused = await sender(resolver=names).send("https://127.0.0.1/", HEADERS, b"{}")
    assert (refused.status, names.asked) == (None, 0)
    assert "not a public one" in str(refused.error)


async def test_an_address_that_does_not_answer_gives_way_to_the_next(receiver: Receiver) -> None:
    names = Names(("127.0.0.3", "127.0.0.1"))  # the receiver listens on the second alone
    ours = sender("hooks.example.com", "127.0.0.1", "127.0.0.3", resolver=names)
    assert (await ours.send(f"http://hooks.example.com:{receiver.port}/", HEADERS, b"{}")).status == 204


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    """Contract: webhooks follow no redirects."""
    receiver.replies = [answer(status, f"location: {receiver.url}")]
    answered = await sender("127.0.0.1").send(receiver.url, HEADERS, b"{}")
    assert answered == Answer(status, f"HTTP {status}: redirects are not followed")
    assert len(receiver.received) == 1


async def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert (await sender("127.0.0.1").send(receiver.url, HEADERS, b"{}")).status == 204


@pytest.mark.parametrize("header", ["retry-after: 120", "Retry-After: 120"])
async def test_what_a_receiver_asks_for_is_told(receiver: Receiver, header: str) -> None:
    receiver.replies = [answer(429, header, body=b"secret words")]
    assert await sender("127.0.0.1").send(receiver.url, HEADERS, b"{}") == Answer(429, "HTTP 429", 120.0)


async def endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        await writer.drain()


async def endless_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x: " + b"y" * 1_000 + b"\r\n")
        await writer.drain()


async def dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 ")
    while True:
        writer.write(b"1")
        await writer.drain()
        await asyncio.sleep(0.05)


async def informing(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def hanging_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def talking_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    ("reply", "status", "says"),
    [
        (endless_body, 200, None),
        (endless_head, None, "not HTTP"),
        (dripping, None, "no answer within 1 s"),
        (informing, None, "no answer within 1 s"),
        (silent, None, "no answer within 1 s"),
        (hanging_up, None, "not HTTP"),
        (talking_nonsense, None, "not HTTP"),
    ],
)
async def test_a_bad_receiver_costs_no_more_than_the_timeout(
    receiver: Receiver, reply: Callable[..., object], status: int | None, says: str | None
) -> None:
    receiver.replies = [reply]  # type: ignore[list-item]
    began = time.monotonic()
    answered = await sender("127.0.0.1", timeout_s=1).send(receiver.url, HEADERS, b"{}")
    assert time.monotonic() - began < 20, "far below what the receiver would take"
    assert answered.status == status
    assert (answered.error is None) == (says is None)
    assert (says or "") in (answered.error or "")


async def test_a_name_server_that_hangs_costs_no_more_than_the_timeout() -> None:
    async def never(host: str, port: int) -> tuple[str, ...]:
        await asyncio.Event().wait()
        raise AssertionError

    answered = await sender(timeout_s=0.2, resolver=never).send("https://example.com/", HEADERS, b"{}")
    assert answered == Answer(error="no answer within 0.2 s")


async def test_nobody_there() -> None:
    answered = await sender("127.0.0.1").send(f"http://127.0.0.1:{free_port()}/", HEADERS, b"{}")
    assert answered == Answer(error="it could not be connected to")


async def test_the_systems_own_names() -> None:
    resolve = SystemResolver()
    assert "127.0.0.1" in await resolve("localhost", 80)
    assert "127.0.0.1" in await resolve("127.0.0.1", 80)
    answered = await sender(timeout_s=20).send("https://no-such-host.invalid/", HEADERS, b"{}")
    assert answered == Answer(error=NO_ADDRESS)


@pytest.mark.parametrize(("host", "status"), [("localhost", 204), ("other.example.com", None)])
async def test_the_certificate_is_that_of_the_name(host: str, status: int | None) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(TLS / "server.pem")
    client = ssl.create_default_context(cafile=str(TLS / "ca.pem"))
    async with Receiver(tls=server) as receiver:
        ours = sender(host, "127.0.0.1", tls=client, resolver=Names(("127.0.0.1",)))
        answered = await ours.send(f"https://{host}:{receiver.port}/", HEADERS, b"{}")
    assert answered.status == status
    assert ("TLS" in (answered.error or "")) == (status is None)


async def test_an_unknown_signer_is_refused() -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(TLS / "server.pem")
    async with Receiver(tls=server) as receiver:
        ours = sender("localhost", "127.0.0.1", resolver=Names(("127.0.0.1",)))
        answered = await ours.send(f"https://localhost:{receiver.port}/", HEADERS, b"{}")
    assert answered.error is not None
    assert answered.error.startswith("TLS")
    assert receiver.received == []
