"""Clean HTML as Markdown whose text stays text: it has no HTML, link or emphasis that the clean HTML did not have."""

from __future__ import annotations

import re

_PIECE = re.compile(r"(<(pre|code|samp|kbd|tt)\b[^<>]*>.*?</\2>)|(<[^<>]*>)|([^<]+)", re.S)
_ALT = re.compile(r'(\salt=")([^"]*)(")')
_SIGNS = re.compile(r"&lt;|&gt;|&amp;(?=#?\w{1,40};)|[`*\[\]\\]|(?<!\w)_|_(?!\w)|~(?=~)")
"""What Markdown reads as more than text, as it stands in clean HTML: a reference, or a sign."""

_WRITTEN = {"&lt;": "&lt;", "&gt;": "&gt;", "&amp;": "&amp;"}
"""Sign -> its form in Markdown. Every other sign gets a backslash. Some renderers know no backslash before ``<``."""

_FIRST_SPARE = 0xE100
"""The first of the private characters that stand for signs during the conversion."""


def markdown(html: str) -> str:
    """Clean HTML as Markdown. The conversion costs more than cleaning."""
    from html_to_markdown import convert

    stand_ins = _StandIns(html)
    content = convert(stand_ins.put(html)).content or ""
    return stand_ins.replace(content).strip()


class _StandIns:
    """Private characters, of those that the HTML lacks, in the places of signs: the converter passes them on."""

    def __init__(self, html: str) -> None:
        present = set(html)
        spare = (chr(code) for code in range(_FIRST_SPARE, 0xF8FF) if chr(code) not in present)
        self._of = {sign: next(spare) for sign in ("&lt;", "&gt;", "&amp;", *"`*[]\\_~")}
        self._signs = {stand_in: _WRITTEN.get(sign, f"\\{sign}") for sign, stand_in in self._of.items()}
        self._found = re.compile("[" + "".join(self._signs) + "]")

    def put(self, html: str) -> str:
        return _PIECE.sub(self._piece, html)

    def replace(self, text: str) -> str:
        return self._found.sub(lambda found: self._signs[found[0]], text)

    def _piece(self, found: re.Match[str]) -> str:
        code, tag, text = found[1], found[3], found[4]
        if code:
            return code
        if not tag:
            return self._text(text)
        return _ALT.sub(lambda alt: f"{alt[1]}{self._text(alt[2])}{alt[3]}", tag) if tag.startswith("<img") else tag

    def _text(self, text: str) -> str:
        return _SIGNS.sub(lambda sign: self._of[sign[0]], text)
