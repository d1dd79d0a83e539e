"""The source of a syndicated story, with the evidence and its confidence.

The evidence, strongest first: a canonical URL on another site, an importer's mark, a "source:" line with a link, an
agency's dateline, pictures from another newsroom's uploads.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from newsbot.article import images
from newsbot.article.embeds import recognise
from newsbot.article.facts.byline import closing_agency, find_dateline
from newsbot.article.links import absolute, host, original_image
from newsbot.article.text import plain_text
from newsbot.items import Image, Source
from newsbot.numbers import is_digits

_LABEL = (
    r"(?:read (?:the )?(?:full |original )?(?:story|article|post|more)?\s*(?:at|on|from)"
    r"|original(?:ly)? (?:article|post|story|published|appeared)(?:\s+\w+){0,3}?\s+(?:at|on|in|by)"
    r"|(?:this (?:article|story|post) )?(?:was )?(?:first|originally) (?:published|appeared"
    r"|posted)(?:\s+\w+){0,2}?\s+(?:at|on|in|by)|the post .{3,200}? (?:appeared first|first appeared) on"
    r"|source(?: link)?|via|courtesy of|credit|fuente|fonte|quelle|bron|kilde|källa|lähde|źródło|zdroj|izvor"
    r"|sursa|forrás|kaynak|sumber|nguồn|source de l['’]article"
    r"|источник|джерело|по материалам|πηγή|المصدر|منبع|מקור|स्रोत|出典|出展|引用元|参照元|ソース|来源|來源"
    r"|转自|출처|ที่มา)"
)
_SOURCE_LINE = re.compile(rf"^\W*{_LABEL}\b\s*[:：\-–—]?\s*(?P<name>.{{0,160}})$", re.I)
_COLON_ONLY = re.compile(r"^\W*(?:source|via|credit|fuente|fonte|quelle|bron)\s*[^\s:：\-–—]", re.I)
_UPLOADS = re.compile(
    r"/(?:wp-content/uploads|files|uploads|media|images?|img|photos?|static|assets)/|\.(?:jpe?g|png|webp|gif)(?:\?|$)",
    re.I,
)
# Hosts with pictures of many sites prove nothing about the source of a story.
_SHARED = re.compile(
    r"(?:^|\.)(?:wp\.com|wordpress\.com|gravatar\.com|googleusercontent\.com|ggpht\.com|blogspot\.com"
    r"|bp\.blogspot\.com|imgur\.com|flickr\.com|staticflickr\.com"
    r"|unsplash\.com|pexels\.com|pixabay\.com|wikimedia\.org|wikipedia\.org|cloudinary\.com|cloudfront\.net"
    r"|amazonaws\.com|akamaihd\.net|twimg\.com|fbcdn\.net"
    r"|cdninstagram\.com|pinimg\.com|ytimg\.com|giphy\.com|giphycdn\.com|media-amazon\.com|ssl-images-amazon\.com"
    r"|shutterstock\.com|gettyimages\.com|photobucket\.com"
    r"|imgbb\.com|ibb\.co|postimg\.cc|medium\.com|substackcdn\.com|squarespace-cdn\.com|wixstatic\.com"
    r"|shopify\.com|b-cdn\.net|digitaloceanspaces\.com"
    r"|windows\.net|imagekit\.io|imgix\.net|sirv\.com|fastly\.net|githubusercontent\.com|googleapis\.com"
    r"|rackcdn\.com|jsdelivr\.net|tinypic\.com|w\.org)$"
)
# In domains such as com.br or co.uk the publisher's label is one further to the left.
_SECOND_LEVEL = frozenset(
    {"ac", "co", "com", "edu", "gob", "go", "gov", "gen", "info", "ltd", "mil", "ne", "net", "nom", "or", "org", "sch"}
)
# The number of lines that are searched for a source, empty lines included.
_FIRST, _LAST = 6, 16
_LONGEST = 400
# Fields that feed importers add to their posts.
_IMPORTED = (
    "syndication_permalink", "syndication_source_original", "wpe_sourcepermalink", "wpe_feed",
    "wprss_item_permalink", "wprss_ftp_permalink",
    "original_post_url", "original_link", "original_url", "source_url", "sourceurl", "_wp_automatic_original_link",
    "rss_pi_source_url",
    "_feed_item_url", "feedzy_item_url", "rop_source", "cyberseo_post_link", "post_link", "wpr_source",
    "external_url", "_links_to",
    "dt_original_post_url", "republish_url", "yoast_wpseo_canonical", "_yoast_wpseo_canonical",
    "rank_math_canonical_url", "_aioseop_custom_link",
)  # fmt: skip


def find_source(
    *,
    site: str,
    html: str,
    text: str,
    images: Iterable[Image] = (),
    excerpt_html: str | None = None,
    canonical: str | None = None,
    meta: Mapping[str, Any] | None = None,
    guid: str | None = None,
    credit: tuple[str, Iterable[str]] | None = None,
) -> Source | None:
    """The source of a story published on ``site`` (any of its URLs), or None where no evidence names another source.

    ``html`` and ``text`` are the same clean article, ``images`` its pictures. ``excerpt_html`` is the raw excerpt,
    ``canonical`` the URL that the page or an SEO plugin declares, ``meta`` the API object's ``meta``. A site that moved
    keeps its old host in ``guid``: pictures from the old host are its own. ``credit`` is ``Cleaned.credit``.
    """
    home = host(site)
    for url, evidence, confidence in _declared(canonical, meta or {}):
        if _elsewhere(url, home):
            return _source(url=url, evidence=evidence, confidence=confidence)
    pictures = [image.url for image in images if not guid or host(image.url) != host(guid)]
    return strongest(
        _from_credit(*credit, home) if credit is not None else None,
        _from_source_line(html, site, home) if _has_source_line(text) else None,
        _from_agency(text) if text else None,
        _from_hot_links(pictures, excerpt_html or "", site, home),
    )


def strongest(*found: Source | None) -> Source | None:
    """The source with the highest confidence. The first of several with the same confidence; None where there is no
    source.
    """
    return max(filter(None, found), key=lambda source: source.confidence or 0.0, default=None)


def _declared(canonical: str | None, meta: Mapping[str, Any]) -> list[tuple[str, str, float]]:
    found = [(canonical, "canonical link", 0.95)] if canonical else []
    for name in _IMPORTED if meta else ():
        value = meta.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str) and value.startswith("http"):
            found.append((value, f"importer's field {name}", 0.9))
    return found


def _has_source_line(text: str) -> bool:
    """Whether the first or last lines contain a line that names a source. Few articles have such a line, and a search
    in the HTML requires a parse."""
    lines = text.split("\n")
    return any(
        _SOURCE_LINE.match(line) for line in (*lines[:_FIRST], *lines[_FIRST:][-_LAST:]) if 0 < len(line) <= _LONGEST
    )


def _from_source_line(html: str, site: str, home: str) -> Source | None:
    """A line such as "Source: <a>The Gazette</a>" near the end, or the importers' "The post ... appeared first on"."""
    body = LexborHTMLParser(html).body
    blocks = [] if body is None else body.css("p, li, h6, h5, h4, blockquote")
    for block in (*reversed(blocks[-6:]), *blocks[:2]):
        words = " ".join(block.text().split())
        found = _SOURCE_LINE.match(words) if len(words) <= _LONGEST else None
        if found is None or _COLON_ONLY.match(words):
            continue
        links = (absolute(link.attributes.get("href"), site) for link in block.css("a[href]"))
        source = _of_line(words, found["name"].strip(" .:|-–—")[:80], list(filter(None, links)), home)
        if source is not None:
            return source
    return None


