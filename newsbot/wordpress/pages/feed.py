"""One page of an RSS feed, as WordPress writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import etree

from newsbot.article.teaser import ends_as_stub
from newsbot.article.text import plain_text
from newsbot.errors import NotXml
from newsbot.items import Author, Post
from newsbot.timestamps import iso_utc
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.password import asks_password, bare_title
from newsbot.wordpress.pages.urls import absolute, canonical, id_in, post_id, site_host, slug_of, untracked
from newsbot.wordpress.pages.xml import parse

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_POST_ID = "{com-wordpress:feed-additions:1}post-id"
_ORIGINAL = "{http://rssnamespace.org/feedburner/ext/1.0}origLink"
_LAST_PARAGRAPH = re.compile(r"<p\b(?:(?!<p\b).)*</p>\s*\Z", re.DOTALL | re.I)
_HREF = re.compile(r"<a\b[^>]*?href=[\"']([^\"']+)", re.I)
_FOOTER = 1_500
_YEAR = re.compile(r"(?<![-+\d])[12]\d{3}(?!\d)")
_ESCAPED_AGAIN = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+);", re.I)


@dataclass(slots=True, kw_only=True)
class FeedEntry:
    """One item of a feed. ``id`` is the feed's own word for it, ``sure`` where nothing but this site can have written
    it, ``witness`` the host that the guid names. ``whole``: the article is there, and not its excerpt alone."""

    url: str
    post: Post
    id: int | None = None
    sure: bool = False
    whole: bool = False
    witness: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """``home`` is the site's address as its feed gives it. ``mended``: the XML was broken; ``cut``: its end is missing,
    and the last item is left out."""

    entries: list[FeedEntry]
    home: str | None = None
    name: str | None = None
    mended: bool = False
    cut: bool = False


def read_feed(reply: Reply, *, site: str) -> FeedPage:
    """The feed in an answer. Raises NotXml where it is none (a theme's page, a wall)."""
    parsed = parse(reply.body, reply.headers.get("content-type", ""))
    channel = parsed.root.find("channel")
    if parsed.root.tag != "rss" or channel is None:
        raise NotXml(f"{etree.QName(parsed.root).localname} where an RSS feed was due")
    language = _text(channel, "language")
    items = channel.findall("item")
    if any("#comment-" in (_text(item, "link") or "") for item in items):
        raise NotXml("a feed of comments")
    entries = list(_entries(items[:-1] if parsed.cut else items, reply, site, language))
    home = _text(channel, "link")
    return FeedPage(
        entries=entries,
        home=absolute(home, reply.url) if home else None,
        name=plain_text(_text(channel, "title") or ""),
        mended=parsed.mended,
        cut=parsed.cut,
    )


def _entries(items: list[etree._Element], reply: Reply, site: str, language: str | None) -> Iterator[FeedEntry]:
    for item in items:
        link = absolute(_text(item, _ORIGINAL) or _text(item, "link") or "", reply.url)
        if link is not None:
            yield _entry(item, untracked(link), reply, site, language)


def _entry(item: etree._Element, url: str, reply: Reply, site: str, language: str | None) -> FeedEntry:
    guid = unescape(_text(item, "guid") or "").strip() or None
    body, excerpt = _without_footer(_text(item, _CONTENT), url), _text(item, "description")
    protected = asks_password(body or excerpt or "")
    title = _title(item)
    author = plain_text(_text(item, _CREATOR) or "")
    categories = [name for element in item.findall("category") if (name := plain_text(element.text or ""))]
    post = Post(
        site=site,
        type="post",
        id=0,
        url=url,
        guid=guid,
        slug=slug_of(url),
        status="publish",
        title=bare_title(title) if protected else title,
        excerpt=None if protected else plain_text(excerpt or ""),
        content_html=None if protected else body,
        published=_moment(_text(item, "pubDate")),
        author=Author(name=author) if author else None,
        # RSS tells categories and tags alike; which is which is not known.
        categories=list(dict.fromkeys(categories)),
        language=language,
        protected=protected,
        via="feed",
        fetched_at=reply.fetched_at,
        request_url=reply.url,
    )
    entry = FeedEntry(url=url, post=post, whole=protected or _is_whole(body, excerpt))
    _name(entry, _text(item, _POST_ID), guid)
    return entry


def _name(entry: FeedEntry, told: str | None, guid: str | None) -> None:
    """The id, from the surest witness: WordPress.com's ``post-id``, the link, a guid of this site, another guid."""
    for found in (post_id(told or ""), id_in(entry.url, "post")):
        if found is not None:
            entry.id, entry.sure, entry.witness = found, True, site_host(entry.url)
            return
    found = id_in(guid, "post") if guid else None
    if found is not None and guid is not None:
        entry.id, entry.witness = found, site_host(guid)


def _without_footer(body: str | None, url: str) -> str | None:
    """The body without "The post ... appeared first on ...", which SEO plugins put behind every item of a feed: a last
    short paragraph of two links, to the post and to a site's home."""
    found = _LAST_PARAGRAPH.search(body, max(0, len(body) - _FOOTER)) if body else None
    if body is None or found is None:
        return body
    links = [absolute(href, url) or "" for href in _HREF.findall(found[0])]
    if len(links) != 2 or canonical(links[0]) != canonical(url) or canonical(links[1]) != site_host(links[1]):
        return body
    return body[: found.start()].rstrip()


def _is_whole(body: str | None, excerpt: str | None) -> bool:
    """Whether an item holds its article. A post that is empty has an empty excerpt too."""
    text = plain_text(body or "")
    if text is None:
        return body is not None and ("<" in body or not plain_text(excerpt or ""))
    short = plain_text(excerpt or "")
    # "Excerpt" in the site's reading settings puts the excerpt, or nothing, in the article's place.
    return not (ends_as_stub(text) and short is not None and len(text) <= len(short) + 80)


def _title(item: etree._Element) -> str | None:
    """WordPress strips a title's tags and escapes it once, as XML wants; in CDATA it is HTML."""
    title = item.find("title")
    if title is None:
        return None
    text = "".join(str(piece) for piece in title.itertext())
    if "<![CDATA[" in etree.tostring(title, encoding="unicode") or _ESCAPED_AGAIN.search(text):
        return plain_text(text)
    return " ".join(text.split()) or None


def _text(element: etree._Element, tag: str) -> str | None:
    found = element.find(tag)
    if found is None:
        return None
    text = "".join(str(piece) for piece in found.itertext())
    return text if text.strip() else None if tag != _CONTENT else ""


def _moment(text: str | None) -> str | None:
    """``Tue, 15 Jun 2021 10:00:00 +0000`` as UTC, or None. Of a zero date PHP may make a year before Christ."""
    if text is None or _YEAR.search(text) is None:
        return None
    try:
        moment = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return iso_utc(moment) if moment.year > 1 else None
    except (ValueError, OverflowError):
        return None


def page_url(url: str, number: int) -> str:
    """The feed's page of that number."""
    if number == 1:
        return url
    parts = urlsplit(url)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "paged"]
    return urlunsplit(parts._replace(query=urlencode([*pairs, ("paged", str(number))])))


def urls_of(page: FeedPage) -> list[str]:
    """What a page holds, in a form that tells whether another page holds the same."""
    return [canonical(entry.url) for entry in page.entries]
