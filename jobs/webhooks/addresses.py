"""Which addresses a webhook may reach: the public ones, however an address is written or wrapped. Pure."""

import ipaddress
import re
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# beside what the standard library calls not global, whose tables differ between versions of Python
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's own service for its machines, at a public address
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "2001::/23",  # Teredo among them, which wraps an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4, which wraps one too
        "3fff::/20",
    )
)
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")


def is_public(address: Address) -> bool:
    """Whether the address is one of the internet at large; a wrapped IPv4 address counts by itself."""
    address = unwrapped(address)
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:  # how a network without IPv4 reaches it
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _GLOBAL_UNICAST:
            return False
    known = any(address in network for network in _NOT_PUBLIC if network.version == address.version)
    return address.is_global and not (known or address.is_multicast)


def unwrapped(address: Address) -> Address:
    """The IPv4 address where this is one in IPv6's clothes (`::ffff:127.0.0.1`), which the kernel takes for it."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def literal(host: str) -> Address | None:
    """The address that a host spells, None where it is a name.

    Raises ValueError where it is a number that only some programs take for an address (`127.1`, `0x7f000001`).
    """
    if host.startswith("["):
        if not host.endswith("]") or "%" in host:
            raise ValueError("it is not an IPv6 address in brackets, without a zone")
        return ipaddress.IPv6Address(host[1:-1])
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    return ipaddress.IPv4Address(host)  # four decimal numbers, and nothing else
