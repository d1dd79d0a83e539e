"""Decides which HTML needs no sanitizer: HTML whose tags are all in a closed list.

The sanitizer parses its whole input, which takes as long as an lxml parse. Most articles consist of paragraphs,
headings, lists, quotations, pictures and links. The writer wrote each of their tags, and no text contains a ``<``: the
sanitizer would return such articles unchanged. Whatever is not in the list here goes to the sanitizer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import filterfalse

_NAMES = (
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "figure", "figcaption"),
    *("b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "small", "mark", "code", "q", "cite"),
)
_LISTS = frozenset(f"<{slash}{name}>" for name in ("ul", "ol", "li") for slash in ("", "/"))
_PLAIN = frozenset(["<br>", "<hr>", *(f"<{slash}{name}>" for name in _NAMES for slash in ("", "/"))])
_END = "</a>"
# An address that a parser of URLs accepts as it is. The sanitizer removes an address that the parser rejects.
_ADDRESS = r"https?://[a-z0-9.-]+\.[a-z]{2,24}(?:[/?#][!#-%'-;=?-~]*+(?:&amp;[!#-%'-;=?-~]*+)*)?"
_PUNYCODE = "xn--"
# Repeating a group for each letter would take ten times as long.
_LETTERS = r"[^\"<>&\x00-\x1f\x7f-\xa0]*+"
_WORDS = rf"{_LETTERS}(?:&(?:amp|quot);{_LETTERS})*"
_LINK = rf'<a href="{_ADDRESS}"(?: data-embed="{_WORDS}")?>'
_LINK_OR_EMBED = re.compile(rf"{_LINK}((?:[^<>&\x00-\x1f\x7f-\xa0]|&amp;)*</a>)?").fullmatch
_OTHER = re.compile(
    rf'<img src="{_ADDRESS}" alt="{_WORDS}"(?: width="\d{{1,5}}")?(?: height="\d{{1,5}}")?>'
    rf'|<blockquote cite="{_ADDRESS}" data-embed="{_WORDS}">'
).fullmatch


def is_of_closed_list(pieces: Sequence[str], written: str) -> bool:
    """Whether the sanitizer would return ``written`` unchanged. ``pieces``: the tags and texts of ``written``; its
    elements are opened and closed in the right order."""
    others = list(filterfalse(_PLAIN.__contains__, pieces))
    count = len(pieces) - len(others)
    in_link = False
    for piece in [each for each in others if each[:1] == "<"]:
        count += 1
        if piece == _END:
            in_link = False
        elif found := _LINK_OR_EMBED(piece):
            # A parser ends a link where another link begins.
            if in_link:
                return False
            in_link = found[1] is None
            count += not in_link
        elif not _OTHER(piece):
            return False
    # No text contains a sign that begins a tag.
    return written.count("<") == count and _PUNYCODE not in written and ("<li>" not in written or _has_lists(pieces))


def _has_lists(pieces: Sequence[str]) -> bool:
    """Whether each item is in a list: if an item begins in another item without a list, a parser ends the outer item
    there."""
    in_list = []
    for piece in filter(_LISTS.__contains__, pieces):
        if piece in ("<ul>", "<ol>"):
            in_list.append(True)
        elif not in_list or (piece == "<li>" and not in_list[-1]):
            return False
        elif piece == "<li>":
            in_list.append(False)
        else:
            in_list.pop()
    return True
