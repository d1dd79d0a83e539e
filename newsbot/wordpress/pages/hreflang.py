"""Read the languages of a site from its home page, which names the home pages of the other languages."""

from __future__ import annotations

from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from newsbot.article.cleaning.nesting import flatten
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.nodes import value_of
from newsbot.wordpress.pages.urls import absolute

MOST = 200
"""The most links to other languages that newsbot reads on one page."""


@dataclass(frozen=True, slots=True)
class PageLanguage:
    """``tag`` is the language in the form of the page (``fr-FR``), ``url`` is the home page in that language."""

    tag: str
    url: str

    @property
    def code(self) -> str:
        """The language without its region. Language plugins nearly always use it as a name."""
        return self.tag.replace("_", "-").partition("-")[0].lower()


def read_languages(reply: Reply) -> list[PageLanguage]:
    """The languages that the ``hreflang`` links of a page name, each once, in the order of the page."""
    tree = LexborHTMLParser(flatten(reply.body.decode("utf-8", "replace")))
    found: dict[str, PageLanguage] = {}
    for link in tree.css('link[rel~="alternate"][hreflang]')[:MOST]:
        tag, url = value_of(link, "hreflang").strip(), absolute(value_of(link, "href"), reply.url)
        if tag and tag.lower() != "x-default" and url is not None:
            found.setdefault(PageLanguage(tag, url).code, PageLanguage(tag, url))
    return list(found.values())
