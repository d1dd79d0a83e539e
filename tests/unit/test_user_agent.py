"""The User-Agent header of newsbot."""

from __future__ import annotations

from newsbot import __version__
from newsbot.net.user_agent import user_agent


def test_user_agent_has_product_version_and_contact() -> None:
    assert user_agent("https://example.org/bot") == f"newsbot/{__version__} (+https://example.org/bot)"


def test_user_agent_without_a_contact_has_product_and_version() -> None:
    assert user_agent(" ") == f"newsbot/{__version__}"


def test_contact_cannot_add_a_header() -> None:
    assert user_agent("a)\r\nX-Evil: 1 \u00fc") == f"newsbot/{__version__} (+aX-Evil: 1 )"
