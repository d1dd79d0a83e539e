"""Headings with nothing under them: "Related posts" above a list that a rule removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

RANKS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
LONGEST = 60
"""The greatest length of a plugin's label, in letters."""

Mark = tuple[int, int, int, int]


@dataclass(slots=True)  # to make a frozen one takes three times as long
class Heading:
    """A heading that was written: where its output began, as lengths of html, text, words and links, and where it
    ended."""

    tag: str
    words: str
    mark: Mark
    end: int


class Headings:
    """The headings at the end of what is written so far, directly one after the other. ``bare(words)`` says which may
    go."""

    def __init__(self, written: tuple[list[str], list[str], list[str]], bare: Callable[[str], bool]) -> None:
        self._html, self._text, self._links = written
        self._bare = bare
        self._last: list[Heading] = []

    def follow(self, after: Heading) -> int:
        """``after`` was written. Removes the headings before it that have nothing under them, and returns their
        letters."""
        gone, mark, end = 0, after.mark, after.end
        while self._last and self._last[-1].end == mark[0] and self._last[-1].tag >= after.tag:
            last = self._last[-1]
            if len(last.words) > LONGEST or not self._bare(last.words):
                break
            self._last.pop()
            del self._html[last.mark[0] : mark[0]]
            del self._text[last.mark[1] : mark[1]]
            del self._links[last.mark[3] : mark[3]]
            gone += mark[2] - last.mark[2]
            end -= mark[0] - last.mark[0]
            mark = last.mark
        if self._last and self._last[-1].end != mark[0]:
            self._last.clear()
        self._last.append(Heading(after.tag, after.words, mark, end))
        return gone
