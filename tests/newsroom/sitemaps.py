"""Sitemaps: WordPress's ``wp-sitemap.xml``, or the sitemap of an SEO plugin. Sub-sitemaps can be gzipped."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from html import escape

from tests.newsroom.answer import Answer, Question, text
from tests.newsroom.archive import Archive
from tests.newsroom.places import Places
from tests.newsroom.records import ZERO, Post, User
from tests.newsroom.sorted_ids import id_of

_XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_OPENING = '<?xml version="1.0" encoding="UTF-8"?>\n'
KINDS = ("post", "page", "story")


@dataclass(frozen=True, slots=True)
class Style:
    """``index`` is the name of the index, ``size`` the number of URLs in a list. ``numbered``: where there are several
    lists, the first has a number too."""

    index: str
    size: int
    numbered: bool = False


STYLES = {
    "core": Style("wp-sitemap.xml", 2_000, numbered=True),
    "yoast": Style("sitemap_index.xml", 1_000),
    "rankmath": Style("sitemap_index.xml", 200, numbered=True),
    "aioseo": Style("sitemap.xml", 1_000),
}


class Sitemaps:
    """Answers for the sitemaps of one style. ``size`` may be smaller than the plugin's own, for several lists."""

    def __init__(self, archive: Archive, places: Places) -> None:
        self.archive, self.places = archive, places
        self.style = archive.options.sitemap
        self.index_name = STYLES[self.style].index if self.style != "none" else ""
        self.size = archive.options.sitemap_size or (STYLES[self.style].size if self.style != "none" else 0)

    def hint(self) -> str:
        """The line of robots.txt."""
        return "" if self.style == "none" else f"Sitemap: {self.index_url()}\n"

    def index_url(self) -> str:
        plain = self.style == "core" and self.archive.options.plain
        return f"{self.places.home}/{'?sitemap=index' if plain else self.index_name}"

    def answer(self, question: Question) -> Answer | None:
        if self.style == "none":
            return None
        asked = self._asked(question)
        if asked is None:
            return None
        kind, page = asked
        if kind == "index":
            return text(self._index(), kind="application/xml")
        entries = self._entries(kind, page)
        if not entries:
            return text("<html><body>404</body></html>", status=404)
        body = _urlset(entries)
        if self.archive.options.gzip_sitemap:
            return Answer(body=gzip.compress(body.encode(), mtime=0), headers={"Content-Type": "application/x-gzip"})
        return text(body, kind="application/xml")

    def _asked(self, question: Question) -> tuple[str, int] | None:
        if self.style == "core" and question.first("sitemap") is not None:
            page = question.first("paged") or "1"
            kind = "index" if question.first("sitemap") == "index" else question.first("sitemap-subtype") or ""
            return kind, int(page) if page.isdigit() else 1
        if self.style == "core" and self.archive.options.plain:
            return None
        if question.path == f"/{self.index_name}":
            return "index", 1
        core = r"/wp-sitemap-(?:posts-|taxonomies-)?(\w+?)s?-(\d+)\.xml(?:\.gz)?"
        plugins = r"/(\w+)-sitemap(\d*)\.xml(?:\.gz)?"
        found = re.fullmatch(core if self.style == "core" else plugins, question.path)
        return (found[1], int(found[2] or 1)) if found else None

    def _urls_of(self, kind: str) -> int:
        """The number of URLs in all sub-sitemaps of a kind."""
        if kind in KINDS:
            return len(self.archive.by_date(kind))
        return len(self.archive.terms[kind]) if kind in self.archive.terms else len(self._users())

    def _users(self) -> list[User]:
        return [user for user in self.archive.users.values() if user.published]

    def _entries(self, kind: str, page: int) -> list[tuple[str, str]]:
        """(location, last change or "") of each URL in one sub-sitemap."""
        piece = slice((page - 1) * self.size, page * self.size)
        if kind in KINDS:
            rows = [row for key in self.archive.by_date(kind).keys[piece] if (row := self.archive.row(id_of(key)))]
            return [(self.places.link(row), self._changed(row)) for row in rows]
        if kind in self.archive.terms:
            return [(self.places.term(term), "") for term in list(self.archive.terms[kind].values())[piece]]
        return [(self.places.author(user), "") for user in self._users()[piece]] if kind == "user" else []

    def _changed(self, row: Post) -> str:
        has_dates = self.style != "core" or self.archive.options.core >= "6.5"
        return f"{row.modified.utc}+00:00" if has_dates and row.modified.utc != ZERO else ""

    def _url(self, kind: str, page: int) -> str:
        suffix = ".gz" if self.archive.options.gzip_sitemap else ""
        if self.style != "core":
            several = STYLES[self.style].numbered and self._urls_of(kind) > self.size
            return f"{self.places.home}/{kind}-sitemap{page if page > 1 or several else ''}.xml{suffix}"
        if self.archive.options.plain:
            group = "posts" if kind in KINDS else "taxonomies" if kind in self.archive.terms else "users"
            return f"{self.places.home}/?sitemap={group}&sitemap-subtype={kind}&paged={page}"
        group = "posts-" if kind in KINDS else "taxonomies-" if kind in self.archive.terms else ""
        return f"{self.places.home}/wp-sitemap-{group}{kind}{'' if group else 's'}-{page}.xml{suffix}"

    def _index(self) -> str:
        parts = []
        for kind in (*KINDS, *self.archive.terms, "user"):
            pages = -(-self._urls_of(kind) // self.size)
            parts += [f"<sitemap><loc>{escape(self._url(kind, page))}</loc></sitemap>" for page in range(1, pages + 1)]
        return f"{_OPENING}<sitemapindex {_XMLNS}>{''.join(parts)}</sitemapindex>\n"


def _urlset(entries: list[tuple[str, str]]) -> str:
    urls = []
    for location, changed in entries:
        last = f"<lastmod>{changed}</lastmod>" if changed else ""
        urls.append(f"<url><loc>{escape(location)}</loc>{last}</url>")
    return f"{_OPENING}<urlset {_XMLNS}>{''.join(urls)}</urlset>\n"
