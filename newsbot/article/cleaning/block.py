"""The state of an element while the clean article is written, and which blocks may contain which other blocks."""

from __future__ import annotations

import re
from enum import Enum, auto

from newsbot.article.cleaning.output import Mark

LOOSE_CONTEXT = frozenset({"", "details"})  # words directly in one of these get a paragraph of their own
WORDS_ONLY = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "summary", "pre"})  # cannot hold a block
JUDGED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote"})
# The author listed, quoted or tabulated the text in these elements: "Share" may be the head of a column.
SPOKEN = frozenset({"li", "td", "th", "dt", "dd", "blockquote", "caption", "figcaption"})
SEPARATORS = {
    "li": "\n",
    "tr": "\n",
    "td": "\t",
    "th": "\t",
    "dt": "\n",
    "dd": "\n",
    "figcaption": "\n",
    "caption": "\n",
}
RANK = {"": 0, " ": 1, "\t": 2, "\n": 3, "\n\n": 4}
WIDEST = "\n\n"
_SPACES = re.compile(" {2,}")
LISTS = frozenset({"ul", "ol"})


class Said(Enum):
    """What the words of a block are: the author's, a plugin's, a label for the next words, or an embed's address."""

    AUTHOR = auto()
    PLUGIN = auto()
    LABEL = auto()
    ADDRESS = auto()


# These are names of the module, because reading a member from its class takes time, and each block needs a member.
AUTHOR, PLUGIN, LABEL, ADDRESS = Said


class Block:
    """An element that is being written.

    ``loose``: a paragraph that the writer adds around words that are in no paragraph. ``solid``: the block contains a
    picture or similar, and is not judged by its words. ``mark``: where its output began, as lengths of html, text,
    words and links. ``run`` and ``separator``: whether words stood directly before the block, and the separator at that
    place. ``embed``: the post that the block quotes. ``number``: of an ordered list, the number of the next item; of an
    item, its own number. ``bullet``: where the item's bullet began in the text, and the separator before it.
    ``counter``: a script would write a number into the block. ``cut``: an element in the block was removed.
    """

    # Class attributes, since most blocks never change these values and a post makes hundreds of blocks.
    solid = False
    run = False
    separator = ""
    counter = False
    cut = False
    embed: tuple[str, str] | None = None
    mark: Mark = (0, 0, 0, 0)
    number = 0
    bullet: tuple[int, str] = (0, "")

    def __init__(self, tag: str, start: str = "", end: str = "", *, loose: bool = False, opened: bool = False) -> None:
        self.tag = tag
        self.start = start
        self.end = end
        self.loose = loose
        self.opened = opened


def folded(text: str) -> str:
    """Text with one space for each run of HTML white space."""
    # In most cases a line break is the only change. Replacing one letter takes a tenth of the time of a regular
    # expression.
    for space in "\n\t\r\f":
        if space in text:
            text = text.replace(space, " ")
    return _SPACES.sub(" ", text) if "  " in text else text
