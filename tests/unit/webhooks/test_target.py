"""Which URLs a webhook may have: an address that is not public is refused in all its forms."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import WebhookRefused
from jobs.webhooks.addresses import is_public, literal
from jobs.webhooks.target import AllowList, Target

ANY = AllowList.of(())

NOT_PUBLIC = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0X7F.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.0.0.0x1",
    "127.0.0.01",
    "00000127.0.0.1",
    "4294967297",
    "256.256.256.256",
    "0",
    "0.0.0.0",
    "0x",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[0:0:0:0:0:ffff:10.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:0:7f00:1::]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[3fff::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[::1%1]",
    "[fec0::1]",
    "[ff02::1]",
    "[5f00::1]",
    "[::1].",
    "[127.0.0.1]",
    "[::1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "１２７.０.０.１",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "١٢٧.0.0.1",
    "127.0.0.1..",
    "127.0.0.1%00.example.com",
    "127.0.0.1\t.example.com",
    "",
    ".",
    "a..b",
    "-a.example.com",
    "a b.example.com",
    "exa\u00admple\n.com",
    "a" * 64 + ".com",
    "x." * 127 + "com",
]


@pytest.mark.parametrize("host", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused_however_it_is_written(host: str) -> None:
    """Contract: loopback, link-local and metadata addresses always refused."""
    with pytest.raises(WebhookRefused):
        ANY.check(Target.of(f"https://{host}/hook"))


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://example.com", "example.com", 443, "/"),
        ("HTTPS://Hooks.Example.COM:8443/a/b?c=d%20e", "hooks.example.com", 8443, "/a/b?c=d%20e"),
        ("https://example.com.?x", "example.com", 443, "/?x"),
        ("https://bücher.example/", "xn--bcher-kva.example", 443, "/"),
        ("https://8.8.8.8:443/", "8.8.8.8", 443, "/"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]", 443, "/"),
        ("https://[64:ff9b::8.8.8.8]/", "[64:ff9b::8.8.8.8]", 443, "/"),
        ("https://my_host.example.com:/x", "my_host.example.com", 443, "/x"),
    ],
)
def test_a_public_url_is_read(url: str, host: str, port: int, path: str) -> None:
    target = Target.of(url)
    ANY.check(target)
    assert (target.host, target.port, target.path) == (host, port, path)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://example.com/", "https"),
        ("ftp://example.com/", "https://host/path"),
        ("//example.com/", "https://host/path"),
        ("example.com", "https://host/path"),
        ("httpſ://example.com/", "https://host/path"),
        (" https://example.com/", "https://host/path"),
        ("https://user:pass@example.com/", "user"),
        ("https://8.8.8.8@127.0.0.1/", "user"),
        ("https://example.com/#part", "fragment"),
        ("https://example.com\\@127.0.0.1/", "https://host/path"),
        ("https://example.com/a b", "percent-encoded"),
        ("https://example.com/ü", "percent-encoded"),
        ("https://example.com/\r\nx: y", "percent-encoded"),
        ("https://example.com:0/", "port"),
        ("https://example.com:65536/", "port"),
        ("https://example.com:٤٤٣/", "port"),
        ("https://example.com:80:443/", "port"),
        ("https://example.com/" + "x" * 2_048, "2,048"),
    ],
)
def test_a_url_that_two_programs_could_read_in_two_ways_is_refused(url: str, says: str) -> None:
    """Contract: Webhook URLs are https; http only for hosts on the allow-list."""
    with pytest.raises(WebhookRefused, match=re.escape(says)):
        ANY.check(Target.of(url))


@pytest.mark.parametrize(
    ("hosts", "url", "allowed"),
    [
        (["hooks.example.com"], "https://hooks.example.com/", True),
        (["Hooks.Example.com."], "http://HOOKS.example.com./", True),
        (["hooks.example.com"], "https://example.com/", False),
        (["hooks.example.com"], "https://xhooks.example.com/", False),
        (["*.example.com"], "https://a.b.example.com/", True),
        (["*.example.com"], "http://a.example.com/", True),
        (["*.example.com"], "https://example.com/", False),
        (["*.example.com"], "https://badexample.com/", False),
        (["*.example.com"], "https://8.8.8.8/", False),
        (["bücher.example"], "https://xn--bcher-kva.example/", True),
        (["*.bücher.example"], "https://a.xn--bcher-kva.example/", True),
        (["127.0.0.1"], "http://127.0.0.1:8080/", True),
        (["127.0.0.1"], "https://127.0.0.2/", False),
        (["127.0.0.1"], "https://127.1/", False),
        (["127.0.0.1"], "http://[::ffff:127.0.0.1]/", True),
        (["127.0.0.1"], "https://example.com/", False),
        (["127.0.0.1", "*"], "https://example.com/", True),
        (["127.0.0.1", "*"], "http://example.com/", False),
        (["*"], "https://127.0.0.1/", False),
        (["*"], "https://localhost/", False),
        (["localhost"], "http://localhost:1/", True),
        (["::1"], "http://[::1]:1/", True),
        (["[::1]"], "http://[0::1]:1/", True),
        (["8.8.8.8"], "https://8.8.8.8/", True),
    ],
)
def test_the_allow_list(hosts: list[str], url: str, allowed: bool) -> None:
    """Contract: host allow-list (`FRAMEQUEUE_WEBHOOKS__ALLOW_HOSTS`)."""
    if allowed:
        AllowList.of(hosts).check(Target.of(url))
    else:
        with pytest.raises(WebhookRefused):
            AllowList.of(hosts).check(Target.of(url))


@given(st.ip_addresses(v=4))
def test_an_address_counts_the_same_in_whatever_it_is_wrapped(address: ipaddress.IPv4Address) -> None:
    mapped, translated = f"::ffff:{address}", f"64:ff9b::{address}"
    assert is_public(ipaddress.ip_address(mapped)) == is_public(address)
    assert is_public(ipaddress.ip_address(translated)) == is_public(address)
    assert not is_public(address) or address.is_global


@given(st.ip_addresses(v=4))
def test_only_four_decimal_numbers_are_an_address(address: ipaddress.IPv4Address) -> None:
    assert literal(str(address)) == address
    for other in (str(int(address)), hex(int(address)), f"0{int(address):o}"):
        with pytest.raises(ValueError, match=r"\d"):
            literal(other)


@given(st.text(max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    try:
        target = Target.of(f"https://{text}")
        ANY.check(target)
    except WebhookRefused:
        return
    assert target.host.isascii()
    assert not re.search(r"[\s@\\#%]", target.host)
