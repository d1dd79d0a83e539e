"""Blocks that hold only words, formatting and links: most blocks of an article.

``read`` reads such a block in one loop, so that the writer gets its content at once. A block with other content is
walked node by node. The walk gives the same result for every block and takes twice the time. A test compares the two
results.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.block import folded
from newsbot.article.cleaning.formatting import Formatting, Inline
from newsbot.article.cleaning.hidden import shown
from newsbot.article.cleaning.nodes import NAMES, TEXT, tag_of
from newsbot.article.cleaning.removal import LONG_RUN
from newsbot.article.cleaning.rules import CleaningRules
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.cleaning.tags import INLINE, attribute, escape
from newsbot.article.images import is_picture
from newsbot.article.links import absolute

# The names of formatting in the output. The walk handles code, and formatting with attributes that are kept.
_FORMATTING = {
    tag: (f"<{written}>", f"</{written}>", None)
    for tag, written in INLINE.items()
    if written not in ("abbr", "time", "bdo", "code", "kbd", "samp")
}
_NEVER = frozenset({"id", "hidden", "data-embed", "data-pin-do"})
"""An element with one of these attributes is left to the walk."""

_THROUGH = frozenset({"span", "font"})
"""Elements whose tags are left out. Their content is written."""

_TAGS = frozenset({"a", "br"}) | _THROUGH | _FORMATTING.keys()

_MOST_INLINES = 3
"""The most formatting elements within each other. The walk handles deeper nesting, since it knows the limits."""


class Line:
    """The content of a block: pieces of HTML and of text, the URLs of its links, the number of letters in its words and
    in long runs of text, and the number of elements with a style. ``formatting``: the open formatting and links.
    """

    __slots__ = ("_break", "_run", "_space", "formatting", "html", "letters", "links", "sentences", "styled", "text")

    def __init__(self) -> None:
        self.html: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.formatting = Formatting(self.html, self.links)
        self.letters = self.sentences = self.styled = 0
        self._run = self._space = self._break = False  # as in ``BlockStack``

    def words(self, text: str) -> None:
        """Write a text, with one space for the white space between the text and the words before it."""
        length = len(text)
        if length >= LONG_RUN:
            self.sentences += length
        if "\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text:
            text = folded(text)
        body = text.strip()
        if not body:
            self._space = self._space or length > 0
            return
        if self._break:
            self._break_line()
        elif self._run and (self._space or body[0] != text[0]):
            self.html.append(" ")
            self.text.append(" ")
        formatting = self.formatting
        if formatting.written < len(formatting.inlines):
            formatting.open()
        self.html.append(escape(body) if "&" in body or "<" in body or ">" in body or "\xa0" in body else body)
        self.text.append(body)
        self.letters += len(body)
        self._run, self._space = True, body[-1] != text[-1]

    def line(self) -> None:
        """Write a ``<br>`` when the next words come. It is dropped at the edges of the block."""
        self._break = self._run

    def _break_line(self) -> None:
        self.formatting.close()
        self.html.append("<br>")
        self.text.append("\n")
        self._break = False


class LineReader:
    """Reads blocks of one post. ``names``: the classes that were read in the post, ``most_names`` of them at most."""

    def __init__(self, rules: CleaningRules, base: str, names: set[str | None], most_names: int) -> None:
        self._rules = rules
        self._base = base
        self._names = names
        self._most_names = most_names
        self._never = rules.selectors.asked_for | _NEVER
        # If a rule selects every element of a tag, the walk handles the block.
        self._usable = rules.selectors.bare_tags.isdisjoint(_TAGS)

    def read(self, block: LexborNode) -> Line | None:
        """The content of a block, or None if the block contains anything besides words, formatting and links."""
        if not self._usable:
            return None
        line = Line()
        # for each open element: the node after it, and whether the element is formatting
        behind: list[tuple[LexborNode | None, bool]] = []
        node = block.first_child
        while node is not None or behind:
            if node is None:
                node, formats = behind.pop()
                if formats:
                    line.formatting.leave()
            elif (number := node.tag_id) == TEXT:
                text = node.text_content or ""
                if "[" in text:
                    return None
                line.words(text)
                node = node.next
            else:
                tag = NAMES.get(number) or tag_of(node)
                if not self._enter(tag, node, line):
                    return None
                if tag == "br":
                    line.line()
                    node = node.next
                else:
                    behind.append((node.next, tag not in _THROUGH))
                    node = node.first_child
        return line

    def _enter(self, tag: str, node: LexborNode, line: Line) -> bool:
        """Enter an element. False if the walk must handle the element."""
        attributes = node.attributes
        if attributes and not self._is_plain(attributes, line):
            return False
        if tag in _THROUGH or tag == "br":
            return True
        found = self._link(attributes) if tag == "a" else _FORMATTING.get(tag)
        inlines = line.formatting.inlines
        if found is None or found in inlines or len(inlines) >= _MOST_INLINES:
            return False
        inlines.append(found)
        return True

    def _link(self, attributes: Attributes) -> Inline | None:
        """The tags of a link to another page, and its URL. None if the walk must handle the link."""
        url = absolute(attributes.get("href"), self._base)
        if url is None or url[0] == "#" or "tag" in (attributes.get("rel") or ""):
            return None
        if is_picture(url) or self._rules.match_url(url) is not None:
            return None
        return f"<a{attribute('href', url)}>", "</a>", url

    def _is_plain(self, attributes: Attributes, line: Line) -> bool:
        """Whether no attribute of an element makes it junk or gives it a meaning."""
        if not self._never.isdisjoint(attributes):
            return False
        if "class" in attributes:
            if len(self._names) > self._most_names:
                return False
            names = attributes["class"]
            self._names.add(names)
            if names and not self._rules.is_plain(names):
                return False
        if "style" in attributes:
            line.styled += 1
            return shown(attributes["style"] or "") == (False, False)
        return True
