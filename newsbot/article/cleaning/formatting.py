"""The formatting and the links that are open where an article is written."""

from __future__ import annotations

Inline = tuple[str, str, str | None]
"""The start tag and the end tag of an element, and the URL if the element is a link."""


class Formatting:
    """The open elements, the outermost first. The first ``written`` of them have their start tags in ``html``: a start
    tag is written with the first word of its element, so that an empty element is never written. ``links`` gets the
    URLs.
    """

    __slots__ = ("_html", "_links", "inlines", "written")

    def __init__(self, html: list[str], links: list[str]) -> None:
        self.inlines: list[Inline] = []
        self.written = 0
        self._html = html
        self._links = links

    def open(self) -> None:
        """Write the start tags that wait for a word."""
        for start, _, href in self.inlines[self.written :]:
            self._html.append(start)
            if href is not None:
                self._links.append(href)
        self.written = len(self.inlines)

    def leave(self) -> None:
        """Leave the innermost element."""
        _, end, _ = self.inlines.pop()
        if self.written > len(self.inlines):
            self.written -= 1
            self._html.append(end)

    def close(self) -> None:
        """Write the end tags of all elements, before the edge of a block. The next word opens the elements again."""
        while self.written:
            self.written -= 1
            self._html.append(self.inlines[self.written][1])
