"""TLS to Redis: the certificate is checked as the settings say, ours is shown, and a wrong one is one clear line."""

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config import Settings
from config.settings import SettingsError
from jobs.errors import StoreUnavailable
from jobs.queue import JobQueue
from jobs.state import JobState
from jobs.store.connection import connect
from jobs.store.redis import translated
from tests.acceptance.group import SERVICE, Group, group
from tests.acceptance.mortal import Server
from tests.acceptance.test_worker import GROUPED, Running, submit
from tests.proxy import Proxy

# made for a hundred years, for localhost; the server of the test wheel speaks no TLS, a proxy does it
FILES = Path(__file__).parent / "tls"
CA, SERVER, CLIENT = FILES / "ca.pem", FILES / "server.pem", FILES / "client.pem"


def terminating() -> ssl.SSLContext:
    """The server's side, which wants a certificate of the client too."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(CA))
    context.load_cert_chain(SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "valkey")
    yield server
    server.kill()


@pytest.fixture
async def proxy(server: Server) -> AsyncIterator[Proxy]:
    async with Proxy(server.port, tls=terminating()) as proxy:
        yield proxy


async def ping(settings: Callable[..., Settings], **redis: Any) -> None:
    client = connect(settings(redis=redis).redis)
    try:
        with translated():
            assert await client.ping()
    finally:
        await client.aclose(close_connection_pool=True)


async def test_jobs_run_over_tls(settings: Callable[..., Settings], proxy: Proxy) -> None:
    ours = settings(
        redis={"url": proxy.url, "tls_ca_file": CA, "tls_cert_file": CLIENT},
        transforms={"modules": ("tests.acceptance.own",)},
    )
    queue, worker = JobQueue.from_settings(ours), Running(ours)
    await queue.start()
    try:
        rows = [{"n": n, "text": f"{n * 7919 % 10_007:05} {n}"} for n in range(20_000)]
        assert (await submit(queue, [], records=rows)).state is JobState.SUCCEEDED
        assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED
        # a reset is survived as without TLS
        proxy.cut()
        assert (await submit(queue, GROUPED)).state is JobState.SUCCEEDED
    finally:
        await worker.stop()
        await queue.close()


async def test_what_is_not_trusted_is_refused(settings: Callable[..., Settings], proxy: Proxy) -> None:
    numbered = proxy.url.replace("localhost", "127.0.0.1")
    ours = {"tls_ca_file": CA, "tls_cert_file": CLIENT}
    with pytest.raises(StoreUnavailable, match="certificate verify failed"):
        await ping(settings, url=proxy.url, tls_cert_file=CLIENT)
    with pytest.raises(StoreUnavailable, match="certificate verify failed"):
        await ping(settings, url=numbered, **ours)
    await ping(settings, url=numbered, **ours, tls_verify="ca")
    await ping(settings, url=numbered, tls_cert_file=CLIENT, tls_verify="none")
    await ping(settings, url=f"{numbered}?ssl_cert_reqs=none", tls_cert_file=CLIENT)
    with pytest.raises(StoreUnavailable):  # the server wants to know who we are
        await ping(settings, url=proxy.url, tls_ca_file=CA)


async def test_sentinels_over_tls(settings: Callable[..., Settings], tmp_path: Path) -> None:
    with group(tmp_path / "group") as servers:
        await _through_tls(settings, servers)


async def _through_tls(settings: Callable[..., Settings], servers: Group) -> None:
    async with (
        Proxy(servers.ports[0], tls=terminating()) as redis,
        Proxy(servers.sentinel_port, tls=terminating()) as it,
    ):
        # what the Sentinel says is where the proxy stands
        known, told = str(servers.ports[0]).encode(), str(redis.port).encode()
        it.rewrite = lambda data: data.replace(b"$%d\r\n%b" % (len(known), known), b"$%d\r\n%b" % (len(told), told))
        url = f"rediss+sentinel://localhost:{it.port}/{SERVICE}"
        await ping(settings, url=url, tls_ca_file=CA, tls_cert_file=CLIENT, tls_verify="ca")
        assert (redis.connections, it.connections) == (1, 1)
        # Sentinels name hosts by address: the certificate is for a name
        with pytest.raises(StoreUnavailable, match="certificate verify failed"):
            await ping(settings, url=url, tls_ca_file=CA, tls_cert_file=CLIENT)


@pytest.mark.parametrize(
    ("redis", "says"),
    [
        ({"url": "redis://a", "tls_ca_file": "ca.pem"}, "tls files are given, but the URL is not rediss://"),
        ({"url": "http://user:secret@a"}, "it begins with one of redis://"),
    ],
)
def test_a_wrong_setting_is_one_line_without_the_password(
    settings: Callable[..., Settings], redis: dict[str, str], says: str
) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        settings(redis=redis)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("redis", "says"),
    [
        ({"url": "rediss://a", "tls_ca_file": "/nowhere/ca.pem"}, "No such file or directory: '/nowhere/ca.pem'"),
        ({"url": "redis://:secret@a?no_such_option=1"}, "no_such_option"),
        ({"url": "redis+sentinel://a:1"}, "ends in the name of its service"),
        ({"url": "redis+sentinel://:secret@a:b/jobs"}, "'a:b' in a Sentinel URL is no host:port"),
        ({"url": "redis+sentinel://:secret@a/jobs/x"}, "is a number, not 'x'"),
    ],
)
def test_what_cannot_be_used_is_said_before_it_is_tried(
    settings: Callable[..., Settings], redis: dict[str, str], says: str
) -> None:
    with pytest.raises(StoreUnavailable, match=says) as caught:
        connect(settings(redis=redis).redis)
    assert "secret" not in str(caught.value)
