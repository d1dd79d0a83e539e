"""Limits the depth and the number of tags before the parser reads them: deep or misnested tags cost a parser quadratic
time, and each element costs the walk over the tree some microseconds.

For every block, an HTML parser searches all open elements. In every paragraph it reopens all formatting that an
earlier paragraph left open. No article nests a thousand tags: deeper elements lose their tags and keep their words.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from newsbot.article.cleaning.crowded import limit_attributes
from newsbot.article.cleaning.markup import ATTRIBUTE, MAY_BE_RAW, RAW, SPACE, TOKEN, end_of_raw, lower

FEW_TAGS = 1_000
# A parser reads a tag of this length in some milliseconds, with as many attributes as fit into it.
_SHORT = 20_000
# Even a live report of a whole week has fewer tags. The words after these tags stay, without further tags.
MAX_TAGS = 40_000
MAX_DEPTH = 200
MAX_FORMATTING = 24
# Reopened formatting elements, counted over all paragraphs, after which all formatting is removed.
MAX_REOPENED = 20_000

# Elements without content, and those that a parser never opens twice.
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
    | {"basefont", "bgsound", "frame", "keygen", "html", "head", "body"}
)
# Each of these elements ends where the next element with the same name begins.
_SELF_ENDING = frozenset({"p", "option", "caption", "colgroup", "tr", "td", "th", "thead", "tbody", "tfoot"})
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# An end tag inside one of these elements does not close an element outside of it.
_BARRIERS = frozenset({"applet", "marquee", "object", "table", "template"})
# The end tag of such an element also closes what was opened in it and has no end tag.
_CLOSERS = _HEADINGS | {
    *("address", "applet", "article", "aside", "blockquote", "button", "center", "details", "dialog", "dir", "div"),
    *("dl", "fieldset", "figcaption", "figure", "footer", "header", "hgroup", "listing", "main", "marquee", "menu"),
    *("nav", "object", "ol", "pre", "section", "summary", "ul", "form", "li", "dt", "dd"),
}
_ITEMS = {"li": frozenset({"li"}), "dt": frozenset({"dt", "dd"}), "dd": frozenset({"dt", "dd"})}
# An item ends where the next item begins, unless a special element was opened in it. These elements do not count as
# special here.
_IN_ITEMS = frozenset({"address", "div"})
_LISTS = frozenset({"ul", "ol"})
# The end tag of any other element does nothing if one of these elements was opened in it.
_SPECIAL = _CLOSERS | _BARRIERS | {"noscript", "optgroup", "search"}

# Inside these elements a parser follows other rules. These elements are left out, unless they contain a part of an
# article.
_LEFT_OUT = frozenset({"svg", "select"})
_START_LEFT_OUT = _LEFT_OUT | {"frameset"}
# If these are left out, the words beside them stay one word.
_INLINE = _FORMATTING | _LEFT_OUT
_END_OF_LEFT_OUT = {
    name: re.compile(
        rf"<(?:(/)?{name}|p|div|article|section|main|aside|header|footer|nav|ul|ol|li|table|h[1-6]|blockquote|figure)"
        rf"(?=[{SPACE}/>])",
        re.I | re.A,
    )
    for name in _LEFT_OUT
}
_FORMULA = re.compile(
    rf"(?>{ATTRIBUTE}{{0,500}})>(?>(?:[^<]++|</?(?!math)(?:m[a-z]+|semantics|annotation)(?=[{SPACE}/>])"
    rf"(?>{ATTRIBUTE}{{0,500}})>){{0,800}})</math(?=[{SPACE}/>])[^<>]*>",
    re.I | re.A,
)
"""The rest of a formula after ``<math``, when it is no larger than formulas are."""


def flatten(html: str) -> str:
    """``html`` without the tags that stand deeper than in any article, and with no more attributes in a tag than any
    article has."""
    if len(html) <= _SHORT and html.count("<") <= FEW_TAGS:
        return html
    html = limit_attributes(html)
    tags = html.count("<")
    if tags <= FEW_TAGS:
        return html
    return _Flattener().run(limit_tags(html) if tags > MAX_TAGS else html)


def limit_tags(html: str, most: int = MAX_TAGS) -> str:
    """``html`` with its first ``most`` tags. A space replaces each later tag, comment and script."""
    pieces: list[str] = []
    count = done = at = 0
    while found := TOKEN.search(html, at):
        at = found.end()
        if found[2] is not None and not found[1] and (name := lower(found[2])) in RAW:
            end = TOKEN.match(html, end_of_raw(html, name, at))
            at = end.end() if end else len(html)
        count += 1
        if count > most:
            pieces += (html[done : found.start()], " ")
            done = at
        elif count == most and not MAY_BE_RAW(html, at):
            # One substitution takes a third of the time that this loop takes, and nearly no such page has raw text.
            return html[:at] + TOKEN.sub(" ", html[at:])
    return "".join([*pieces, html[done:]])


class _OpenElements:
    """The elements that a parser has open, without those that end by themselves. Where this class does not follow all
    rules of a parser, an element counts as open for longer."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self.names = list(names)
        self.barriers = sum(name in _BARRIERS for name in names)

    def open(self, name: str) -> None:
        if name in _ITEMS:
            self._end_item(name)
        self.names.append(name)
        self.barriers += name in _BARRIERS

    def _end_item(self, name: str) -> None:
        for place in reversed(range(len(self.names))):
            if self.names[place] in _ITEMS[name]:
                self._cut(place, len(self.names))
                return
            if self.names[place] in _SPECIAL and self.names[place] not in _IN_ITEMS:
                return

    def close(self, name: str) -> bool:
        """Close the element that an end tag closes, and all in it. False where the end tag does nothing."""
        place = self._place(name)
        if place is None:
            return False
        # The end tag of a form closes only the form.
        behind = place + 1 if name == "form" else len(self.names)
        self._cut(place, behind)
        return True

    def _cut(self, place: int, behind: int) -> None:
        self.barriers -= sum(each in _BARRIERS for each in self.names[place:behind])
        del self.names[place:behind]

    def _place(self, name: str) -> int | None:
        ends = _HEADINGS if name in _HEADINGS else (name,)
        stops = _BARRIERS if name in _CLOSERS else _SPECIAL
        if name in ("table", "template"):
            stops = frozenset({"template"})
        elif name == "li":
            stops = _BARRIERS | _LISTS
        for place in reversed(range(len(self.names))):
            if self.names[place] in ends:
                return place
            if self.names[place] in stops and name != "template":
                return None
        return None


