"""How long the addresses of a name are cached, and which of them are returned, without DNS and without threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.task import Clock

from newsbot.safety import resolver
from newsbot.safety.addresses import AddressPolicy
from newsbot.safety.resolver import CACHE_SECONDS, PublicResolver


class Reactor(Clock):
    """Runs a function for a thread immediately, unless ``hangs``."""

    hangs = False

    def getThreadPool(self) -> Reactor:  # noqa: N802
        return self

    def callInThreadWithCallback(  # noqa: N802
        self, callback: Callable[[bool, Any], None], work: Callable[..., Any], *args: Any
    ) -> None:
        if not self.hangs:
            callback(True, work(*args))

    def callFromThread(self, call: Callable[..., None], *args: Any) -> None:  # noqa: N802
        call(*args)


class Names:
    """A resolver whose lookups return ``answers``. ``asked`` are the names that were looked up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, allowed: str = "", cache_size: int = 100) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.answers: dict[str, tuple[str, ...]] = {"news.example": ("8.8.8.8",)}
        self.reactor = Reactor()
        monkeypatch.setattr(resolver, "monotonic", lambda: self.now)
        self.resolver = PublicResolver(
            self.reactor,
            policy=AddressPolicy.parse(allowed),
            timeout=20,
            cache_size=cache_size,
            lookup=self._lookup,
        )

    def _lookup(self, host: str) -> tuple[str, ...]:
        self.asked.append(host)
        return self.answers.get(host, ())

    def addresses(self, host: str = "news.example", port: int = 443) -> tuple[str, ...]:
        found: list[tuple[str, ...]] = []
        self.resolver._resolve(host).addCallback(found.append)
        (addresses,) = found
        return self.resolver._allowed(host, port, addresses)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


def test_addresses_are_looked_up_again_after_they_expire(names: Names) -> None:
    assert names.addresses() == ("8.8.8.8",)
    names.answers["news.example"] = ("9.9.9.9",)
    names.now = CACHE_SECONDS - 1
    assert names.addresses("News.Example") == ("8.8.8.8",)
    names.now = CACHE_SECONDS
    assert names.addresses() == ("9.9.9.9",)
    assert len(names.asked) == 2


def test_name_without_an_address_is_looked_up_each_time(names: Names) -> None:
    assert names.addresses("none.example") == ()
    names.answers["none.example"] = ("8.8.8.8",)
    assert names.addresses("none.example") == ("8.8.8.8",)


def test_private_addresses_of_a_name_are_removed_and_reported(names: Names) -> None:
    names.answers |= {"news.example": ("10.0.0.1", "8.8.8.8"), "inner.example": ("10.0.0.1", "::1")}
    assert names.addresses() == ("8.8.8.8",)
    assert names.resolver.refusal("news.example", 443) is None
    assert names.addresses("inner.example") == ()
    assert names.resolver.refusal("inner.example", 443) == "inner.example is 10.0.0.1, private"
    assert names.resolver.refusal("unknown.example", 443) is None


def test_cached_addresses_are_checked_for_each_port(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, allowed="inner.example:8001")
    names.answers["inner.example"] = ("10.0.0.1",)
    assert names.addresses("inner.example", 8001) == ("10.0.0.1",)
    assert names.addresses("inner.example", 443) == ()


def test_number_of_cached_names_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, cache_size=2)
    names.answers |= {f"{letter}.example": ("8.8.8.8",) for letter in "abc"}
    for letter in "abcca":
        names.addresses(f"{letter}.example")
    assert names.asked == ["a.example", "b.example", "c.example", "a.example"]


def test_lookup_that_does_not_end_gives_no_address(names: Names, caplog: pytest.LogCaptureFixture) -> None:
    names.reactor.hangs = True
    found: list[tuple[str, ...]] = []
    names.resolver._resolve("news.example").addCallback(found.append)
    names.reactor.advance(19)
    assert found == []
    names.reactor.advance(1)
    assert found == [()]
    assert "news.example: no answer from DNS within 20 s" in caplog.text
