"""The authors of an article, from the declarations and the text of its page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsbot.article.facts.byline import without_by, without_handle
from newsbot.article.facts.containers import FEW
from newsbot.article.text import plain_text
from newsbot.items import Author
from newsbot.wordpress.pages.metadata import Metadata

_OF_WORDPRESS = (
    ".author.vcard .fn",
    ".author.vcard",
    ".wp-block-post-author__name",
    ".wp-block-post-author-name",
    "[rel=author]",
)
_OF_THEMES = (
    *("[itemprop=author] [itemprop=name]", "[itemprop=author]", ".byline a", ".author-name", "a[href*='/author/']"),
)
"""Other posts and people beside the article have these marks too: a name counts only if it is the only one."""

_NO_NAME = re.compile(r"\s*(?:https?://\S*|[\d\W_]*|[^\s@]++@[^\s@.]++(?:\.[^\s@.]*+)++)\s*\Z")
"""An address, an e-mail address, and a number: values that a program writes if it has no name."""

_BEFORE = re.compile(r"\A[\s,;|]+|[\s,;|]+\Z")
_AND = re.compile(r"[,;](?:\s*(?:and|&|und|et|y|e|og|och|en)\s)?|(?<=\s)(?:and|&|und|et|y|e|og|och|en)\s")
_NAME = re.compile(r"[^\W\d_a-z][\w'’.\-]*(?:\s+(?:[a-z]{1,3}\s+)*[^\W\d_a-z][\w'’.\-]*){1,3}")
"""Two to four words that begin with a capital, and short small words between them ("van der")."""

_TITLES = re.compile(r"\b(?:editors?|staff|team|desk|press|news|reporters?|redaktion|university|institute)\b", re.I)
_LETTERS = re.compile(r"[\W_]+")
_LONGEST = 80
_MOST_LETTERS = 500
"""A longer text is not divided: a search for names takes time that grows with the square of its length."""


def authors_of(tree: LexborHTMLParser, metadata: Metadata, *, in_list: Callable[[LexborNode], bool]) -> list[Author]:
    """The authors of the article. The site's own name counts as an author only if the page names no person."""
    site = {_letters(name) for name in metadata.site_names}
    sources = [_names(metadata.authors), *_shown(tree, in_list)]
    people = next((names for names in sources if names and not all(_letters(name) in site for name in names)), None)
    names = people or next(filter(None, sources), [])
    return [Author(name=name) for name in dict.fromkeys(names)]


def _shown(tree: LexborHTMLParser, in_list: Callable[[LexborNode], bool]) -> Iterable[list[str]]:
    for selector in _OF_WORDPRESS:
        found = _texts(tree, selector, in_list)
        yield _names(found[:1])
    for selector in _OF_THEMES:
        found = list(dict.fromkeys(_names(_texts(tree, selector, in_list))))
        yield found if len(found) == 1 and len(found[0]) <= _LONGEST else []


def _texts(tree: LexborHTMLParser, selector: str, in_list: Callable[[LexborNode], bool]) -> list[str]:
    found = ((node, plain_text(node.html or "")) for node in tree.css(selector)[:FEW])
    return [text for node, text in found if text and not in_list(node)]


def _names(texts: Iterable[str]) -> list[str]:
    names: list[str] = []
    for text in texts:
        if len(text) > _MOST_LETTERS:
            names.append(text)
            continue
        left = _BEFORE.sub("", without_handle(without_by(_BEFORE.sub("", text))))
        if not _NO_NAME.match(left):
            names += divided(left)
    return names


def divided(text: str) -> list[str]:
    """The names in a text such as "Ann Writer, Jo Doe and Bo Ek". A text stays whole if a part of it is not a name."""
    parts = [part.strip() for part in _AND.split(text) if part.strip()]
    return parts if all(_NAME.fullmatch(part) and not _TITLES.search(part) for part in parts) else [text]


def _letters(name: str) -> str:
    return _LETTERS.sub("", name).casefold()
