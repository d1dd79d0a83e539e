"""The head of an article in the result of the judges: the title, and labels above the title."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_HEADINGS = frozenset({"h1", "h2", "h3"})
_FEWEST = 8
"""A title of fewer letters may be the first word of an article ("Fin", "Cranes")."""

_MOST = 6
"""The number of blocks in which the title is searched: a label of the section, the author and a date may be above it.
"""

_LONGEST = 120
"""A longer block above the title belongs to the article. A sentence of ``_SENTENCE`` letters does too."""

_SENTENCE = 40
_ENDS = re.compile(r"[.!?…。！？।][\"'”’»)\]]*\Z")

_NO_LETTERS = re.compile(r"[\W_]+")


def without_head(html: str, title: str) -> str:
    """An article without the title at its start and the short labels above the title. Pictures stay."""
    wanted = _letters(title)
    body = LexborHTMLParser(html).body
    if body is None or len(wanted) < _FEWEST:
        return html
    head = _head(body, wanted)
    for node in head:
        if node.css_first("img") is None:
            node.decompose()
    return (body.inner_html or "").strip() if head else html


def _head(body: LexborNode, wanted: str) -> list[LexborNode]:
    found: list[LexborNode] = []
    node = body.first_child
    while node is not None and len(found) < _MOST:
        text = "" if node.tag == "-comment" else node.text(deep=True).strip()
        if text:
            found.append(node)
            if _is_title(node, _letters(text), wanted):
                return [each for each in found if each.tag != "-text"]
            if len(text) > _LONGEST or (len(text) >= _SENTENCE and _ENDS.search(text)):
                return []
        node = node.next
    return []


def _is_title(node: LexborNode, letters: str, wanted: str) -> bool:
    """Whether a block is the title. A heading may have the label of the section before it."""
    return letters == wanted or (node.tag in _HEADINGS and letters.endswith(wanted))


def _letters(words: str) -> str:
    return _NO_LETTERS.sub("", words).casefold()