def _of_line(words: str, name: str, urls: list[str], home: str) -> Source | None:
    """The source that a line names: the target of its last link to another publisher, or a short name."""
    evidence = f"line: {words[:120]}"
    outside = [url for url in urls if _elsewhere(url, home)]
    if outside:
        return _source(url=outside[-1], publisher=name or None, evidence=evidence, confidence=0.85)
    own = any(_publisher_label(host(url)) == _publisher_label(home) for url in urls)
    if name and not own and len(name) <= 60 and len(name.split()) <= 6:
        # The line names the source. If it has a link, the link leads to a page of a social network.
        return _source(url=urls[0] if urls else None, publisher=name, evidence=evidence, confidence=0.6)
    return None


def _from_credit(words: str, hrefs: Iterable[str], home: str) -> Source | None:
    outside = [url for url in hrefs if _elsewhere(url, home)]
    if not outside:
        return None
    found = _SOURCE_LINE.match(words)
    name = found["name"].strip(" .:|-–—")[:80] if found else None
    return _source(url=outside[-1], publisher=name, evidence=f"line: {words[:120]}", confidence=0.85)


def _from_agency(text: str) -> Source | None:
    dateline = find_dateline(text)
    if dateline is not None and dateline.agency:
        return _source(publisher=dateline.agency, evidence="agency in the dateline", confidence=0.8)
    agency = closing_agency(text)
    return _source(publisher=agency, evidence="agency in the last words", confidence=0.65) if agency else None


def _from_hot_links(urls: list[str], excerpt_html: str, site: str, home: str) -> Source | None:
    """Pictures that the article still loads from the server of another newsroom."""
    in_excerpt = [url for url in _pictures(excerpt_html, site) if _is_newsroom(url, home)]
    if in_excerpt:
        name = host(in_excerpt[0])
        return _source(
            url=_root(in_excerpt[0]),
            publisher=name,
            evidence=f"excerpt's image is hot-linked from {name}",
            confidence=0.7,
        )
    foreign = Counter(host(url) for url in urls if _is_newsroom(url, home))
    if not foreign:
        return None
    name, count = foreign.most_common(1)[0]
    if count * 2 < len(urls):
        return None
    example = next(url for url in urls if host(url) == name)
    return _source(
        url=_root(example), publisher=name, evidence=f"{count} images hot-linked from {name}", confidence=0.5
    )


def _pictures(html: str, site: str) -> list[str]:
    if "<img" not in html:
        return []
    found = (images.real_source(element.attributes, site) for element in LexborHTMLParser(html).css("img"))
    return [original_image(url) or url for url in found if url]


def _is_newsroom(url: str, home: str) -> bool:
    return _elsewhere(url, home) and _UPLOADS.search(url) is not None and not _SHARED.search(host(url))


def _elsewhere(url: str, home: str) -> bool:
    """Whether a URL belongs to another publisher: its host has another name, and is not a social network."""
    name = host(url)
    if "." not in name or name == home:
        return False
    return _publisher_label(home) != _publisher_label(name) and recognise(url) is None


def _publisher_label(name: str) -> str:
    """The part of a host that names the publisher: ``gazette`` for gazette.co.uk and for news.gazette.com."""
    labels = name.split(".")
    if len(labels) < 2 or is_digits(labels[-1]):
        return name
    return labels[-3] if labels[-2] in _SECOND_LEVEL and len(labels) > 2 else labels[-2]


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _name(words: str | None) -> str | None:
    """A publisher's name, or None if the words are a URL."""
    name = plain_text(words or "")
    return None if name is None or "://" in name or name.startswith("www.") else name


def _source(*, evidence: str, confidence: float, url: str | None = None, publisher: str | None = None) -> Source:
    return Source(
        url=url,
        publisher=_name(publisher) or (host(url) if url else None),
        evidence=evidence,
        confidence=confidence,
    )
