"""Plain text: read from a piece of HTML, without control characters, with a word count for every script."""

from __future__ import annotations

import html as entities
import re

# C0 controls except tab, line feed, form feed and carriage return, as UTF-8.
_C0 = bytes([*range(9), 11, *range(14, 32), 127])
# C1 controls, the byte-order mark and noncharacters, in UTF-8. The expression begins with their first bytes, because a
# search for one byte is fast.
_C1 = re.compile(rb"\xc2[\x80-\x9f]").search
_MARKS = re.compile(rb"\xef(?:\xbb\xbf|\xbf[\xbe\xbf])").search
_RARE = re.compile("[\x80-\x9f\ufeff\ufffe\uffff]")
# Not markup.TOKEN, which reads tags as a parser does: after a bare "<" in a title a parser loses all words.
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|</?[a-zA-Z!?][^<>]*>", re.S | re.I)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figcaption|figure|hr|dd|dt|section)\b", re.I
)
# Scripts without spaces: a letter of Han or kana counts as a word; four letters of Thai, Lao, Khmer or Burmese do.
_IDEOGRAPHS = re.compile(
    "[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003fffd]+"
)
_SPACELESS = re.compile("[\u0e01-\u0e4e\u0e80-\u0ecd\u1000-\u109f\u1780-\u17d3]+")
_NO_IDEOGRAPHIC_LEADS = bytes(byte for byte in range(256) if byte not in b"\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xef\xf0")
# Marks that may stand alone between spaces, and the search for a hyphen between spaces. The search begins with the
# hyphen, which is rarer than a space: counting the three characters " - " takes five times as long.
_LONE_MARKS = ("–", "—", "|")
_LONE_HYPHEN = re.compile("-(?<=[ \n]-) ").search
# 1 for each byte that is not plain white space.
_OF_WORDS = bytes(byte not in b" \t\n\r\x0b\x0c" for byte in range(256))
_SPACELESS_LETTERS = 4
_PIECE = 1_000_000  # bytes whose words are counted together


SOFT_HYPHEN = "\u00ad"
"""The soft hyphen: a browser may divide a word there. Plugins write it into every long word, and then no search finds
the word."""


def scrub(text: str) -> str:
    """``text`` without characters that no feed can hold: lone surrogates, control characters, byte-order marks."""
    # On bytes this is a table lookup for each byte. A regular expression takes ten times as long.
    data = text.encode("utf-8", "surrogatepass")
    clean = data.translate(None, _C0)
    if len(clean) != len(data) or b"\xed" in data:
        text = clean.decode("utf-8", "ignore")
    # The search for one byte is many times faster than a regular expression.
    suspect = (b"\xc2" in data and _C1(data)) or (b"\xef" in data and _MARKS(data))
    return _RARE.sub("", text) if suspect else text


def plain_text(html: str) -> str | None:
    """The text of a title, an excerpt or a caption: decoded once, without tags and soft hyphens, white space folded.
    None where it is empty.

    For short pieces of HTML: the edge of a block becomes a space, script and style are removed, and no junk rule
    applies.
    """
    if not html:
        return None
    if "<" in html:
        html = _TAG.sub(_gap, html)
    if "&" in html:
        html = entities.unescape(html)
    return _folded(scrub(html).replace(SOFT_HYPHEN, "")) or None


def _folded(text: str) -> str:
    """``text`` with one space for each run of white space, and no white space at its ends."""
    if len(text) <= _PIECE:
        return " ".join(text.split())
    # A list of all words of a huge text takes twelve times its memory.
    folded: list[str] = []
    for at in range(0, len(text), _PIECE):
        words = " ".join(text[at : at + _PIECE].split())
        if words and folded and (text[at - 1].isspace() or text[at].isspace()):
            folded.append(" ")
        folded.append(words)
    return "".join(folded).strip()


def count_words(text: str) -> int:
    """The number of words in any script. An ideograph or kana counts as one word, other scripts without spaces by
    length.

    A mark that stands alone between spaces (a dash, a bullet) is not a word.
    """
    extra = 0
    data = text.encode("utf-8", "ignore")
    if not text.isascii():
        if data.translate(None, _NO_IDEOGRAPHIC_LEADS):
            # Runs of letters are counted at once: one letter at a time takes as long as the whole tree walk.
            spaced, runs = _IDEOGRAPHS.subn(" ", text)
            extra += len(text) - len(spaced) + runs
            text = spaced
        if b"\xe0" in data or b"\xe1" in data:
            extra += sum(-(-len(run) // _SPACELESS_LETTERS) for run in _SPACELESS.findall(text))
            text = _SPACELESS.sub(" ", text)
        if extra:
            data = text.encode("utf-8", "ignore")
    lone = sum(text.count(f" {mark} ") for mark in _LONE_MARKS if mark in text)
    if _LONE_HYPHEN(text):
        lone += text.count("\n- ") + text.count(" - ")
    return extra + _count_spaced(data) - lone - data.startswith(b"- ")


def _count_spaced(data: bytes) -> int:
    """The number of words between plain white space."""
    if len(data) <= _PIECE:
        return _count_starts(data)
    pieces = range(0, len(data), _PIECE)
    words = sum(_count_starts(data[at : at + _PIECE]) for at in pieces)
    # A word that lies in two pieces was counted in both.
    return words - sum(not (data[at - 1 : at].isspace() or data[at : at + 1].isspace()) for at in pieces[1:])


def _count_starts(data: bytes) -> int:
    """The number of words in ``data``, counted by their first bytes. A list of all words would take twice the time and
    twelve times the memory."""
    marks = int.from_bytes(data.translate(_OF_WORDS), "little")
    return (marks & ~(marks << 8)).bit_count()


def _gap(found: re.Match[str]) -> str:
    return " " if _BLOCK.match(found[0]) else ""
