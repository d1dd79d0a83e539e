"""Parses the HTML of a post into a tree."""

from __future__ import annotations

import re
import threading

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

# If a post begins with these elements, a parser moves them to the head of the document, or drops them.
_NO_BODY = re.compile(
    r"<(?:[!/?]|(?:html|head|body|title|meta|link|base|basefont|bgsound|script|style|noscript|noframes|template)\b)",
    re.I,
).match
_SPACE = " \t\n\r\f"
_FEW = 16
"""The most posts that one document parses. A document keeps some 35 KB of memory for each post until the document
itself is freed."""
_HUGE = 100_000


class _Shared(threading.local):
    """A document that parses one post after the other. Making a document costs more than parsing a short post."""

    body: LexborNode | None = None
    left = 0

    def parse(self, html: str) -> LexborNode:
        if len(html) > _HUGE:
            return _filled(html)
        if self.body is None or self.left <= 0:
            self.left = _FEW
            self.body = _filled("")
        self.left -= 1
        self.body.inner_html = html
        return self.body


_shared = _Shared()


def _filled(html: str) -> LexborNode:
    body = _document("<body></body>")
    assert body is not None  # the parser always writes a body
    body.inner_html = html
    return body


def parse(html: str) -> LexborNode:
    """The body of ``html``. Its nodes must not be read after the next call in the same thread."""
    html = html.lstrip(_SPACE)
    body = _document(html) if _NO_BODY(html) else None
    return body or _shared.parse(html)  # a document that is a set of frames has no body


def _document(html: str) -> LexborNode | None:
    return LexborHTMLParser(html, options=LexborDocumentOptions.WO_EVENTS).body
