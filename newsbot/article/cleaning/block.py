"""An element of the clean article on its way, and what blocks are to each other."""

from __future__ import annotations

from newsbot.article.cleaning.headings import Mark

LOOSE_CONTEXT = frozenset({"", "details"})  # loose words need a paragraph of their own here
WORDS_ONLY = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "summary", "pre"})  # cannot hold a block
JUDGED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote"})
# What stands in these is what somebody lists, quotes or tabulates: "Share" may well be a column's head.
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


class Block:
    """An element on its way.

    ``loose``: a paragraph nobody wrote, for loose words. ``solid``: it holds a picture or the like, and is not
    to be judged by its words. ``mark``: where its output began, as lengths of html, text, words and links.
    ``before``: whether words stood right before it, and the separator then. ``embed``: the post elsewhere it quotes.
    ``number``: of an ordered list its next item's, of an item its own. ``bullet``: where an item's began in the text,
    and the separator that stood before it.
    """

    # Of the class, since most blocks never change them and a post makes hundreds.
    solid = False
    before: tuple[bool, str] = (False, "")
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
