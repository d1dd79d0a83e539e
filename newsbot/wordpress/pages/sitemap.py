"""Read one sitemap: an index of sitemaps, or a list of URLs. The name of a sitemap shows the type of its URLs."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from newsbot.charsets import BOMS, decode
from newsbot.errors import NotXml
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.urls import absolute, site_host
from newsbot.wordpress.pages.xml import local_name, parse, unpacked

NO_ARTICLES = ""
"""The result of ``type_of`` for a sitemap without articles."""

USUAL = ("wp-sitemap.xml", "sitemap_index.xml", "sitemap.xml", "?sitemap=index")
"""The places of the sitemaps of core, of Yoast and Rank Math, of All in One SEO and most other plugins, and of core
with plain permalinks."""

OTHERS = frozenset(
    {
        *(
            "category",
            "post_tag",
            "tag",
            "post_format",
            "taxonomy",
            "author",
            "user",
            "archive",
            "addl",
            "misc",
            "home",
        ),
        *("image", "video", "news", "local", "locations", "rss", "attachment", "media", "product_cat", "product_tag"),
        *("post-archive", "date", "general", "root", "index", "externals", "additional", "nav_menu", "e-landing-page"),
    }
)
"""Names of sitemaps that hold no articles, or only articles that another sitemap holds too (``news``: the last two
days)."""

_LONGEST_NAME = 255  # the longest name of a file in most file systems
_NAMES = (
    # (the pattern, whether the name that it captures is a type even if OTHERS has this name)
    (re.compile(r"wp-sitemap-posts-(?P<type>.+)-\d+\.xml"), True),
    (re.compile(r"wp-sitemap-(?:taxonomies|users).*\.xml"), False),
    # Google XML Sitemaps: sitemap-pt-post-2021-06.xml
    (re.compile(r"(?:.*-)?sitemap-pt-(?P<type>.+?)-(?:p\d+-)?\d{4}-\d\d\.xml"), True),
    (re.compile(r"(?:.*-)?sitemap-(?:tax|archives|authors|misc|externals)\b.*\.xml"), False),
    # Slim SEO: sitemap-post-type-post-2.xml
    (re.compile(r"sitemap-post-type-(?P<type>.+?)(?:-\d+)?\.xml"), True),
    (re.compile(r"sitemap-(?:taxonomy|author|user)\b.*\.xml"), False),
    (re.compile(r"(?P<type>[\w%-]+?)-sitemap-?\d*\.xml"), False),
    # Older versions of All in One SEO: sitemap_post_2.xml
    (re.compile(r"sitemap_(?!index)(?P<type>[a-z][\w%-]*?)(?:_\d+)?\.xml"), False),
)

_NEWS = "{http://www.google.com/schemas/sitemap-news/"
_MOST_NEWS = 1_000
"""The most URLs of a sitemap for Google News (developers.google.com, news sitemaps)."""

MOST = 50_000
"""The most URLs of a sitemap (sitemaps.org)."""

_SITEMAP = re.compile(r"[ \t]*sitemap[ \t]*:(.*)", re.I)
_ROOTS = frozenset({"sitemapindex", "urlset"})
_FEEDS = frozenset({"rss", "feed", "RDF"})
_ADDRESS = re.compile(r"https?://[^\s<>]+\Z", re.I)
_KINDS = {"sitemap": "sitemapindex", "url": "urlset"}
"""Name of an entry -> the list to which it belongs, whatever name the root element has."""


class FeedInstead(NotXml):
    """A feed came in place of a sitemap. A feed lists only the newest posts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """``others`` are the URLs of the sitemaps that an index names, ``changed`` maps them to their ``lastmod``, or None.
    ``urls`` maps the URLs of a list to their ``lastmod``, or None. ``repaired``: the XML was not well-formed. ``cut``:
    the end of the sitemap is missing, or it has more than ``MOST`` URLs. ``news``: a sitemap for Google News, which
    holds the articles of the last two days."""

    others: list[str] = field(default_factory=list)
    changed: dict[str, str | None] = field(default_factory=dict)
    urls: dict[str, str | None] = field(default_factory=dict)
    repaired: bool = False
    cut: bool = False
    news: bool = False


