"""Which addresses newsbot may connect to. Pure: ``resolver.py`` resolves names, and this module decides about the
addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from newsbot.numbers import from_digits
from newsbot.urls import ascii_host

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Python's is_global follows the IANA registries. They call these networks global, although addresses in them may
# contain any other address.
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_NEVER = (
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible, deprecated
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated (SIIT)
    ipaddress.IPv6Network("fec0::/10"),  # site-local, deprecated
    ipaddress.IPv6Network("5f00::/16"),  # segment routing
    ipaddress.IPv6Network("3fff::/20"),  # documentation
    ipaddress.IPv6Network("100:0:0:1::/64"),  # dummy prefix
    ipaddress.IPv6Network("2001::/23"),  # protocol assignments; Teredo among them
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments; Python 3.11 counts 192.0.0.8 as global
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, deprecated
)
_LOOPBACK_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")
_TOO_LARGE = 1 << 64
"""A number that is no address."""

_ATON_PART = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """The hosts that may be private. ``allowed`` holds ``host`` (any port) and ``host:port``, in lower case."""

    allow_all: bool = False
    allowed: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def parse(cls, text: str) -> AddressPolicy:
        """From NEWSBOT_ALLOW_PRIVATE: "" or "0" means none, "1" all, else a list ``host[:port]`` with commas."""
        names = [ascii_host(name.strip().lower()) for name in text.split(",") if name.strip()]
        if names in ([], ["0"]):
            return cls()
        if names == ["1"]:
            return cls(allow_all=True)
        return cls(allowed=frozenset(names))

    def allows(self, host: str, port: int | None) -> bool:
        """Whether newsbot may connect to this host whatever its address."""
        host = ascii_host(host.lower()).strip("[]").rstrip(".")
        spelled = f"[{host}]" if ":" in host else host
        return self.allow_all or not self.allowed.isdisjoint({host, spelled, f"{spelled}:{port}"})

    def refusal(self, host: str, port: int | None, addresses: Iterable[str] = ()) -> str | None:
        """The reason why newsbot must not connect to ``host``, in one line, or None. ``addresses`` are the host's
        addresses."""
        if self.allows(host, port):
            return None
        if is_loopback_name(host):
            return f"{host} is this machine itself"
        literal = address_of(host)
        for address in [str(literal)] if literal is not None else addresses:
            why = _judge(address)
            if why is not None:
                return f"{host} is {address}, {why}" if address != host else f"{host} is {why}"
        return None


def is_loopback_name(host: str) -> bool:
    """Whether the name means this machine, whatever a resolver answers. RFC 6761 section 6.3."""
    host = host.lower().rstrip(".")
    return host in _LOOPBACK_NAMES or host.endswith(".localhost")


def address_of(host: str) -> Address | None:
    """The address that ``host`` is, or None if it is a name. Reads every form that ``inet_aton`` and browsers read."""
    host = host.strip("[]").rstrip(".")
    if ":" in host:
        return _parse(host)
    parts = host.split(".")
    if not 1 <= len(parts) <= 4 or not all(_ATON_PART.match(part) for part in parts):
        return None
    numbers = [_aton(part) for part in parts]
    *heads, last = numbers
    if any(head > 255 for head in heads) or last >= 256 ** (5 - len(numbers)):
        return None
    value = sum(head << (24 - 8 * index) for index, head in enumerate(heads)) + last
    return ipaddress.IPv4Address(value)


def private(address: Address) -> str | None:
    """The reason why an address is not public, or None. An IPv4 address inside IPv6 is judged as IPv4."""
    for inner in unwrapped(address):
        why = _private(inner)
        if why is not None:
            return why if inner == address else f"{why} ({inner}) inside IPv6"
    return None


def unwrapped(address: Address) -> tuple[Address, ...]:
    """The address itself and the IPv4 addresses inside it: mapped, NAT64, 6to4, Teredo (server and client)."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)  # the system connects to this IPv4 address, and never by IPv6
    inner: list[Address] = [address]
    if any(address in network for network in _NAT64):
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner.extend(address.teredo)
    return tuple(inner)


def _private(address: Address) -> str | None:
    if any(address.version == network.version and address in network for network in _NEVER):
        return "reserved"
    kinds = ("unspecified", "loopback", "link_local", "multicast", "reserved")
    for kind in kinds:
        # The prefix of NAT64 counts as reserved, so the address inside is checked instead.
        if getattr(address, f"is_{kind}") and not any(address in network for network in _nat64(address)):
            return kind.replace("_", "-")
    if address.is_private:
        return "private"
    if not address.is_global and not any(address in network for network in _nat64(address)):
        return "not public"
    return None


def _nat64(address: Address) -> tuple[ipaddress.IPv6Network, ...]:
    # 64:ff9b:1::/48 is for use inside one network only, so it stays private.
    return _NAT64[:1] if isinstance(address, ipaddress.IPv6Address) else ()


def _judge(text: str) -> str | None:
    address = _parse(text)
    return "which is no address" if address is None else private(address)


def _parse(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _aton(part: str) -> int:
    if part[:2].lower() == "0x":
        return int(part[2:] or "0", 16)
    # inet_aton reads 0177 as octal and refuses 08 and 09. Other libraries may read 08 as decimal, so this code does the
    # same.
    octal = len(part) > 1 and part[0] == "0" and all(digit in "01234567" for digit in part)
    number = int(part, 8) if octal else from_digits(part)
    return _TOO_LARGE if number is None else number
