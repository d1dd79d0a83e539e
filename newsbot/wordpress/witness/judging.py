"""Decides what the page at a URL proves, where the API does not show the article of that URL. Pure."""

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
    """The URL shows nothing any more: the list is out of date."""

    KNOWN = "known"
    """It shows a row that newsbot holds, or a row under another address."""

    OTHER = "other"
    """It shows something else than an article of the type."""

    ARTICLE = "article"
    """It shows an article that newsbot does not hold."""


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
        # A list of all kinds of pages names it, and the page itself does not say that it is an article.
        return PageProof.OTHER
    return PageProof.ARTICLE
