"""Decides what the page at a URL proves, if the API does not show the article of this URL. Pure."""

from __future__ import annotations

from collections.abc import Container
from enum import StrEnum
from typing import TYPE_CHECKING

from newsbot.wordpress.pages.urls import canonical
from newsbot.wordpress.witness.matching import is_same, keys_of

if TYPE_CHECKING:
    from newsbot.wordpress.pages.article_page import ArticlePage


class PageProof(StrEnum):
    """What a page proves about a listed URL."""

    STALE = "stale"
    """The URL has no content any more: the list is out of date."""

    KNOWN = "known"
    """The URL shows a row that newsbot has, or a row under another address."""

    OTHER = "other"
    """The URL does not show an article of the type."""

    ARTICLE = "article"
    """The URL shows an article that newsbot does not have."""


def prove(
    page: ArticlePage, url: str, *, held: Container[int], known_ids: Container[int], home: str, type_: str, typed: bool
) -> PageProof:
    """What a ``page`` that answered at ``url`` proves.

    ``held`` are keys of URLs, ``known_ids`` ids of the type. ``typed``: the witness says that the URL is of the type.
    """
    landed = page.url or url
    if not is_same(landed, url):
        if canonical(landed) == canonical(home):
            return PageProof.STALE
        if any(key in held for key in keys_of(landed)):
            return PageProof.KNOWN
    if page.id is not None and page.type in (None, type_) and page.id in known_ids:
        return PageProof.KNOWN
    if page.post is None or page.type not in (None, type_):
        return PageProof.OTHER
    if not typed and page.type is None and page.post.published is None:
        # The URL comes from a list of all kinds of pages, and the page does not declare itself as an article.
        return PageProof.OTHER
    return PageProof.ARTICLE
