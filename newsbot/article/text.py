"""Plain text: read from a scrap of HTML, freed of control characters, its words counted in every script."""

from __future__ import annotations

import html as entities
import re

# C0 controls but tab, line feed, form feed and carriage return, as UTF-8.
_C0 = bytes([*range(9), 11, *range(14, 32), 127])
# C1 controls; the byte-order mark and noncharacters: as UTF-8, each with a first byte that a search can leap to.
_C1 = re.compile(rb"\xc2[\x80-\x9f]").search
_MARKS = re.compile(rb"\xef(?:\xbb\xbf|\xbf[\xbe\xbf])").search
_RARE = re.compile("[\x80-\x9f\ufeff\ufffe\uffff]")
_SCRAP = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|</?[a-zA-Z!?][^<>]*>", re.S | re.I)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figcaption|figure|hr|dd|dt|section)\b", re.I
)
# Scripts without spaces: each letter of Han and kana is a word; of Thai, Lao, Khmer and Burmese, about four are.
_IDEOGRAPHS = re.compile(
    "[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003fffd]+"
)
_SPACELESS = re.compile("[\u0e01-\u0e4e\u0e80-\u0ecd\u1000-\u109f\u1780-\u17d3]+")
_NO_IDEOGRAPHIC_LEADS = bytes(byte for byte in range(256) if byte not in b"\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xef\xf0")
# A mark, by itself a quick look, and how it stands alone.
_LONE_MARKS = (("–", " – "), ("—", " — "), ("|", " | "), ("-", "\n- "), ("-", " - "))
_SPACELESS_LETTERS = 4
_SPACE_OR_LETTER = bytes(ord(" ") if byte in b" \t\n\r\f\v" else ord("a") for byte in range(256))


def scrub(text: str) -> str:
    """``text`` without what no feed can carry: lone surrogates, control characters, byte-order marks."""
    # By way of bytes: a table lookup per byte, where a regular expression takes ten times as long.
    data = text.encode("utf-8", "surrogatepass")
    clean = data.translate(None, _C0)
    if len(clean) != len(data) or b"\xed" in data:
        text = clean.decode("utf-8", "ignore")
    # One byte is looked for many times as fast as an expression.
    suspect = (b"\xc2" in data and _C1(data)) or (b"\xef" in data and _MARKS(data))
    return _RARE.sub("", text) if suspect else text


def plain_text(html: str) -> str | None:
    """The text of a title, an excerpt, a caption: decoded once, tags gone, white space folded; None for nothing.

    Meant for scraps: a block's edge becomes a space, script and style go whole, nothing is judged to be junk.
    """
    if not html:
        return None
    if "<" in html:
        html = _SCRAP.sub(_gap, html)
    if "&" in html:
        html = entities.unescape(html)
    return " ".join(scrub(html).split()) or None


def count_words(text: str) -> int:
    """Words in any script: an ideograph or kana counts as one, scripts without spaces by their length.

    A mark that stands alone between spaces (a dash, a bullet) is none.
    """
    extra = 0
    data = text.encode("utf-8", "ignore")
    if not text.isascii():
        if data.translate(None, _NO_IDEOGRAPHIC_LEADS):
            # By runs: one at a time they take as long as the walk.
            extra += sum(map(len, _IDEOGRAPHS.findall(text)))
            text = _IDEOGRAPHS.sub(" ", text)
        if b"\xe0" in data or b"\xe1" in data:
            extra += sum(-(-len(run) // _SPACELESS_LETTERS) for run in _SPACELESS.findall(text))
            text = _SPACELESS.sub(" ", text)
        if extra:
            data = text.encode("utf-8", "ignore")
    lone = sum(text.count(alone) for mark, alone in _LONE_MARKS if mark in text)
    # Where a word begins, after plain white space: counted in half the time that splitting takes.
    begun = (b" " + data).translate(_SPACE_OR_LETTER).count(b" a")
    return extra + begun - lone - data.startswith(b"- ")


def _gap(found: re.Match[str]) -> str:
    return " " if _BLOCK.match(found[0]) else ""
