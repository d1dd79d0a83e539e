"""Writes the clean article: HTML and text are written together, in one pass.

A parser reads the output as the tree that was written, so cleaning the output again changes nothing.
"""

from __future__ import annotations

from newsbot.article.cleaning.block import ADDRESS, AUTHOR, LABEL, PLUGIN, WIDEST, folded
from newsbot.article.cleaning.block_stack import BOLD, LINKED_BLOCK, NOTE, SHORT_BLOCK, BlockStack
from newsbot.article.cleaning.headings import Heading
from newsbot.article.cleaning.line import Line
from newsbot.article.cleaning.tags import escape


class Writer(BlockStack):
    """The output of one walk: words, pictures, lines and whole paragraphs, each in the block that is open."""

    def words(self, text: str) -> None:
        """Write text between tags. White space is folded, except inside ``<pre>``."""
        if self._holder.tag == "pre":
            self._verbatim(text)
            return
        # This code runs for each text of a post. Most texts need no function call here.
        if "\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text:
            text = folded(text)
        body = text.strip()
        if not body:
            self._space = self._space or bool(text)
            return
        if body[0] != text[0]:
            self._space = True
        formatting = self._formatting
        if self._run and not self._break and formatting.written == len(formatting.inlines):
            # Most words come in the middle of a block, where nothing must be opened.
            if self._space:
                self.html.append(" ")
                self._separator = self._separator or " "
        else:
            self._open()
        self.html.append(escape(body) if "&" in body or "<" in body or ">" in body or "\xa0" in body else body)
        if self._separator:
            self._flush()
        self.text.append(body)
        self.length += len(body)
        self._space = body[-1] != text[-1]

    def leaf(self, text: str, tag: str = "p") -> None:
        """Write a paragraph or a heading that holds only ``text``: the same as ``begin``, ``words``, ``end``, at half
        the cost."""
        if self._holder is not self._blocks[0] or self._formatting.inlines:
            self.begin(tag, f"<{tag}>")
            self.words(text)
            self.end()
            return
        body = folded(text).strip() if "\n" in text or "  " in text else text.strip()
        length = len(body)
        said = AUTHOR
        if 0 < length <= SHORT_BLOCK:
            said = self._judge.block(body, (), tag)
        elif 0 < length <= NOTE:
            said = self._judge.note(body)
        if not length or said is PLUGIN or said is ADDRESS:
            self._want("\n")
            if said is ADDRESS:
                self.show_address(body)
            return
        begin = self.mark() if said is LABEL or tag != "p" else None
        if self.text:
            self.text.append("\n\n")
        self.text.append(body)
        if tag == "p":
            self.html += ("<p>", escape(body), "</p>")
        else:
            self.html += (f"<{tag}>", escape(body), f"</{tag}>")
        self.length += length
        self._separator = "\n\n"
        if begin is not None:
            self._headings.follow(Heading(tag, body, begin, len(self.html)), self)
        self._space = False

    def paragraph(self, line: Line) -> None:
        """Write a paragraph between blocks: the same as ``begin``, ``fill``, ``end``, at a third of the cost."""
        if not line.letters:
            self._want("\n")
            return
        words, links = "".join(line.text), line.links
        said = AUTHOR
        if line.letters <= (LINKED_BLOCK if links else SHORT_BLOCK):
            bold = len(line.html) == 3 and line.html[0] in BOLD
            said = self._judge.block(words, links, "p", False, bold)
        elif line.letters <= NOTE:
            said = self._judge.note(words)
        if said is PLUGIN or said is ADDRESS:
            self._want("\n")
            if said is ADDRESS:
                self.show_address(words)
            return
        begin = self.mark() if said is LABEL else None
        if self.text:
            self.text.append(WIDEST)
        self.text.append(words)
        self.html.append("<p>")
        self.html += line.html
        self.html.append("</p>")
        self.links += links
        self.length += line.letters
        self._separator = WIDEST
        self._space = False
        if begin is not None:
            self._headings.follow(Heading("p", words, begin, len(self.html)), self)

    def fill(self, line: Line) -> None:
        """Write all the content of the block that ``begin`` entered."""
        if line.letters:
            self._open()
            self.html += line.html
            self._flush()
            self.text += line.text
            self.links += line.links
            self.length += line.letters

    def space(self, text: str) -> None:
        """Write white space between tags."""
        if self._holder.tag == "pre":
            self._verbatim(text)
        else:
            self._space = True

    def thing(self, html: str) -> None:
        """Write a picture or another element without words. ``html`` is complete and safe."""
        self._open()
        self._holder.solid = True
        self.html.append(html)

    def alone(self, html: str) -> None:
        """Write a ``thing`` in a paragraph of its own."""
        self.boundary()
        self.thing(html)
        self.boundary()

    def counter(self) -> None:
        """Mark the innermost block: a script would write a number into it."""
        self._holder.counter = True

    def cut(self) -> None:
        """Mark the innermost block: an element in it was removed."""
        self._holder.cut = True

    def line(self) -> None:
        """Write a ``<br>``. It is kept between words and dropped at the edges of a block. In ``<pre>`` it is a line
        feed."""
        if self._holder.tag == "pre":
            self._verbatim("\n")
        else:
            self._break = self._run

    def rule(self) -> None:
        """Write an ``<hr>`` between blocks, but not at the start."""
        self._leave_paragraph()
        if self._holder.tag in ("", "blockquote") and self.html and self.html[-1] != "<hr>":
            self._formatting.close()
            self._open_blocks()
            self.html.append("<hr>")
            self._run = self._break = self._space = False
            self._want("\n\n")
        else:
            self.boundary()

    def _verbatim(self, text: str) -> None:
        # A parser drops a line feed at the start of <pre>, so no line feed is written there. Text that consists of
        # spaces is not written either.
        text = text if self._run else text.lstrip("\n")
        if text and (self._run or not text.isspace()):
            self._space = False
            self._break = self._break and text[0] != "\n"
            self._open()
            self.html.append(escape(text))
            self._flush()
            self.text.append(text)
            # A line feed between pictures is not a word: an item with only pictures has no bullet.
            self.length += 0 if text.isspace() else len(text)
