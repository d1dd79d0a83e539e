"""Which addresses newsbot may connect to."""

from __future__ import annotations

import ipaddress
import socket
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.exceptions import CannotResolveHostError
from scrapy.utils.test import get_crawler

from newsbot.middlewares import private_addresses
from newsbot.middlewares.private_addresses import PrivateAddressesMiddleware
from newsbot.net.refusals import PrivateAddress
from newsbot.safety.addresses import AddressPolicy, address_of, private, unwrapped

PUBLIC_ONLY = AddressPolicy()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "0177.1",
        "2130706433",
        "017700000001",
        "0",
        "0.0.0.0",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.b.localhost",
        "ip6-localhost",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "192.88.99.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "100::1",
        "3fff::1",
        "5f00::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "[::1]",
        "::ffff:0:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_address_that_is_not_public_is_refused_in_every_spelling(host: str) -> None:
    assert PUBLIC_ONLY.refusal(host, 80) is not None


@pytest.mark.parametrize(
    "host",
    [
        "8.8.8.8",
        "1.1.1.1",
        "134744072",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "example.com",
        "1e100.net",
    ],
)
def test_public_address_is_allowed(host: str) -> None:
    assert PUBLIC_ONLY.refusal(host, 80) is None


@pytest.mark.parametrize("address", ["10.0.0.1", "::1", "64:ff9b::a9fe:a9fe", "fe80::1%2", "no address"])
def test_resolved_addresses_are_checked_like_literal_addresses(address: str) -> None:
    assert PUBLIC_ONLY.refusal("example.com", 443, ("8.8.8.8", address)) is not None
    assert PUBLIC_ONLY.refusal("example.com", 443, ("8.8.8.8",)) is None


def test_the_reason_names_the_host_the_address_and_what_is_wrong() -> None:
    why = PUBLIC_ONLY.refusal("meta.example", 80, ("64:ff9b::a9fe:a9fe",))
    assert why == "meta.example is 64:ff9b::a9fe:a9fe, link-local (169.254.169.254) inside IPv6"


@given(st.ip_addresses(v=4))
def test_ipv4_address_inside_ipv6_is_checked_as_ipv4(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    wraps = [
        ipaddress.IPv6Address(0xFFFF << 32 | number),
        ipaddress.IPv6Address(0x64FF9B << 96 | number),
        ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1),
    ]
    if private(inner) is not None:
        assert all(private(wrap) is not None for wrap in wraps)
    assert all(inner in unwrapped(wrap) for wrap in wraps)


@given(st.from_regex(r"(0x[0-9a-f]{0,9}|[0-9]{1,11})(\.(0x[0-9a-f]{0,4}|[0-9]{1,4})){0,3}", fullmatch=True))
def test_every_spelling_is_read_as_the_system_reads_it(host: str) -> None:
    try:
        system = ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return
    assert address_of(host) == system


def test_value_1_allows_all_addresses() -> None:
    assert AddressPolicy.parse("1").refusal("127.0.0.1", 1) is None
    assert AddressPolicy.parse("0").refusal("127.0.0.1", 1) is not None
    assert AddressPolicy.parse("").refusal("127.0.0.1", 1) is not None


def test_only_a_named_host_and_port_is_allowed() -> None:
    policy = AddressPolicy.parse("127.0.0.1:8001, intranet.example,[::1]:9")
    assert policy.refusal("127.0.0.1", 8001) is None
    assert policy.refusal("127.0.0.1", 8002) is not None
    assert policy.refusal("127.1", 8001) is not None
    assert policy.refusal("intranet.example", 5, ("10.1.1.1",)) is None
    assert policy.refusal("Intranet.Example.", 5, ("10.1.1.1",)) is None
    assert policy.refusal("other.example", 5, ("10.1.1.1",)) is not None
    assert policy.refusal("::1", 9) is None
    assert policy.refusal("::1", 10) is not None


def middleware(
    monkeypatch: pytest.MonkeyPatch, allowed: str = "", why: str | None = None
) -> PrivateAddressesMiddleware:
    """``why``: the reason for which the resolver handed out no address."""
    resolver = SimpleNamespace(policy=AddressPolicy.parse(allowed), refusal=lambda *_: why)
    monkeypatch.setattr(private_addresses, "installed_resolver", lambda _: resolver)
    return PrivateAddressesMiddleware(get_crawler())


@pytest.mark.parametrize(
    ("url", "allowed", "passes"),
    [
        ("http://127.0.0.1/", "", False),
        ("http://127.0.0.1/", "127.0.0.1", True),
        # A URL without a port uses the default port of its scheme.
        ("http://127.0.0.1/", "127.0.0.1:80", True),
        ("https://127.0.0.1/", "127.0.0.1:443", True),
        ("https://127.0.0.1/", "127.0.0.1:80", False),
        ("http://127.0.0.1:8001/", "127.0.0.1:80", False),
        ("https://news.example/", "", True),
        ("data:,", "", True),
    ],
)
def test_address_in_a_url_is_checked_with_its_port(
    monkeypatch: pytest.MonkeyPatch, url: str, allowed: str, passes: bool
) -> None:
    one = middleware(monkeypatch, allowed)
    if passes:
        one.process_request(Request(url))
        return
    with pytest.raises(PrivateAddress) as refused:
        one.process_request(Request(url))
    assert one.crawler.stats is not None
    assert one.crawler.stats.get_value("newsbot/private_addresses/refused") == 1
    assert refused.value.newsbot_error == "private-address"


def test_name_with_only_private_addresses_differs_from_a_name_without_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = Request("https://news.example/")
    middleware(monkeypatch).process_exception(request, CannotResolveHostError())
    private = middleware(monkeypatch, why="news.example is 10.0.0.1, private")
    private.process_exception(request, OSError())
    with pytest.raises(PrivateAddress, match=r"10\.0\.0\.1"):
        private.process_exception(request, CannotResolveHostError())
