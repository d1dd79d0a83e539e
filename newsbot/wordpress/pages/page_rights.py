"""Read the declarations of a page on the use of its content: meta elements, ``rel=license`` and the article's
JSON-LD."""

from __future__ import annotations

from typing import Any

from selectolax.lexbor import LexborHTMLParser

from newsbot.article.cleaning.nesting import flatten
from newsbot.rights.answers import MOST, combined, rights_in_headers, rights_in_page
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.metadata import Metadata, read_metadata
from newsbot.wordpress.pages.nodes import value_of
from newsbot.wordpress.pages.urls import absolute

_METAS = "meta[name=robots i], meta[name=tdm-reservation i], meta[name=tdm-policy i]"


def page_rights(reply: Reply) -> dict[str, Any]:
    """The statements of a page and of its headers."""
    tree = LexborHTMLParser(flatten(reply.body.decode("utf-8", "replace")))
    own = read_rights(tree, read_metadata(tree), reply.url)
    return combined(rights_in_headers(reply.headers, is_page=True), own)


def read_rights(tree: LexborHTMLParser, metadata: Metadata, url: str) -> dict[str, Any]:
    """The statements of the page at ``url``."""
    metas: dict[str, str] = {}
    for meta in tree.css(_METAS):
        name, content = value_of(meta, "name").lower(), value_of(meta, "content")
        metas[name] = f"{metas[name]},{content}" if name in metas else content
    links = [
        (absolute(value_of(link, "href"), url) or "", value_of(link, "type"))
        for link in tree.css("link[rel~=license i], a[rel~=license i]")[:MOST]
    ]
    return rights_in_page(
        metas,
        links,
        article_license=absolute(metadata.license or "", url),
        inline_rsl=tree.css_first('script[type="application/rsl+xml"]') is not None,
    )
