"""The User-Agent header of newsbot."""

from __future__ import annotations

from newsbot import __version__
from newsbot.net.user_agent import user_agent


def test_it_names_the_product_the_version_and_whom_to_reach() -> None:
    assert user_agent("https://example.org/bot") == f"newsbot/{__version__} (+https://example.org/bot)"


def test_without_a_contact_it_makes_none_up() -> None:
    assert user_agent(" ") == f"newsbot/{__version__}"


def test_a_contact_cannot_smuggle_a_header_in() -> None:
    assert user_agent("a)\r\nX-Evil: 1 \u00fc") == f"newsbot/{__version__} (+aX-Evil: 1 )"
