"""Whether the source of a page ends in the middle of its article. It does where PHP fails while it prints the page."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

_END = re.compile(r"</(?:body|html)\s{0,100}>", re.IGNORECASE)
_WORDPRESS = re.compile(r"/wp-(?:content|includes)/|wp-block-|entry-content")
_NO_MARKUP = re.compile(
    r"<!--(?:-?>|.*?(?:-->|\Z))|<(script|style|textarea)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL
)
"""Parts of a source in which tags are text. Scripts write elements, and whole pages into frames."""

_UNSEEN = ["script", "style", "noscript", "template", "title", "textarea"]
_NEED_END_TAGS = ("div", "article", "main", "section")
_LAST = 20
"""Letters at the end of a page that are searched at the end of the article."""

_WITHIN = 200
"""Letters at the end of the article among which the last letters of a cut page stand."""


def is_cut(html: str, body: str | None) -> bool:
    """Whether nothing follows the article ``body`` in the page ``html``, not even the end of the page.

    About one page in 200 omits the end tag of its body, as HTML allows. In such a page a footer follows the article, or
    all other elements are closed. Authors who write pages without WordPress also forget other end tags.
    """
    if not body or not _WORDPRESS.search(html):
        return False
    markup = _NO_MARKUP.sub("", html)
    if _END.search(markup) or not _is_open(markup.lower()):
        return False
    last = _letters(html)[-_LAST:]
    return bool(last) and last in _letters(body)[-_WITHIN:]


def _is_open(html: str) -> bool:
    """Whether an element that needs an end tag has none."""
    return any(html.count(f"<{name}") > html.count(f"</{name}") for name in _NEED_END_TAGS)


def _letters(html: str) -> str:
    """The visible text without white space."""
    tree = LexborHTMLParser(html)
    tree.strip_tags(_UNSEEN)
    return "".join((tree.body.text() if tree.body is not None else "").split())
