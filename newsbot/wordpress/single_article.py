"""One article from one answer, of the API or of a page: read in the same way as in a crawl."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from newsbot.article.cleaning.nesting import flatten
from newsbot.errors import RecordError
from newsbot.items import Post
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.article_page import read_page
from newsbot.wordpress.pages.nodes import value_of
from newsbot.wordpress.records import read_post

_HEAD = 200_000
_OWN_URL = (("link[rel=canonical]", "href"), ('meta[property="og:url"]', "content"))


class NotAnArticle(ValueError):
    """The answer holds no article. The text says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """``judge``: ``api`` for an object of the API, else who found the body in the page."""

    post: Post
    judge: str


def read_article(reply: Reply) -> Found:
    """The article of an answer, not cleaned. Raises NotAnArticle."""
    if not reply.is_ok:
        raise NotAnArticle(f"HTTP {reply.status}")
    raw = _json_object(reply.body)
    return _from_object(raw, reply) if raw is not None else _from_page(reply)


def _from_object(raw: Mapping[str, Any], reply: Reply) -> Found:
    link, type_ = raw.get("link"), raw.get("type")
    home = urljoin(link if isinstance(link, str) and _has_host(link) else reply.url, "/")
    site = Site(key=home.rstrip("/"), api=Api(root=urljoin(home, "wp-json/")), home=home)
    named = type_ if isinstance(type_, str) else "post"
    try:
        return Found(
            read_post(raw, site=site, type_=named, fetched_at=reply.fetched_at, request_url=reply.url), judge="api"
        )
    except RecordError as error:
        raise NotAnArticle(str(error)) from error


def _from_page(reply: Reply) -> Found:
    url = _own_url(reply)
    page = read_page(reply, url=url, site=urljoin(url, "/").rstrip("/"), type_="post")
    if page.post is None:
        raise NotAnArticle("the page lists articles")
    if not page.post.content_html or page.judge is None:
        raise NotAnArticle("the page does not show an article")
    return Found(page.post, page.judge)


def _own_url(reply: Reply) -> str:
    """The URL that a saved page names as its own; the URL of the answer if the page names none."""
    tree = LexborHTMLParser(flatten(reply.body[:_HEAD].decode("utf-8", "replace")))
    for selector, name in _OWN_URL:
        node = tree.css_first(selector)
        url = value_of(node, name) if node is not None else ""
        if url.startswith(("http://", "https://")) and _has_host(url):
            return url
    return reply.url


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _json_object(body: bytes) -> Mapping[str, Any] | None:
    """The object of the API in an answer, or the first of a list; None where the answer is not JSON."""
    if body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list):
        found = found[0] if found else {}
    return found if isinstance(found, dict) else {}
