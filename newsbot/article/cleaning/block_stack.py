"""The open blocks of the article that is being written.

The start tag of a paragraph or a list is written with its first word or picture, so that an empty element is never
written. Formatting that spans blocks is closed and reopened around them. A block is judged when it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from newsbot.article.cleaning.block import (
    ADDRESS,
    AUTHOR,
    JUDGED,
    LABEL,
    LISTS,
    LOOSE_CONTEXT,
    PLUGIN,
    RANK,
    SEPARATORS,
    SPOKEN,
    WIDEST,
    WORDS_ONLY,
    Block,
    Said,
)
from newsbot.article.cleaning.formatting import Formatting
from newsbot.article.cleaning.headings import RANKS, Heading, Headings
from newsbot.article.cleaning.output import Output

# Nesting that is deeper than any author's is flattened, since readers and parsers fail on deeper nesting.
MAX_BLOCKS = 48
MAX_INLINES = 16
SHORT_BLOCK = 160
LINKED_BLOCK = 320  # "The post <title> appeared first on <site>"
NOTE = 600  # a paragraph of several sentences that says that the site earns money with its links
_NO_TAGS = ("", "", None)
"""Formatting whose tags are left out. Its content is written."""

BOLD = frozenset({"<b>", "<strong>"})


class Judge(Protocol):
    """Decides about blocks that were written. See ``Judgement``."""

    def block(
        self, words: str, hrefs: Sequence[str], tag: str, counter: bool = False, bold: bool = False, cut: bool = False
    ) -> Said: ...

    def note(self, words: str) -> Said: ...

    def bare(self, words: str) -> bool: ...

    def is_own_page(self, url: str) -> bool: ...


class BlockStack(Output):
    """The open elements of the output. ``judge`` decides about each short block that ends, and about each heading or
    label with nothing under it, at the end or before the next heading of its rank. ``show_address`` writes the embed of
    an address that is alone in a paragraph."""

    show_address: Callable[[str], None]

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self._judge = judge
        self._headings = Headings(judge.bare, judge.is_own_page)
        self._formatting = Formatting(self.html, self.links)
        self._blocks = [Block("", opened=True)]
        self._holder = self._blocks[0]  # the innermost block that is written: words go into it
        self._ghosts: list[bool] = []  # for each call of ``begin``, whether its block was flattened
        self._separator = ""
        self._run = False  # words or pictures stand directly before, in the same block
        self._space = False
        self._break = False

    @property
    def is_between_blocks(self) -> bool:
        """Whether no block and no formatting is open."""
        return self._holder is self._blocks[0] and not self._formatting.inlines

    @property
    def is_formatting(self) -> bool:
        """Whether formatting or a link is open."""
        return bool(self._formatting.inlines)

    @property
    def innermost(self) -> Block:
        """The block that ``begin`` entered last. Its ``opened`` says whether it was written."""
        return self._holder

    def begin(self, tag: str, start: str, *, now: bool = False, embed: tuple[str, str] | None = None) -> bool:
        """Enter a block. ``now`` writes the block even if it stays empty, which the cells of a table need.

        Returns False if the block is not allowed. Then only its edges are written.
        """
        parent = self._holder
        if parent.tag == "p":
            self._leave_paragraph()
            parent = self._holder
        flat = parent.tag in WORDS_ONLY or len(self._blocks) > MAX_BLOCKS
        self._ghosts.append(flat)
        if flat:
            self.boundary()
            return False
        if self._formatting.written:
            self._formatting.close()
        self._holder = block = Block(tag, start, f"</{tag}>")
        # These are set here, because a call with keyword arguments would take twice the time.
        block.run, block.separator = self._run, self._separator
        if embed is not None:
            block.embed = embed
        self._run = self._space = self._break = False
        self._blocks.append(block)
        if parent.tag == "li" and tag in LISTS:
            self._want("\n")
        elif tag in SEPARATORS:
            self._want(SEPARATORS[tag])
        else:
            self._separator = WIDEST
        if tag == "li" and parent.number:
            block.number = parent.number
            parent.number += 1
        if now:
            self._open_blocks()
        return True

    def number(self, start: int) -> None:
        """Number the items of the list that was begun last."""
        self._holder.number = start

    def end(self) -> None:
        """Leave the block that the last ``begin`` entered."""
        if self._ghosts.pop():
            self.boundary()
            return
        if self._holder.loose:
            self._close()
        self._close()

    def finish(self) -> None:
        """Close all open elements, such as the paragraph of loose words at the end."""
        while len(self._blocks) > 1:
            self._close()
        self._headings.follow(Heading("h1", "", self.mark(), len(self.html)), self)

    def boundary(self) -> None:
        """Mark the edge of a wrapper: the words after it do not belong to the line before."""
        if self._holder.loose:
            self._close()
        else:
            self._break = self._run
            if self._holder.tag != "pre":
                self._want("\n")

    def inline(self, start: str, end: str, *, href: str | None = None) -> None:
        """Enter formatting, or a link to ``href``."""
        inlines = self._formatting.inlines
        new = (start, end, href)
        inlines.append(_NO_TAGS if len(inlines) >= MAX_INLINES or new in inlines else new)

    def inline_end(self) -> None:
        """Leave the innermost formatting or link."""
        self._formatting.leave()

    def _open(self) -> None:
        """Prepare the output for words: write the start tags that wait, in order, and the white space before the
        words."""
        holder = self._holder
        if holder.tag in LOOSE_CONTEXT:
            self._holder = holder = Block("p", "<p>", "</p>", loose=True)
            holder.separator = self._separator
            self._blocks.append(holder)
            self._separator = WIDEST
        if not holder.opened:
            self._open_blocks()
        if self._run:
            if self._break:
                self._formatting.close()
                if holder.tag != "pre":
                    self.html.append("<br>")
                    self._want("\n")
                elif self.html[-1][-1] != "\n":
                    self.html.append("\n")
                    self.text.append("\n")
            elif self._space:
                self.html.append(" ")
                self._separator = self._separator or " "
        if self._formatting.written < len(self._formatting.inlines):
            self._formatting.open()
        self._run, self._space, self._break = True, False, False

    def _open_blocks(self) -> None:
        blocks = self._blocks
        index = len(blocks)
        while not blocks[index - 1].opened:
            index -= 1
        html = self.html
        mark = self.mark()
        while index < len(blocks):
            block = blocks[index]
            block.opened = True
            block.mark = mark
            html.append(block.start)
            if block.tag == "li":
                self._bullet(block)
            index += 1

    def _bullet(self, item: Block) -> None:
        depth = -1
        for block in self._blocks:
            depth += block.tag == "li"
            if block is item:
                break
        item.bullet = (len(self.text), self._separator)
        self._flush()
        self.text.append("  " * depth + (f"{item.number}. " if item.number else "- "))

    def _flush(self) -> None:
        if self._separator and self.text:
            self.text.append(self._separator)
        self._separator = ""

    def _want(self, separator: str) -> None:
        if RANK[separator] > RANK[self._separator]:
            self._separator = separator

    def _leave_paragraph(self) -> None:
        """End the open paragraph, since a paragraph cannot contain a block. Words after the block get a loose
        paragraph."""
        if self._holder.loose:
            self._close()
        elif self._holder.tag == "p":
            self._close()
            self._blocks.append(Block(""))
            self._holder = self._blocks[-1]

    def _close(self) -> None:
        if self._formatting.written:
            self._formatting.close()
        block = self._blocks.pop()
        self._holder = parent = self._blocks[-1]
        if not block.opened:
            self._leave_edge(block)
            return
        tag = block.tag
        said = AUTHOR if block.solid or tag not in JUDGED else self._said(block)
        if said is PLUGIN or said is ADDRESS:
            words = self._take_back(block)
            self._leave_edge(block)
            if said is ADDRESS:
                self.show_address(words)
            return
        self._run = self._space = self._break = False
        if tag == "li" and self.length == block.mark[2]:
            # An item with only a picture has no text: its bullet is removed, and the gap before the item is kept for
            # the next words.
            at, self._separator = block.bullet
            del self.text[at:]
        self.html.append(block.end)
        if block.solid:
            parent.solid = True
        elif len(self._blocks) == 1 and (said is LABEL or tag in RANKS):
            self._headings.follow(Heading(tag, self.words_since(block.mark), block.mark, len(self.html)), self)
        if block.embed is not None:
            self.embeds.setdefault(block.embed)
        if tag in SEPARATORS:
            self._want(SEPARATORS[tag])
        elif tag:
            self._separator = WIDEST

    def _leave_edge(self, block: Block) -> None:
        """Write only the edge of a block that itself is not written."""
        self._run, self._separator = block.run, block.separator
        self._break, self._space = self._run, False
        if block.tag:
            self._want("\n")

    def _speaker(self, block: Block) -> str:
        """The tag by which a block is judged: a paragraph in a cell or an item is judged like the cell or the item."""
        for each in reversed(self._blocks):
            if each.tag in SPOKEN:
                return each.tag
        return block.tag

    def _said(self, block: Block) -> Said:
        """Decide whether the words of a block that ends are the author's. Of long blocks, only notes are judged."""
        html_at, _, length, links_at = block.mark
        letters = self.length - length
        if not 0 < letters <= NOTE:
            return AUTHOR
        words = self.words_since(block.mark)
        if letters > (LINKED_BLOCK if len(self.links) > links_at else SHORT_BLOCK):
            return AUTHOR if self._speaker(block) in SPOKEN else self._judge.note(words)
        if block.tag == "li":
            words = words.partition(" ")[2]
        # One run of bold words in a paragraph is an author's heading without a heading's element.
        bold = len(self.html) == html_at + 4 and self.html[html_at + 1] in BOLD and len(self._blocks) == 1
        return self._judge.block(words, self.links[links_at:], self._speaker(block), block.counter, bold, block.cut)

    def _take_back(self, block: Block) -> str:
        """Remove all that was written since a block began, and the start tags of its ancestors that were written with
        it. Returns the words."""
        words = self.words_since(block.mark)
        self.remove(block.mark, self.mark())
        for ancestor in self._blocks[1:]:
            if ancestor.mark == block.mark:
                ancestor.opened = False
        return words
