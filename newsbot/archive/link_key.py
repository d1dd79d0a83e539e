"""The key of a row's URL: what a sitemap lists is compared with it."""

from __future__ import annotations

from newsbot.wordpress.pages.urls import id_of_url

NO_URL = 0
"""The key of a row without a URL. No URL has this key."""


def link_key(url: str | None) -> int:
    """The key of a URL: two URLs of one article have the same key."""
    return id_of_url(url) if url else NO_URL
