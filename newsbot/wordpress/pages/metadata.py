"""What a page declares of its article: JSON-LD (NewsArticle, Article, BlogPosting), then Open Graph and meta."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from newsbot.article.text import plain_text

_ARTICLES = ("NewsArticle", "Article", "BlogPosting", "ReportageNewsArticle", "OpinionNewsArticle", "LiveBlogPosting")
_AS_BIG = 2_000_000
_NODES = 2_000
"""Objects of a page's JSON-LD that are looked at."""


@dataclass(slots=True, kw_only=True)
class Metadata:
    """Text is decoded; times are as the page writes them."""

    headline: str | None = None
    title: str | None = None
    description: str | None = None
    published: str | None = None
    modified: str | None = None
    author: str | None = None
    image: str | None = None
    sections: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)


def read_metadata(tree: LexborHTMLParser) -> Metadata:
    """JSON-LD's word first, meta elements where it is silent."""
    nodes = list(_nodes(tree))
    article = next((node for node in nodes if _types(node) & set(_ARTICLES)), {})
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str)}
    metas = _metas(tree)
    site_name = metas.get("og:site_name")
    return Metadata(
        headline=_text(article.get("headline")),
        title=_without(metas.get("og:title"), site_name),
        description=metas.get("og:description") or metas.get("description"),
        published=_raw(article.get("datePublished")) or metas.get("article:published_time"),
        modified=_raw(article.get("dateModified")) or metas.get("article:modified_time"),
        author=_name(article.get("author"), by_id) or metas.get("author"),
        image=_url(article.get("image"), by_id) or metas.get("og:image"),
        sections=_texts(article.get("articleSection")),
        keywords=_texts(article.get("keywords")),
    )


def _nodes(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """Every object of the page's JSON-LD, ``@graph`` and lists opened."""
    left = _NODES
    for script in tree.css('script[type="application/ld+json"]'):
        text = script.text(deep=True).strip()
        if len(text) > _AS_BIG:
            continue
        try:
            data = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        stack = [data]
        while stack and left:
            left -= 1
            one = stack.pop(0)
            if isinstance(one, list):
                stack = one + stack
            elif isinstance(one, dict):
                yield one
                stack += [one[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in one]


def _types(node: dict[str, Any]) -> set[str]:
    value = node.get("@type")
    return {one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)}


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in tree.css("meta[property], meta[name]"):
        name = meta.attributes.get("property") or meta.attributes.get("name") or ""
        if text := plain_text(meta.attributes.get("content") or ""):
            found.setdefault(name.lower(), text)
    return found


def _raw(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _text(value: Any) -> str | None:
    return plain_text(value) if isinstance(value, str) else None


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else []
    return list(dict.fromkeys(text for one in listed if (text := _text(one))))


def _followed(value: Any, by_id: dict[str, dict[str, Any]]) -> Any:
    """The first of a list; the object that ``{"@id": ...}`` stands for."""
    if isinstance(value, list):
        value = next(iter(value), None)
    if isinstance(value, dict) and isinstance(value.get("@id"), str):
        return {**by_id.get(value["@id"], {}), **value}
    return value


def _name(value: Any, by_id: dict[str, dict[str, Any]]) -> str | None:
    one = _followed(value, by_id)
    return _text(one.get("name")) if isinstance(one, dict) else _text(one)


def _url(value: Any, by_id: dict[str, dict[str, Any]]) -> str | None:
    one = _followed(value, by_id)
    if isinstance(one, dict):
        one = one.get("url") or one.get("contentUrl")
    return _raw(one)


def _without(title: str | None, site_name: str | None) -> str | None:
    """A title without the site's name behind it."""
    if title and site_name and title.endswith(site_name) and title != site_name:
        bare = title.removesuffix(site_name).rstrip().rstrip("-|–—·•»:").rstrip()
        return bare or title
    return title