@dataclass(frozen=True)
class _Formatting:
    """An open formatting element, and the state before it. If all formatting is removed, the removal starts here."""

    name: str
    start: int
    open: tuple[str, ...]
    dropped: dict[str, int]
    pieces: int
    done: int

    @cached_property
    def barriers(self) -> int:
        return _OpenElements(self.open).barriers


class _Flattener:
    """One walk over the tags. ``dropped`` counts the elements, by name, that were too deep and are still open."""

    def __init__(self) -> None:
        self.open = _OpenElements()
        self.dropped: Counter[str] = Counter()
        self.formatting: list[_Formatting] = []
        self.dropped_formatting = 0
        self.without_formatting = False
        self.reopened = 0
        self.pieces: list[str] = []
        self.done = 0

    def run(self, html: str) -> str:
        at = 0
        while found := TOKEN.search(html, at):
            at = found.end()
            if found[2] is None:
                continue
            name = lower(found[2])
            if found[1]:
                kept = self._close(name)
            elif name in RAW:
                at = end_of_raw(html, name, at)
                continue
            elif name in _START_LEFT_OUT:
                kept, at = False, _behind_left_out(html, name, at)
            elif name == "math":
                formula = _FORMULA.match(html, found.end(2))
                kept, at = formula is not None, formula.end() if formula else at
            else:
                kept = self._open(name, found)
            if self.reopened > MAX_REOPENED:
                at = self._remove_formatting()
            elif not kept:
                self.pieces += (html[self.done : found.start()], "" if name in _INLINE else " ")
                self.done = at
        return "".join([*self.pieces, html[self.done :]])

    def _remove_formatting(self) -> int:
        """Go back to the first open formatting element, and remove all formatting from there on."""
        first = self.formatting[0]
        self.open, self.dropped = _OpenElements(first.open), Counter(first.dropped)
        del self.pieces[first.pieces :]
        self.done = first.done
        self.formatting.clear()
        self.without_formatting, self.reopened = True, 0
        return first.start

    def _open(self, name: str, found: re.Match[str]) -> bool:
        """Whether the start tag is kept."""
        if name in _FORMATTING:
            return self._open_formatting(name, found)
        if name in _VOID:
            return True
        self.reopened += len(self.formatting)
        if name in _SELF_ENDING:
            return True
        if len(self.open.names) >= MAX_DEPTH:
            self.dropped[name] += 1
            return False
        self.open.open(name)
        return True

    def _close(self, name: str) -> bool:
        """Whether the end tag is kept."""
        if name in _FORMATTING:
            return self._close_formatting(name)
        if name in _VOID or name in _SELF_ENDING:
            return True
        if self.dropped[name]:
            self.dropped[name] -= 1
            return False
        if self.open.close(name):
            self.dropped.clear()
        return True

    def _open_formatting(self, name: str, found: re.Match[str]) -> bool:
        if self.without_formatting:
            return False
        if len(self.formatting) >= MAX_FORMATTING:
            self.dropped_formatting += 1
            return False
        before = (tuple(self.open.names), dict(self.dropped), len(self.pieces), self.done)
        self.formatting.append(_Formatting(name, found.start(), *before))
        return True

    def _close_formatting(self, name: str) -> bool:
        if self.without_formatting:
            return False
        if self.dropped_formatting:
            self.dropped_formatting -= 1
            return False
        for place in reversed(range(len(self.formatting))):
            # An end tag closes the innermost element of its name, unless a barrier was opened in that element.
            if self.formatting[place].barriers < self.open.barriers:
                break
            if self.formatting[place].name == name:
                del self.formatting[place]
                break
        return True


def _behind_left_out(html: str, name: str, at: int) -> int:
    """The end of the element that is left out; ``at`` if the element has no end, or contains elements that do not
    belong to it."""
    if name not in _END_OF_LEFT_OUT:
        return at
    found = _END_OF_LEFT_OUT[name].search(html, at)
    if found is None or not found[1]:
        return at
    end = TOKEN.match(html, found.start())
    assert end is not None  # the pattern found an end tag
    return end.end()
