"""Clean HTML as Markdown whose text stays text: it has no HTML, link or emphasis that the clean HTML did not have."""

from __future__ import annotations

import re

_PIECE = re.compile(r"(<(pre|code|samp|kbd|tt)\b[^<>]*>.*?</\2>)|(<[^<>]*>)|([^<]+)", re.S)
_ALT = re.compile(r'(\salt=")([^"]*)(")')
_SIGNS = ("&lt;", "&gt;", "&amp;", *"`*[]\\_~")
"""The signs that have a meaning in Markdown, as clean HTML writes them: a character reference, or the sign itself."""

# These signs have a meaning only at the places that the expression matches.
_AT = {
    "&amp;": re.compile(r"&amp;(?=#?\w{1,40};)"),
    "_": re.compile(r"(?<!\w)_|_(?!\w)"),
    "~": re.compile("~(?=~)"),
}

_WRITTEN = {"&lt;": "&lt;", "&gt;": "&gt;", "&amp;": "&amp;"}
"""Sign -> its form in Markdown. Every other sign gets a backslash. Some renderers do not support a backslash before
``<``."""

_FIRST_SPARE = 0xE100
"""The first of the private characters that stand for signs during the conversion."""


def markdown(html: str) -> str:
    """Clean HTML as Markdown. The conversion costs more than cleaning."""
    from html_to_markdown import convert

    stand_ins = _StandIns(html)
    content = convert(stand_ins.put(html)).content or ""
    return stand_ins.replace(content).strip()


class _StandIns:
    """Private characters that do not occur in the HTML. They replace the signs, and the converter does not change
    them."""

    def __init__(self, html: str) -> None:
        present = set(html)
        spare = (chr(code) for code in range(_FIRST_SPARE, 0xF8FF) if chr(code) not in present)
        self._of = {sign: next(spare) for sign in _SIGNS}
        self._signs = {ord(stand_in): _WRITTEN.get(sign, f"\\{sign}") for sign, stand_in in self._of.items()}

    def put(self, html: str) -> str:
        return _PIECE.sub(self._piece, html)

    def replace(self, text: str) -> str:
        return text.translate(self._signs)

    def _piece(self, found: re.Match[str]) -> str:
        code, tag, text = found[1], found[3], found[4]
        if code:
            return code
        if not tag:
            return self._text(text)
        return _ALT.sub(lambda alt: f"{alt[1]}{self._text(alt[2])}{alt[3]}", tag) if tag.startswith("<img") else tag

    def _text(self, text: str) -> str:
        # No Python function is called for each sign, since a text may have millions of signs.
        for sign, stand_in in self._of.items():
            if sign in text:
                text = _AT[sign].sub(stand_in, text) if sign in _AT else text.replace(sign, stand_in)
        return text
