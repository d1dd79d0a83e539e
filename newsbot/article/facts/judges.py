"""The article that trafilatura finds in a page. In a page that is too large for trafilatura: the element with the most
text in paragraphs."""

from __future__ import annotations

import logging
import re
from functools import cache
from types import ModuleType

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsbot.article.facts.readings import merged
from newsbot.article.text import count_words, plain_text

MOST_ELEMENTS = 8_000
"""trafilatura takes 0.1 ms for an element, and reads only pages with no more elements, and no more characters, than
these. See ``_densest``."""

MOST_CHARACTERS = 1_000_000

MOST_BLOCKS = 1_500
"""jusText compares each short block with all others, so it is used only for pages with fewer blocks."""

TWICE_ELEMENTS, TWICE_BLOCKS = 3_000, 1_000
"""If a page has no more elements and blocks than these, trafilatura reads it twice. See ``merged``."""

LEAST_WORDS = 25
"""With fewer words, the result of trafilatura is not an article but the parts around it."""

_ELEMENT = re.compile(r"<[a-zA-Z]")
_BLOCK = re.compile(r"<(?:p|div|td|th|li|dt|dd|br|hr|pre|h[1-6]|option|tr|section|article|blockquote)\b", re.I)
# Possessive: a long run of spaces in an attribute is read once.
_EMPTY = re.compile(r"<([a-zA-Z][\w-]*+)([^<>]*+)(?<=/)>")
_VOID = frozenset({"br", "hr", "img", "source", "wbr", "col", "embed", "input", "track", "area"})
_FRAME = "script, style, noscript, template, svg, nav, footer, aside, form, select, iframe"
"""Elements that never hold the words of an article."""


def judge_page(html: str, url: str) -> tuple[str | None, bool]:
    """trafilatura's result, and whether trafilatura used all its methods."""
    fast = _has_many_blocks(html)
    if fast or is_large(html):
        tree = LexborHTMLParser(html)
        for node in tree.css(_FRAME):
            node.decompose()
        html = tree.html or ""
        if is_large(html):
            return _worded(_densest(tree)), True
        fast = _has_many_blocks(html)
    rich = _read(html, url, fast=fast, rich=True)
    words = _worded(rich)
    if rich is None or words is None or not _has_time_for_two(html):
        return words, not fast
    plain = _read(html, url, fast=fast, rich=False)
    body = merged(plain, rich) if plain is not None else None
    return (_worded(LexborHTMLParser(body).body) if body else words), not fast


def _read(html: str, url: str, *, fast: bool, rich: bool) -> LexborNode | None:
    found = _trafilatura().extract(
        html, url=url, output_format="html", include_comments=False, include_images=rich, include_links=rich,
        include_formatting=True, with_metadata=False, deduplicate=False, fast=fast,
    )  # fmt: skip
    return LexborHTMLParser(_as_html(found)).body if found else None


def _as_html(xml: str) -> str:
    """trafilatura's result with an end tag for each empty element. It writes ``<a/>``, which opens a link in HTML."""
    return _EMPTY.sub(lambda tag: tag[0] if tag[1] in _VOID else f"<{tag[1]}{tag[2][:-1].rstrip()}></{tag[1]}>", xml)


@cache
def _trafilatura() -> ModuleType:
    """trafilatura as a module. The import takes a third of a second, and most crawls read no page, so it is done on
    first use."""
    import trafilatura

    # trafilatura logs an ERROR for each page without an article. The reader of the page reports this already.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return trafilatura


def is_large(html: str) -> bool:
    return len(html) > MOST_CHARACTERS or len(_ELEMENT.findall(html)) > MOST_ELEMENTS


def _has_time_for_two(html: str) -> bool:
    """Whether a page is small enough for two readings. Nine of ten pages with an article are."""
    if len(html) > MOST_CHARACTERS // 2 or len(_ELEMENT.findall(html)) > TWICE_ELEMENTS:
        return False
    return len(_BLOCK.findall(html)) <= TWICE_BLOCKS


def _has_many_blocks(html: str) -> bool:
    return len(_BLOCK.findall(html)) > MOST_BLOCKS


def _densest(tree: LexborHTMLParser) -> LexborNode | None:
    """The element whose own paragraphs hold the most text: the article of a page that is too large for trafilatura."""
    lengths: dict[int, int] = {}
    parents_of: dict[int, LexborNode] = {}
    for paragraph in tree.css("p"):
        parent = paragraph.parent
        if parent is not None:
            lengths[parent.mem_id] = lengths.get(parent.mem_id, 0) + len(paragraph.text(deep=True))
            parents_of[parent.mem_id] = parent
    return parents_of[max(lengths, key=lambda parent: lengths[parent])] if lengths else None


def _worded(body: LexborNode | None) -> str | None:
    """The HTML of an article. None for an element of few words, or whose words are mostly links."""
    if body is None:
        return None
    html = body.inner_html or ""
    if count_words(plain_text(html) or "") < LEAST_WORDS:
        return None
    linked = sum(len(link.text(deep=True)) for link in body.css("a"))
    return None if linked * 2 > len(body.text(deep=True)) else html.strip()
