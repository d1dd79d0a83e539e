"""Repairs faults in the text of the HTML before parsing, since a parser would lose content there."""

from __future__ import annotations

import re

from newsbot.article.cleaning.crowded import limit_attributes
from newsbot.article.cleaning.nesting import MAX_TAGS, flatten, limit_tags

# For a browser <i class="x"/> is an opening tag: all text after it is italic. <iframe .../> makes the rest its content.
_EMPTIED = (
    r"i|b|u|s|em|strong|span|font|small|big|a|p|div|section|aside|ins|del|sup|sub|code|script|style|iframe|title"
    r"|textarea|noscript"
    r"|video|audio|object|svg|h[1-6]|li|ul|ol|td|th|button|select|template|xmp|noembed|noframes"
)
# A name or a quoted value must end directly before the slash: the path in <a href=/x/> does not close the tag.
_SELF_CLOSED = re.compile(rf"<({_EMPTIED})((?:\s[^<>]*)?)(?<![\w=:.%#?&-])\Z|<({_EMPTIED})\Z", re.I)
_EMPTY_IS_NOTHING = frozenset(
    ("i", "b", "u", "s", "em", "strong", "span", "font", "small", "big", "ins", "del", "sub", "code")
)
_LONGEST_TAG = 4_000
_VOID_STARTS = frozenset({"<br", "<br ", "<img", "<hr", "<hr ", "<inp", "<sou"})
# A parser compares each attribute with all attributes before it. No author writes thousands of attributes in a tag.
_BLOAT = 20_000
_BLOATED = re.compile(rf"<([a-zA-Z][a-zA-Z0-9-]*)(?=[\s/])[^<>]{{{_BLOAT},}}>?")
_MANY_ATTRIBUTES = 500
# A raw text element without an end tag makes the rest of the post its content.
_SWALLOWERS = (
    "script",
    "style",
    "title",
    "textarea",
    "iframe",
    "xmp",
    "noembed",
    "noframes",
    "plaintext",
    "template",
    "select",
)
_CLOSED = {tag: re.compile(f".*</{tag}", re.I | re.S) for tag in _SWALLOWERS}
# The text of a script or style is removed with it, up to the next tag.
_WORDS = {"script": "[^<]*", "style": "[^<]*"}
_OPENING = {tag: re.compile(rf"<{tag}(?=[\s>/])[^<>]*>{_WORDS.get(tag, '')}", re.I) for tag in _SWALLOWERS}
_SWALLOWER = re.compile("<(" + "|".join(_SWALLOWERS) + ")", re.I | re.A)
# The first two letters of these elements, in either case: a quick check, which decides most posts.
_MAY_SWALLOW = re.compile(
    "<(?:[sS](?:[cCeE]|[tT][yY])|[tT](?:[iI][tT]|[eE][xXmM])|[iI][fF]|[xX][mM]|[nN][oO]|[pP][lL])"
).search


def repair(html: str) -> str:
    """``html`` with self-closed tags closed, without unclosed raw text elements, and not deeper than an article."""
    html = _close_self_closed(html)
    if _MAY_SWALLOW(html):
        for tag in sorted({name.lower() for name in _SWALLOWER.findall(html)}):
            html = _defuse(html, tag)
    if len(html) > _BLOAT:
        html = _BLOATED.sub(_slim, html)
    return flatten(html)


def _slim(found: re.Match[str]) -> str:
    return (
        f"<{found[1]}>"
        if found[0].count("=") > _MANY_ATTRIBUTES or found[0].count(" ") > _MANY_ATTRIBUTES
        else found[0]
    )


def _close_self_closed(html: str) -> str:
    pieces = html.split("/>")
    if len(pieces) > MAX_TAGS:
        html = limit_tags(limit_attributes(html))
        pieces = html.split("/>")
    closed: dict[int, str] = {}
    for index, piece in enumerate(pieces[:-1]):
        start = piece.rfind("<", -_LONGEST_TAG)
        common = start < 0 or piece[start : start + 4] in _VOID_STARTS
        found = None if common else _SELF_CLOSED.match(piece, start)
        if found is not None:
            name = (found[1] or found[3]).lower()
            closed[index] = piece[:start] if name in _EMPTY_IS_NOTHING else f"{piece}></{name}>"
    if not closed:
        return html
    rest = pieces.pop()
    return "".join(closed.get(index, f"{piece}/>") for index, piece in enumerate(pieces)) + rest


def _defuse(html: str, tag: str) -> str:
    """Remove each opening ``tag`` without an end tag after it. The text after it belongs to the article."""
    opening = _OPENING[tag]
    if tag == "plaintext":
        return opening.sub("", html)
    closed = _CLOSED[tag].match(html)
    end = closed.end() if closed else 0
    return html[:end] + opening.sub("", html[end:]) if opening.search(html, end) else html
