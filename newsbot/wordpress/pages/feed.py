"""Read one page of an RSS feed that WordPress wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import etree

from newsbot.article.teaser import ends_as_teaser
from newsbot.article.text import plain_text
from newsbot.errors import NotXml
from newsbot.items import Author, Post
from newsbot.rights.answers import rights_in_headers
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.password import hide_protected
from newsbot.wordpress.pages.times import rfc822_to_utc
from newsbot.wordpress.pages.urls import absolute, canonical, id_in, post_id, site_host, slug_of, untracked
from newsbot.wordpress.pages.xml import local_name, parse

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_POST_ID = "{com-wordpress:feed-additions:1}post-id"
_ORIGINAL = "{http://rssnamespace.org/feedburner/ext/1.0}origLink"
_LAST_PARAGRAPH = re.compile(r"<p\b(?:(?!<p\b).)*</p>\s*\Z", re.DOTALL | re.I)
_HREF = re.compile(r"<a\b[^<>]*?href=[\"']([^\"']+)", re.I)
_FOOTER = 1_500
MOST_ITEMS = 10_000
"""The most items of one feed page that are read. WordPress writes ten, and their texts are in memory at once."""
_ESCAPED_AGAIN = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+);", re.I)


@dataclass(slots=True, kw_only=True)
class FeedEntry:
    """One item of a feed.

    ``id`` is the post's id as the feed gives it. ``sure``: only this site can have written the id. ``witness`` is the
    host of the URL that holds the id. ``whole``: the item holds the article, not only an excerpt.
    """

    url: str
    post: Post
    id: int | None = None
    sure: bool = False
    whole: bool = False
    witness: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """``home`` is the site's address as the feed gives it. ``repaired``: the XML was not well-formed. ``cut``: the end
    of the XML is missing, and ``entries`` lacks the last item, or the page has more items than are read."""

    entries: list[FeedEntry]
    home: str | None = None
    name: str | None = None
    repaired: bool = False
    cut: bool = False


def read_feed(reply: Reply, *, site: str) -> FeedPage:
    """Read the feed in a reply. Raises NotXml where the reply is something else, such as an HTML page."""
    parsed = parse(reply.body, reply.headers.get("content-type", ""))
    channel = parsed.root.find("channel")
    if parsed.root.tag != "rss" or channel is None:
        raise NotXml(f"expected an RSS feed, got {local_name(parsed.root)}")
    items = _items(channel)
    language = _text(channel, "language")
    return FeedPage(
        entries=list(_entries((items[:-1] if parsed.cut else items)[:MOST_ITEMS], reply, site, language)),
        home=absolute(_text(channel, "link") or "", reply.url),
        name=plain_text(_text(channel, "title") or ""),
        repaired=parsed.repaired,
        cut=parsed.cut or len(items) > MOST_ITEMS,
    )


def _items(channel: etree._Element) -> list[etree._Element]:
    """The items of a feed of posts. Raises NotXml for a feed of comments."""
    items = channel.findall("item")
    if any("#comment-" in (_text(item, "link") or "") for item in items):
        raise NotXml("expected a feed of posts, got a feed of comments")
    return items


def _entries(items: list[etree._Element], reply: Reply, site: str, language: str | None) -> Iterator[FeedEntry]:
    for item in items:
        link = absolute(_text(item, _ORIGINAL) or _text(item, "link") or "", reply.url)
        if link is not None:
            yield _entry(item, untracked(link), reply, site, language)


def _entry(item: etree._Element, url: str, reply: Reply, site: str, language: str | None) -> FeedEntry:
    guid = unescape(_text(item, "guid") or "").strip() or None
    body, excerpt = _without_footer(_text(item, _CONTENT), url), _text(item, "description")
    post = Post(
        site=site,
        type="post",
        id=0,
        url=url,
        guid=guid,
        slug=slug_of(url),
        status="publish",
        title=_title(item),
        excerpt=plain_text(excerpt or ""),
        content_html=body,
        published=rfc822_to_utc(_text(item, "pubDate")),
        author=_author(item),
        categories=_categories(item),
        language=language,
        via="feed",
        fetched_at=reply.fetched_at,
        request_url=reply.url,
        warc=reply.warc,
        rights=rights_in_headers(reply.headers),
    )
    hide_protected(post, body or excerpt or "")
    row_id, sure, witness = _identity(_text(item, _POST_ID), url, guid)
    whole = bool(post.protected) or _is_whole(body, excerpt)
    return FeedEntry(url=url, post=post, id=row_id, sure=sure, witness=witness, whole=whole)


def _author(item: etree._Element) -> Author | None:
    name = plain_text(_text(item, _CREATOR) or "")
    return Author(name=name) if name else None


def _categories(item: etree._Element) -> list[str]:
    """The names of categories and tags together: RSS does not distinguish them."""
    names = (plain_text(element.text or "") for element in item.findall("category"))
    return list(dict.fromkeys(filter(None, names)))


def _identity(feed_id: str | None, url: str, guid: str | None) -> tuple[int | None, bool, str]:
    """The id, whether it is certain, and the host of the URL that contains it.

    The most reliable place comes first: WordPress.com's ``post-id``, then the link, then the guid.
    """
    row_id = post_id(feed_id or "") or id_in(url, "post")
    if row_id is not None:
        return row_id, True, site_host(url)
    row_id = id_in(guid or "", "post")
    return row_id, False, "" if row_id is None else site_host(guid or "")


def _without_footer(body: str | None, url: str) -> str | None:
    """The body without "The post ... appeared first on ...", which SEO plugins add to every item of a feed.

    It is a short last paragraph with two links, to the post and to the home of a site.
    """
    if not body:
        return body
    last = _LAST_PARAGRAPH.search(body, max(0, len(body) - _FOOTER))
    return body[: last.start()].rstrip() if last is not None and _is_footer(last[0], url) else body


def _is_footer(paragraph: str, url: str) -> bool:
    links = [absolute(href, url) or "" for href in _HREF.findall(paragraph)]
    return len(links) == 2 and canonical(links[0]) == canonical(url) and canonical(links[1]) == site_host(links[1])


def _is_whole(body: str | None, excerpt: str | None) -> bool:
    """Whether an item holds its article. An item with an empty text is whole if its excerpt is empty too."""
    text, short = plain_text(body or ""), plain_text(excerpt or "")
    if text is None:
        return body is not None and ("<" in body or short is None)
    if short is None or len(text) > len(short) + 80:
        return True
    # With "Excerpt" in the site's reading settings the feed holds the excerpt, or nothing, instead of the article.
    return not ends_as_teaser(text)


def _title(item: etree._Element) -> str | None:
    """The title as plain text. WordPress removes its tags and escapes it for XML; a title in CDATA is HTML."""
    title = item.find("title")
    if title is None:
        return None
    text = _all_text(title)
    if "<![CDATA[" in etree.tostring(title, encoding="unicode") or _ESCAPED_AGAIN.search(text):
        return plain_text(text)
    return " ".join(text.split()) or None


def _text(element: etree._Element, tag: str) -> str | None:
    """The text of a child; None where the child is missing or blank. A blank article is "", since it is not missing."""
    found = element.find(tag)
    if found is None:
        return None
    text = _all_text(found)
    blank = "" if tag == _CONTENT else None
    return text if text.strip() else blank


def _all_text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext()))


def page_url(url: str, number: int) -> str:
    """The URL of a page of the feed; the first page is number 1."""
    if number == 1:
        return url
    parts = urlsplit(url)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "paged"]
    return urlunsplit(parts._replace(query=urlencode([*pairs, ("paged", str(number))])))


def urls_of(page: FeedPage) -> list[str]:
    """The canonical URLs of a page's items: two pages with equal lists hold the same items."""
    return [canonical(entry.url) for entry in page.entries]
