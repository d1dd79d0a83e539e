"""Headings with nothing under them: "Related posts" above a list that a rule removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsbot.article.cleaning.output import Mark, Output
from newsbot.article.teaser import invites_to_read_on

RANKS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
LONGEST = 60
"""The greatest length of a plugin's label, in letters."""


@dataclass(slots=True)  # making a frozen instance takes three times as long
class Heading:
    """A heading that was written: where it begins in the output, and the length of the HTML where it ends."""

    tag: str
    words: str
    begin: Mark
    end: int


class Headings:
    """The headings at the end of the output, directly one after the other. ``bare(words)`` decides whether a heading
    with these words may be removed, ``is_own(url)`` whether a URL is that of the article."""

    def __init__(self, bare: Callable[[str], bool], is_own: Callable[[str], bool]) -> None:
        self._bare, self._is_own = bare, is_own
        self._last: list[Heading] = []

    def follow(self, after: Heading, output: Output) -> None:
        """Remove the headings before ``after`` that have nothing under them. ``after`` was just written to
        ``output``."""
        begin, end = after.begin, after.end
        while self._last and self._last[-1].end == begin[0] and self._last[-1].tag >= after.tag:
            last = self._last[-1]
            if len(last.words) > LONGEST or self._leads_on(last, begin, output) or not self._bare(last.words):
                break
            self._last.pop()
            output.remove(last.begin, begin)
            end -= begin[0] - last.begin[0]
            begin = last.begin
        if self._last and self._last[-1].end != begin[0]:
            self._last.clear()
        self._last.append(Heading(after.tag, after.words, begin, end))

    def _leads_on(self, label: Heading, end: Mark, output: Output) -> bool:
        """Whether a label such as "Read more" is a link to an address that no link before it has. Without the label the
        article would lose the address: an author's button often is the only link to a report. In an excerpt of the
        article itself the label has the address of the article."""
        if label.tag in RANKS or label.begin[3] == end[3] or not invites_to_read_on(label.words):
            return False
        links = {link for link in output.links[label.begin[3] : end[3]] if not self._is_own(link)}
        return not links.issubset(output.links[: label.begin[3]])
