"""The walk through the blocks of a post: paragraphs, headings, lists, quotations, figures, tables, and their words.

An ``_enter`` method returns how to leave the element, or None where the element is finished.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning import shortcodes
from newsbot.article.cleaning.block import Block
from newsbot.article.cleaning.follow_us import inviting
from newsbot.article.cleaning.house_ads import labelled
from newsbot.article.cleaning.iframes import Quoted, quoted_embed
from newsbot.article.cleaning.judgement import Judgement
from newsbot.article.cleaning.junk_elements import MOST_NAMES, JunkElements
from newsbot.article.cleaning.line import Line, LineReader
from newsbot.article.cleaning.media import MediaWriter
from newsbot.article.cleaning.nodes import TEXT
from newsbot.article.cleaning.removal import LONG_RUN
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.cleaning.tags import BLOCKS, attribute, integer, numbering, spans
from newsbot.article.cleaning.writer import Writer
from newsbot.article.embeds import is_own_name
from newsbot.article.links import absolute
from newsbot.article.text import scrub
from newsbot.items import Embed, Image

Leave = Callable[[], None]

# A tab between words stays a tab in a paragraph without attributes, and becomes a space in a paragraph with attributes.
_UNALIKE = re.compile(r"[\t\r\f]").search
_BARE_HEADING = len("<h2>")


class BlockWalk:
    """What a walk writes, and how it enters blocks. ``judgement`` decides what is removed."""

    def __init__(
        self, judgement: Judgement, *, base: str, closed: Set[str], targets: Set[str], references: bool = True
    ) -> None:
        self.judgement = judgement
        self.writer = Writer(judgement)
        self.media = MediaWriter(self.writer, base=base, rules=judgement.rules, counts=judgement.counts)
        self.sentences = 0
        self._base = base
        self._rules = judgement.rules
        self._bare_tags = self._rules.selectors.bare_tags
        self._closed = closed
        self.targets = targets
        self._references = references
        self._code = 0
        self._figures: list[tuple[Block, list[Image]]] = []  # each open figure, and the pictures before it
        self._captions: list[int] = []  # where the text of each open caption begins
        self._junk = JunkElements(judgement, self.writer, base)
        # A line reader does not handle ids that links lead to, or control characters: the walk handles posts with
        # these.
        usable = not (targets or references)
        self._lines = LineReader(self._rules, base, self._junk.names, MOST_NAMES) if usable else None

    def _enter_paragraph(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        """Write a paragraph of one text directly. It is the most common element."""
        if attributes and "wp-caption-text" in (attributes.get("class") or ""):
            return self._enter_caption(tag, node, attributes)
        start = f"<p{self._id(attributes)}>" if attributes and self.targets else "<p>"
        only = node.first_child
        if start == "<p>" and only is not None and only.tag_id == TEXT and only.next is None:
            text = only.text_content or ""
            if "[" not in text and not (attributes and _UNALIKE(text)):
                if self._references:
                    text = scrub(text)
                length = len(text)
                if length >= LONG_RUN:
                    self.sentences += length
                self.writer.leaf(text)
                return None
        if start == "<p>" and self.writer.is_between_blocks:
            line = self._line(node)
            if line is not None:
                self.writer.paragraph(line)
                return None
            self.writer.begin("p", start)
            return self.writer.end
        return self._fill(node) if self.writer.begin("p", start) else self.writer.end

    def _enter_heading(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        """Write a heading of one text directly."""
        start = f"<{tag}{self._id(attributes)}>" if attributes else f"<{tag}>"
        only = node.first_child
        if len(start) == _BARE_HEADING and only is not None and only.tag_id == TEXT and only.next is None:
            text = only.text_content or ""
            if "[" not in text and not _UNALIKE(text):
                self.writer.leaf(self._text(text), tag)
                return None
        return self._fill(node) if self.writer.begin(tag, start) else self.writer.end

    def _enter_item(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        start = f"<{tag}{self._id(attributes)}>" if attributes else f"<{tag}>"
        return self._fill(node) if self.writer.begin(tag, start) else self.writer.end

    def _fill(self, block: LexborNode) -> Leave | None:
        """Write all the content of a block that was entered, if it is a text or a line. Otherwise the walk continues in
        the block."""
        only = block.first_child
        if only is not None and only.tag_id == TEXT and only.next is None:
            text = only.text_content or ""
            if text.isspace():
                self.writer.space(text)
            else:
                self._write(text)
        elif (line := self._line(block)) is not None:
            self.writer.fill(line)
        else:
            return self.writer.end
        self.writer.end()
        return None

    def _line(self, block: LexborNode) -> Line | None:
        """The content of a block that holds only words, formatting and links."""
        line = None if self._lines is None or self.writer.is_formatting else self._lines.read(block)
        if line is not None:
            self.sentences += line.sentences
            self._junk.patience -= line.styled
        return line

    def _enter_block(self, tag: str, _: LexborNode, attributes: Attributes) -> Leave:
        name = BLOCKS[tag]
        self.writer.begin(name, f"<{name}{self._id(attributes)}>" if attributes else f"<{name}>")
        return self.writer.end

    def _enter_ordered(self, _: str, _node: LexborNode, attributes: Attributes) -> Leave:
        if self.writer.begin("ol", f"<ol{self._id(attributes)}{numbering(attributes)}>"):
            self.writer.number(integer(attributes.get("start"), default=1))
        return self.writer.end

    def _enter_pre(self, _: str, _node: LexborNode, attributes: Attributes) -> Leave:
        if not self.writer.begin("pre", f"<pre{self._id(attributes)}>"):
            return self.writer.end
        self._code += 1
        return self._leave_pre

    def _enter_figure(self, _: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        rule = labelled(node, self._rules)
        if rule is not None and self._junk.remove(rule, node):
            return None
        if not self.writer.begin("figure", f"<figure{self._id(attributes)}>"):
            return self.writer.end
        self._figures.append((self.writer.innermost, self.media.new_figure()))
        return self._leave_figure

    def _enter_caption(self, _: str, _node: LexborNode, attributes: Attributes) -> Leave:
        if not self.writer.begin("figcaption", f"<figcaption{self._id(attributes)}>"):
            return self.writer.end
        self._captions.append(len(self.writer.text))
        return self._leave_caption

    def _enter_quote(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        """Enter a quotation, or a post of a social network. If a post has no words, only its link remains."""
        quoted = self._quoted(node, attributes)
        if quoted is None:
            return self._enter_block(tag, node, attributes)
        provider, url = quoted.embed.provider, quoted.embed.url
        if not (quoted.words or quoted.caption):
            self.media.embed(provider, url)
            return None
        start = f"<blockquote{attribute('cite', url)}{attribute('data-embed', provider)}>"
        self.writer.begin("blockquote", start, embed=(provider, url))
        if quoted.words:
            return self.writer.end
        for line in quoted.caption:
            self.writer.begin("p", "<p>")
            self._write(line)
            self.writer.end()
        self.writer.end()
        return None

    def _quoted(self, node: LexborNode, attributes: Attributes) -> Quoted | None:
        names = attributes.get("class") or ""
        if not names and "data-embed" not in attributes:
            return None
        url, provider = absolute(attributes.get("cite"), self._base), attributes.get("data-embed")
        if provider is not None and url is not None and is_own_name(provider, url):
            return Quoted(Embed(provider=provider, url=url), words=True)
        self._junk.patience -= 1
        return quoted_embed(names, node, attributes, self._base) if self._junk.patience > 0 else None

    def _enter_table(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        rule = inviting(node, self._base, self._rules)
        if rule is not None and self._junk.remove(rule, node):
            return None
        return self._enter_table_part(tag, node, attributes)

    def _enter_table_part(self, tag: str, _: LexborNode, _attributes: Attributes) -> Leave:
        self.writer.begin(tag, f"<{tag}>", now=True)
        return self.writer.end

    def _enter_cell(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        begun = self.writer.begin(tag, f"<{tag}{spans(attributes)}>", now=True)
        return self._fill(node) if begun else self.writer.end

    def _leave_pre(self) -> None:
        self._code -= 1
        self.writer.end()

    def _leave_figure(self) -> None:
        figure, pictures = self._figures.pop()
        self.writer.end()
        # A figure that stayed empty is not written: the caption after it belongs to the pictures before it.
        self.media.new_figure(None if figure.opened else pictures)

    def _leave_caption(self) -> None:
        words = " ".join("".join(self.writer.text[self._captions.pop() :]).split())
        self.media.caption(words)
        self.writer.end()

    def _write(self, text: str) -> None:
        """Write the words of a text node, and the pictures of its shortcodes at their places."""
        if "[" not in text or self._code:
            if self._references:
                text = scrub(text)
            length = len(text)
            if length >= LONG_RUN:
                self.sentences += length
            self.writer.words(text)
            return
        words, pictures, count = shortcodes.strip(scrub(text) if self._references else text, self._closed)
        if count:
            self.judgement.counts["shortcode"] += count
        self.writer.words(self._counted(words[0]))
        for url, behind in zip(pictures, words[1:], strict=True):
            self.writer.boundary()
            self.media.image({"src": url})
            self.writer.boundary()
            self.writer.words(self._counted(behind))

    def _text(self, text: str) -> str:
        return self._counted(scrub(text) if self._references else text)

    def _counted(self, text: str) -> str:
        if len(text) >= LONG_RUN:
            self.sentences += len(text)
        return text

    def _id(self, attributes: Attributes) -> str:
        if not self.targets:
            return ""
        name = attributes.get("id") or attributes.get("name")
        return attribute("id", name) if name and name in self.targets else ""
