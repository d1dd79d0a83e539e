"""The articles of one type in a site's sitemaps, and which of them are accounted for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from newsbot.errors import NotXml
from newsbot.wordpress.fallback.sitemaps import Sitemaps
from newsbot.wordpress.fallback.worth import TOO_MANY_URLS, Worth, spread
from newsbot.wordpress.messages import Asking
from newsbot.wordpress.pages.sitemap import Sitemap
from newsbot.wordpress.pages.urls import canonical

MOST_LISTS = 10_000
"""The most sitemaps of one type that are read. Some sites have one for each day."""


class ListedArticle(NamedTuple):
    """An article as a sitemap lists it."""

    url: str
    lastmod: str | None


@dataclass(slots=True, kw_only=True)
class ListedArticles:
    """The articles of one type in the sitemaps, by canonical URL.

    ``gap``: why the sitemaps may not list all articles, or None. ``accounted`` are canonical URLs of articles, listed
    or not, that came, are gone, or need not come. ``remaining`` are listed articles that are not accounted for.
    ``other_types`` counts listed URLs that turned out to be of another type.
    """

    articles: dict[str, ListedArticle] = field(default_factory=dict)
    gap: str | None = None
    accounted: set[str] = field(default_factory=set)
    remaining: set[str] = field(default_factory=set)
    other_types: int = 0

    @property
    def expected(self) -> int | None:
        """How many articles of the type the sitemaps list; None where they list nothing."""
        return len(self.articles) - self.other_types if self.articles else None

    def lastmod(self, url: str) -> str | None:
        """The last change of an article, as the sitemap writes it."""
        article = self.articles.get(canonical(url))
        return article.lastmod if article is not None else None

    def add(self, sitemap: Sitemap, *, home: str) -> None:
        """Add the articles of a sitemap. The site's ``home`` page is not an article."""
        for url, lastmod in sitemap.urls.items():
            key = canonical(url)
            if key != home:
                self.articles.setdefault(key, ListedArticle(url, lastmod))
                self.remaining.add(key)

    def account_for(self, url: str) -> None:
        """Note that nothing is missing of the article of that canonical URL."""
        self.accounted.add(url)
        self.remaining.discard(url)


def read_listed(key: str, sitemaps: Sitemaps, type_: str, faults: Counter[str]) -> Asking[ListedArticles]:
    """Read the sitemaps of a type; failures are counted in ``faults``. Raises Halt."""
    listed, home = ListedArticles(gap=sitemaps.gap(type_)), canonical(key)
    urls = sitemaps.of(type_)
    if len(urls) > MOST_LISTS:
        listed.gap = f"the site has {len(urls)} sitemaps, and newsbot reads {MOST_LISTS} of them"
    held = Worth()
    for url in spread(urls[:MOST_LISTS]):
        if held.is_full:
            listed.gap = TOO_MANY_URLS
            break
        try:
            sitemap = yield from sitemaps.fetch(url, type_)
        except NotXml as fault:
            faults[fault.name] += 1
            listed.gap = f"{url}: {fault}"
            continue
        sitemaps.release(url)
        if sitemap.cut:
            faults["truncated"] += 1
            listed.gap = f"{url} is truncated"
        held.hold(sitemap.urls)
        listed.add(sitemap, home=home)
    return listed
