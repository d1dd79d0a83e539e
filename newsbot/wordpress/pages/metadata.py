"""Read what a page declares about its article: JSON-LD (NewsArticle, Article, BlogPosting), Open Graph and meta."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from newsbot.article.text import plain_text
from newsbot.wordpress.pages.nodes import value_of

_ARTICLES = frozenset(
    {"NewsArticle", "Article", "BlogPosting", "ReportageNewsArticle", "OpinionNewsArticle", "LiveBlogPosting"}
)
_PUBLISHED = (
    *("article:published_time", "og:published_time", "datepublished", "parsely-pub-date", "sailthru.date", "dc.date"),
    *("dc.date.issued", "dcterms.created", "pubdate", "publish-date", "publication_date", "date"),
)
_AUTHORS = ("author", "sailthru.author", "parsely-author", "dc.creator", "dcterms.creator", "article:author")
"""The names of the same facts in meta elements of different programs, the most frequent first."""

_MOST_AUTHORS = 50
_NESTING = ("@graph", "mainEntity", "mainEntityOfPage")
_AS_BIG = 2_000_000
_NODES = 2_000
"""The most values of a page's JSON-LD that are read."""


@dataclass(slots=True, kw_only=True)
class Metadata:
    """The declarations of the page. Text is decoded; times are in the form of the page.

    ``images`` of the article, the most reliable first. ``icons`` are the URLs of the site's logos and icons.
    """

    headline: str | None = None
    title: str | None = None
    description: str | None = None
    published: str | None = None
    modified: str | None = None
    authors: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    icons: list[str] = field(default_factory=list)
    site_names: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    license: str | None = None


def read_metadata(tree: LexborHTMLParser) -> Metadata:
    """Each field from JSON-LD, or from a meta element where JSON-LD does not have it."""
    data = _JsonLd(list(_objects(tree)))
    article = data.article()
    metas = _metas(tree)
    return Metadata(
        headline=_text(article.get("headline")),
        title=_without(metas.get("og:title"), metas.get("og:site_name")),
        description=metas.get("og:description") or metas.get("description"),
        published=_raw(article.get("datePublished")) or _first_of(metas, _PUBLISHED) or data.page_published(),
        modified=_raw(article.get("dateModified")) or metas.get("article:modified_time"),
        authors=data.names(article.get("author")) or [name for name in [_first_of(metas, _AUTHORS)] if name],
        images=[url for url in (data.url(article.get("image")), metas.get("og:image")) if url],
        icons=[
            *data.logos(),
            *(value_of(link, "href") for link in tree.css("link[rel~=icon], link[rel*=touch-icon]")),
        ],
        site_names=[name for name in (metas.get("og:site_name"), *data.site_names(article)) if name],
        sections=_texts(article.get("articleSection")),
        keywords=_texts(article.get("keywords")),
        license=data.license(article.get("license")),
    )


@dataclass(frozen=True, slots=True)
class _JsonLd:
    """The objects of a page's JSON-LD. They refer to each other by ``@id``."""

    objects: list[dict[str, Any]]

    def article(self) -> dict[str, Any]:
        return next((found for found in self.objects if not _ARTICLES.isdisjoint(_types(found))), {})

    def name(self, value: Any) -> str | None:
        named = self._resolved(value)
        return _text(named.get("name")) if isinstance(named, dict) else _text(named)

    def names(self, value: Any) -> list[str]:
        values = value if isinstance(value, list) else [value]
        return [name for each in values[:_MOST_AUTHORS] if (name := self.name(each))]

    def page_published(self) -> str | None:
        """If no object of the page is an article: when WordPress published the page."""
        page = next((found for found in self.objects if "WebPage" in _types(found)), {})
        return _raw(page.get("datePublished"))

    def url(self, value: Any) -> str | None:
        located = self._resolved(value)
        if isinstance(located, dict):
            located = located.get("url") or located.get("contentUrl")
        return _raw(located)

    def license(self, value: Any) -> str | None:
        """The URL of a licence: a text, or an object (CreativeWork) with a URL or with a URL as its ``@id``."""
        named = self._resolved(value)
        return self.url(named) or (_raw(named.get("@id")) if isinstance(named, dict) else None)

    def logos(self) -> list[str]:
        """The URLs of the logos of publishers."""
        owners = [*self.objects, *(self._resolved(found.get("publisher")) for found in self.objects)]
        found = (self.url(owner.get("logo")) for owner in owners if isinstance(owner, dict))
        return [url for url in found if url]

    def site_names(self, article: dict[str, Any]) -> list[str]:
        """The names of the article's publisher and of the site."""
        sites = [found.get("name") for found in self.objects if "WebSite" in _types(found)]
        names = (self.name(article.get("publisher")), *map(_text, sites))
        return [name for name in names if name]

    def _resolved(self, value: Any) -> Any:
        """The first value of a list. A reference (``{"@id": ...}``) is replaced by the object."""
        if isinstance(value, list):
            value = next(iter(value), None)
        if isinstance(value, dict) and isinstance(value.get("@id"), str):
            return {**self._by_id(value["@id"]), **value}
        return value

    def _by_id(self, name: str) -> dict[str, Any]:
        return next((found for found in reversed(self.objects) if found.get("@id") == name), {})


def _objects(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """Every object of the page's JSON-LD, those within lists and ``@graph`` included."""
    values = chain.from_iterable(map(_opened, _documents(tree)))
    return (value for value in islice(values, _NODES) if isinstance(value, dict))


def _documents(tree: LexborHTMLParser) -> Iterator[Any]:
    for script in tree.css('script[type="application/ld+json"]'):
        text = script.text(deep=True).strip()
        if len(text) <= _AS_BIG:
            with suppress(ValueError, RecursionError):
                yield json.loads(text, strict=False)


def _opened(document: Any) -> Iterator[Any]:
    """A document, and every value within its lists and its ``_NESTING`` keys."""
    stack = [document]
    while stack:
        value = stack.pop(0)
        yield value
        if isinstance(value, list):
            stack = value + stack
        elif isinstance(value, dict):
            stack += [value[key] for key in _NESTING if key in value]


def _types(found: dict[str, Any]) -> list[str]:
    value = found.get("@type")
    return [name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str)]


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in tree.css("meta[property], meta[name]"):
        name = value_of(meta, "property") or value_of(meta, "name")
        if text := plain_text(value_of(meta, "content")):
            found.setdefault(name.lower(), text)
    return found


def _first_of(metas: dict[str, str], names: Sequence[str]) -> str | None:
    return next((metas[name] for name in names if metas.get(name)), None)


def _raw(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _text(value: Any) -> str | None:
    return plain_text(value) if isinstance(value, str) else None


def _texts(value: Any) -> list[str]:
    """The texts of a list, or of a string that separates them by commas."""
    listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return list(dict.fromkeys(filter(None, map(_text, listed))))


def _without(title: str | None, site_name: str | None) -> str | None:
    """A title without the site's name at its end."""
    if not title or not site_name or not title.endswith(site_name):
        return title
    return title.removesuffix(site_name).rstrip().rstrip("-|–—·•»:").rstrip() or title
