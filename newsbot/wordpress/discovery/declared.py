"""What a page declares: the API of its site, its language, and, in a feed, the home page.

No expression here reads a text once for each of its brackets, so a hostile page costs no more than any other page of
the same length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit, urlunsplit

from newsbot.urls import ascii_host
from newsbot.wordpress.messages import Reply

REL = "//api.w.org"
"""The relation by which WordPress links to its API, in the ``Link`` header and in ``<link>``, without its scheme and
the slash at its end, because plugins that rewrite URLs change both."""

_HEAD = 200_000
"""The first bytes of a page, which are searched for declarations."""

_CHANNEL = 2_000
"""The bytes after the beginning of a feed's channel that are searched for its home page."""

_LINK_TAG = re.compile(rb"<link\b[^<>]*>", re.I)
_HREF = re.compile(r"""(?<![\w-])href\s*=\s*["']?\s*([^"'\s>]+)""", re.I)
_LANGUAGE = re.compile(
    rb"(?:<html\b[^<>]{0,500}?\blang\s{0,20}=\s{0,20}[\"']?|<language>\s{0,200})([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)",
    re.I,
)


def declared_roots(reply: Reply) -> Iterator[str]:
    """The API roots that a page declares, in its ``Link`` header, then in its ``<link>`` elements."""
    for href in (*_in_header(reply.headers.get("link", "")), *_in_elements(reply.body[:_HEAD])):
        root = _root(href, reply.url)
        if root is not None:
            yield root


def _in_header(header: str) -> Iterator[str]:
    """The targets of a ``Link`` header (RFC 8288) with the relation of the API, even if the whole header is in
    quotes."""
    for link in header.split("<")[1:]:
        href, _, parameters = link.partition(">")
        if REL in parameters:
            yield href.strip()


def _in_elements(head: bytes) -> Iterator[str]:
    for tag in _LINK_TAG.findall(head):
        text = unescape(tag.decode("utf-8", "replace"))
        if REL in text and (href := _HREF.search(text)):
            yield href[1]


def _root(href: str, page_url: str) -> str | None:
    """A declared root, with the scheme of the page: a site behind a proxy may declare http. None if it is not a web
    address."""
    try:
        root = urljoin(page_url, href)
        parts, page = urlsplit(root), urlsplit(page_url)
        # The search asks for no root twice, in whichever form a page writes an international name.
        parts = parts._replace(netloc=ascii_host(parts.netloc))
        has_port = parts.port is not None
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    if parts.hostname == page.hostname and parts.scheme == "http" and page.scheme == "https" and not has_port:
        parts = parts._replace(scheme="https")
    return urlunsplit(parts)


def declared_language(reply: Reply) -> str | None:
    """The language that a page (``<html lang>``) or a feed (``<language>``) declares. The index of an API has no
    language."""
    found = _LANGUAGE.search(reply.body[:_HEAD])
    return found[1].decode("ascii") if found else None


def home_in_feed(reply: Reply) -> str | None:
    """The URL of the home page that the channel of a feed contains."""
    _, _, channel = reply.body[:_HEAD].partition(b"<channel>")
    _, _, rest = channel[:_CHANNEL].partition(b"<link>")
    home = rest.partition(b"<")[0].split()
    return unescape(home[0].decode("utf-8", "replace")) if home else None
