"""Limits the depth and the number of tags before the parser reads them: deep or misnested tags cost a parser quadratic
time, and each element costs the walk over the tree some microseconds.

For every block, an HTML parser searches all open elements. In every paragraph it reopens all formatting that an
earlier paragraph left open. No article nests a thousand tags: deeper elements lose their tags and keep their words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsbot.article.cleaning.crowded import limit_attributes

FEW_TAGS = 1_000
# More than the live report of a week has. The words behind them stay, without their tags.
MAX_TAGS = 40_000
MAX_DEPTH = 200
MAX_FORMATTING = 24
# Reopened formatting elements, counted over all paragraphs, after which all formatting is removed.
MAX_REOPENED = 20_000

# A comment, an element whose content is no HTML, or a tag.
_MARKUP = re.compile(
    r"<(?:!--.*?(?:-->|\Z)|(script|style|textarea|title|iframe|xmp|noembed|noframes)\b.*?(?:</\1\s*>|\Z)"
    r"|/?[a-zA-Z!?][^<>]*>)",
    re.S | re.I,
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)(?=[\s/>])[^<>]*>")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
# Each of these elements ends where the next element of its kind begins.
_SELF_ENDING = frozenset({"p", "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody", "tfoot", "rt", "rp"})
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)

_FORMATTING_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_FORMATTING))})(?=[\s/>])[^<>]*>", re.I)
_NESTING = re.compile(
    rf"<(/?)(?!(?:{'|'.join(sorted(_VOID | _SELF_ENDING))})[\s/>])([a-zA-Z][a-zA-Z0-9-]*)(?=[\s/>])[^<>]*>", re.I
)


def flatten(html: str) -> str:
    """``html`` without tags that are deeper, and attributes that are more, than those of any article."""
    html = limit_attributes(html)
    tags = html.count("<")
    if tags <= FEW_TAGS:
        return html
    return _Flattener().run(limit_tags(html) if tags > MAX_TAGS else html)


def limit_tags(html: str, most: int = MAX_TAGS) -> str:
    """``html`` with its first ``most`` tags. Behind them a space stands for each tag, comment and script."""
    count = 0

    def limited(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return found[0] if count <= most else " "

    return _MARKUP.sub(limited, html)


@dataclass(frozen=True, slots=True)
class _Formatting:
    """An open formatting element, and the state before it. Where all formatting is removed, the removal starts here."""

    name: str
    start: int
    depth: int
    dropped: int
    pieces: int
    done: int


class _Flattener:
    def __init__(self) -> None:
        self.depth = 0
        self.dropped = 0
        self.formatting: list[_Formatting] = []
        self.dropped_formatting = 0
        self.reopened = 0
        self.pieces: list[str] = []
        self.done = 0

    def run(self, html: str) -> str:
        pieces = self.pieces
        for found in _TAG.finditer(html):
            kept = self._judge(found)
            if self.reopened > MAX_REOPENED:
                return self._without_formatting(html, self.formatting[0])
            if kept != found[0]:
                pieces += (html[self.done : found.start()], kept)
                self.done = found.end()
        return "".join(pieces) + html[self.done :]

    def _without_formatting(self, html: str, first: _Formatting) -> str:
        """Remove all formatting from the first open element on. After that, only the depth of other tags is limited."""
        self.depth, self.dropped = first.depth, first.dropped
        self.formatting.clear()
        rest = _NESTING.sub(self._judge, _FORMATTING_TAG.sub("", html[first.start :]))
        return "".join(self.pieces[: first.pieces]) + html[first.done : first.start] + rest

    def _judge(self, found: re.Match[str]) -> str:
        closing, name = found[1], found[2].lower()
        if name in _FORMATTING:
            return self._close_formatting(name, found[0]) if closing else self._open_formatting(name, found)
        if name in _VOID:
            return found[0]
        if not closing and self.formatting:
            self.reopened += len(self.formatting)
        if name in _SELF_ENDING:
            return found[0]
        return self._close(found[0]) if closing else self._open(name, found[0])

    def _open(self, name: str, tag: str) -> str:
        if name in _SELF_ENDING:
            return tag
        if self.depth >= MAX_DEPTH:
            self.dropped += 1
            return " "
        self.depth += 1
        return tag

    def _close(self, tag: str) -> str:
        if self.dropped:
            self.dropped -= 1
            return " "
        self.depth = max(0, self.depth - 1)
        return tag

    def _open_formatting(self, name: str, found: re.Match[str]) -> str:
        if len(self.formatting) >= MAX_FORMATTING:
            self.dropped_formatting += 1
            return ""
        before = (found.start(), self.depth, self.dropped, len(self.pieces), self.done)
        self.formatting.append(_Formatting(name, *before))
        return found[0]

    def _close_formatting(self, name: str, tag: str) -> str:
        if self.dropped_formatting:
            self.dropped_formatting -= 1
            return ""
        for place in reversed(range(len(self.formatting))):
            # An end tag closes the innermost element of its name. An end tag without such an element changes nothing.
            if self.formatting[place].name == name:
                del self.formatting[place]
                break
        return tag