def read_sitemap(reply: Reply, *, host: str | None = None) -> Sitemap:
    """Read the sitemap in a reply, without URLs of other hosts, which the protocol forbids. Raises NotXml, and
    FeedInstead for a feed.

    ``host`` is the site's host (``site_host``); None: the sitemap's own host. A sitemap on a host for files lists the
    URLs of the site.
    """
    try:
        parsed = parse(reply.body, reply.headers.get("content-type", ""))
    except NotXml:
        if (lines := _lines(reply)) is None:
            raise
        return _of_lines(lines, reply, host)
    name = local_name(parsed.root)
    if name not in _ROOTS:
        raise (FeedInstead if name in _FEEDS else NotXml)(f"expected a sitemap, got {name}")
    entries = list(islice(_entries(parsed.root), MOST + 1))
    listed: dict[str, dict[str, str | None]] = {"urlset": {}, "sitemapindex": {}}
    for entry in entries[:MOST]:
        location = _location(entry, reply.url)
        kind = _KINDS.get(local_name(entry), name)
        own = site_host(reply.url) if host is None or kind == "sitemapindex" else host
        if location is not None and site_host(location) in (own, host):
            listed[kind].setdefault(location, _child(entry, "lastmod"))
    return Sitemap(
        others=list(listed["sitemapindex"]),
        changed=listed["sitemapindex"],
        urls=listed["urlset"],
        repaired=parsed.repaired,
        cut=parsed.cut or len(entries) > MOST,
        news=name == "urlset" and _is_news(entries),
    )


def _location(entry: etree._Element, base: str) -> str | None:
    """The address of an entry. Some plugins write it in quotes, as a link, or without its scheme."""
    text = _child(entry, "loc") or ""
    if not text:
        found = entry.find("{*}loc")
        text = "".join(map(str, found.itertext())).strip() if found is not None else ""
    text = text.strip("\"'<> ")
    host = site_host(base)
    if text.lower().startswith((f"{host}/", f"www.{host}/")):
        text = f"{urlsplit(base).scheme}://{text}"
    return absolute(text, base)


def _lines(reply: Reply) -> list[str] | None:
    """The lines of a sitemap that is a plain text (sitemaps.org): a web address in each. None for another text."""
    text = decode(unpacked(reply.body), ("utf-8-sig", "utf-16", "cp1252"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    is_list = bool(lines) and all(_ADDRESS.match(line) for line in lines)
    return lines if is_list else None


def _of_lines(lines: list[str], reply: Reply, host: str | None) -> Sitemap:
    own = (host or site_host(reply.url), site_host(reply.url))
    found = (absolute(line, reply.url) for line in lines[:MOST])
    urls = dict.fromkeys(url for url in found if url is not None and site_host(url) in own)
    return Sitemap(urls=dict(urls), cut=len(lines) > MOST)


def _entries(root: etree._Element) -> Iterator[etree._Element]:
    """The entries of a sitemap, including those of a list within the list, which some plugins write."""
    waiting = deque([iter(root)])
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
        elif local_name(entry) in _ROOTS:
            waiting.append(iter(entry))
        else:
            yield entry


def _is_news(entries: Sequence[etree._Element]) -> bool:
    """Whether every URL of a list is marked as news. A list of all posts may mark its newest posts as news."""
    if not 0 < len(entries) <= _MOST_NEWS:
        return False
    return all(any(str(child.tag).startswith(_NEWS) for child in entry) for entry in entries)


def _child(entry: etree._Element, name: str) -> str | None:
    # {*}: plugins write the namespace with http, with https, or not at all. The `loc` of an image is one level deeper.
    return (entry.findtext(f"{{*}}{name}") or "").strip() or None


def type_of(url: str) -> str | None:
    """The type of the articles in a sitemap, from its URL. None: any type. ``NO_ARTICLES``: it has no articles."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if "sitemap" not in query:
        return _type_in_name(parts.path.rpartition("/")[2].removesuffix(".gz"))
    if query["sitemap"] == "posts":
        return query.get("sitemap-subtype", "posts")
    return NO_ARTICLES if query["sitemap"] in ("taxonomies", "users") else None


def _type_in_name(name: str) -> str | None:
    if len(name) > _LONGEST_NAME or name in USUAL:
        return None
    for pattern, is_type in _NAMES:
        if found := pattern.fullmatch(name):
            kind = found.groupdict().get("type", NO_ARTICLES)
            return kind if is_type or not _is_other(kind) else NO_ARTICLES
    return None


def _is_other(kind: str) -> bool:
    return kind in OTHERS or kind.endswith(("_category", "_tag", "_cat"))


def hints(robots: bytes, base: str) -> list[str]:
    """The URLs of the sitemaps that a robots.txt names (sitemaps.org: a line ``Sitemap: URL`` in any place).

    ``base`` is the URL of the robots.txt: some sites write a path instead of a URL.
    """
    text = decode(robots[:512_000], ("utf-16",) if robots[:2] in BOMS else ("utf-8-sig",))
    named = (line for start in text.splitlines() if (line := _SITEMAP.match(start)) is not None)
    # Several addresses in one line are not allowed, but some sites write them.
    words = [word.strip("\"'<>,") for line in named for word in line[1].partition("#")[0].split()]
    found = (absolute(word, base) for word in words if "/" in word or "." in word)
    return list(dict.fromkeys(url for url in found if url is not None))
