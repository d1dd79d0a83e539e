"""The key of a row's URL: what a sitemap lists is compared with it."""

from __future__ import annotations

from newsbot.wordpress.pages.urls import place_key

NO_URL = 0
"""The key of a row without a URL. No URL has this key."""


def link_key(url: str | None) -> int:
    """The key of a URL: see ``place_key``."""
    return place_key(url) if url else NO_URL
