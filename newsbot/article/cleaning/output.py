"""The article that is written so far, as pieces of HTML and of text."""

from __future__ import annotations

Mark = tuple[int, int, int, int]
"""A place in the output: the lengths of its html, text, words and links at the time."""


class Output:
    """What is written so far. Base of the writer, which adds to the lists directly: a post adds some hundred pieces."""

    def __init__(self) -> None:
        self.html: list[str] = []
        self.text: list[str] = []
        self.length = 0  # characters of words
        self.links: list[str] = []  # URLs of links, each as often as it is linked
        self.embeds: dict[tuple[str, str], None] = {}  # (provider, address)

    def mark(self) -> Mark:
        """The end of the output."""
        return len(self.html), len(self.text), self.length, len(self.links)

    def words_since(self, mark: Mark) -> str:
        """The words that were written after a place."""
        return "".join(self.text[mark[1] :]).strip()

    def remove(self, begin: Mark, end: Mark) -> None:
        """Remove what was written between two places."""
        del self.html[begin[0] : end[0]]
        del self.text[begin[1] : end[1]]
        self.length -= end[2] - begin[2]
        del self.links[begin[3] : end[3]]
