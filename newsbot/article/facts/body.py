"""The article in a whole page: WordPress's own container of the article, else trafilatura's result."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsbot.article.text import count_words, plain_text

CONTAINERS = (
    *(".wp-block-post-content", ".entry-content", "[itemprop=articleBody]", ".post-content", ".td-post-content"),
    *(".article-content", ".single-content", ".post-body", ".article-body", ".elementor-widget-theme-post-content"),
)
"""The containers in which themes print ``the_content()``: of the block editor, hAtom, schema.org, and widespread
ones."""

_INERT = "script, style, noscript, template"
_ELSEWHERE = frozenset({"aside", "footer", "nav"})
_BY_SCRIPT = re.compile(
    r"(?:enable|requires?|needs?|activate)\s+java\s?script|id=[\"'](?:root|app|__next|___gatsby)[\"']", re.I
)
_LEAST_WORDS = 25
"""With fewer words, the result of trafilatura is the frame of a page rather than an article."""


MOST_ELEMENTS = 8_000
"""trafilatura takes 0.1 ms for an element, and reads only pages with no more elements, and no more characters, than
these. See ``_densest``."""

MOST_CHARACTERS = 1_000_000

MOST_BLOCKS = 1_500
"""jusText compares each short block with all others, and judges only pages with fewer blocks."""

_ELEMENT = re.compile(r"<[a-zA-Z]")
_BLOCK = re.compile(r"<(?:p|div|td|th|li|dt|dd|br|hr|pre|h[1-6]|option|tr|section|article|blockquote)\b", re.I)
_FRAME = "script, style, noscript, template, svg, nav, footer, aside, form, select, iframe"
"""What never holds the words of an article."""

FEW = 50
"""The most elements of one selector that are examined. No theme has more, and each costs time by its depth."""

_DEEP = 200


def parents(node: LexborNode) -> Iterator[LexborNode]:
    """The ancestors of an element, the nearest first, limited to a number that real pages do not exceed."""
    parent = node.parent
    for _ in range(_DEEP):
        if parent is None:
            return
        yield parent
        parent = parent.parent


def body_of(html: str, *, url: str) -> str | None:
    """The article's HTML. "" where its container is there and empty, None where the page has no article."""
    tree = LexborHTMLParser(html)
    container = _container(tree)
    if container is not None:
        inner = (container.inner_html or "").strip()
        waits = container.css_first("script, noscript") is not None
        if _says_something(container):
            return inner
        return None if waits or _BY_SCRIPT.search(html) else ""
    # A block theme omits the container of an empty article.
    return "" if tree.css_first(".wp-site-blocks h1.wp-block-post-title") is not None else _judged(html, url)


def _container(tree: LexborHTMLParser) -> LexborNode | None:
    for selector in CONTAINERS:
        found = [node for node in tree.css(selector)[:FEW] if not _stands_aside(node)]
        if found:
            # Related posts may have the same class, each with an excerpt.
            return max(found, key=lambda node: len(node.text(deep=True)))
    return None


def _stands_aside(node: LexborNode) -> bool:
    return any(
        parent.tag in _ELSEWHERE or "comment" in (parent.attributes.get("class") or "").split()
        for parent in parents(node)
    )


def _says_something(container: LexborNode) -> bool:
    for inert in container.css(_INERT):
        inert.decompose()
    return plain_text(container.inner_html or "") is not None or container.css_first("img, iframe, video") is not None


def _judged(html: str, url: str) -> str | None:
    if _is_large(html):
        tree = LexborHTMLParser(html)
        for node in tree.css(_FRAME):
            node.decompose()
        html = tree.html or ""
        if _is_large(html):
            return _worded(_densest(tree))
    # Imported here: the import takes a third of a second, and most crawls read no page.
    import trafilatura

    found = trafilatura.extract(
        html, url=url, output_format="html", include_comments=False, include_images=True, include_links=True,
        include_formatting=True, with_metadata=False, deduplicate=False,
        fast=len(_BLOCK.findall(html)) > MOST_BLOCKS,
    )  # fmt: skip
    return _worded(LexborHTMLParser(found).body) if found else None


def _is_large(html: str) -> bool:
    return len(html) > MOST_CHARACTERS or len(_ELEMENT.findall(html)) > MOST_ELEMENTS


def _densest(tree: LexborHTMLParser) -> LexborNode | None:
    """The element whose own paragraphs hold the most text: the article of a page that is too large to be judged."""
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
    if count_words(plain_text(html) or "") < _LEAST_WORDS:
        return None
    linked = sum(len(link.text(deep=True)) for link in body.css("a"))
    return None if linked * 2 > len(body.text(deep=True)) else html.strip()
