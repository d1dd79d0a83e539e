"""Two readings of a page by trafilatura: the words of its plain reading, with the links and pictures of its rich one.

In its rich reading, trafilatura also returns captions and lists of links as paragraphs. Sometimes it drops lists and
headings that its plain reading has.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

_MUCH_LONGER = 2.0
"""If the plain reading has this many times the letters of the rich one, it also contains other texts of the page."""

_MUCH_SHORTER = 0.8
"""If the plain reading has less than this share of the letters of the rich one, it may lack a part of the article."""

_SENTENCE = 40
_LONGEST_CAPTION = 300
_ENDS = re.compile(r"[.!?…。！？।][\"'”’»)\]]*\Z")
_NO_LETTERS = re.compile(r"[\W_]+")
_LISTS = frozenset({"ul", "ol", "table", "dl"})
"""The plain reading divides lists and tables into other blocks, so a list of the rich reading is not found in them."""

_MOST_WORK = 200_000_000
"""The letters that are compared to find out whether the plain reading has a block elsewhere."""


@dataclass(frozen=True, slots=True)
class _Block:
    letters: str
    html: str
    has_picture: bool
    is_prose: bool
    is_caption: bool
    """Whether the block can be the caption of a picture."""
    is_named_caption: bool
    """Whether the class of the block says that it is a caption."""


def merged(plain: LexborNode, rich: LexborNode) -> str | None:
    """The HTML of the plain reading: its blocks in the form of the rich reading, with the pictures between them and
    their captions.

    Sentences and quotations that only the rich reading has are kept, if they are between two blocks that both readings
    have. None where the plain reading has much more or much less than the rich one.
    """
    words, whole = list(_blocks(plain)), list(_blocks(rich))
    length, other = (sum(len(block.letters) for block in blocks) for blocks in (words, whole))
    if not other * _MUCH_SHORTER <= length <= other * _MUCH_LONGER:
        return None
    return "\n".join(_illustrated([block for block in words if block.letters], whole))


def _illustrated(words: Sequence[_Block], whole: Sequence[_Block]) -> Iterator[str]:
    places: dict[str, deque[int]] = {}
    for place, block in enumerate(whole):
        places.setdefault(block.letters, deque()).append(place)
    letters = "\n".join(block.letters for block in words)
    if len(letters) * len(whole) > _MOST_WORK:
        letters = ""
    read, begun = 0, False
    for block in words:
        found = places.get(block.letters)
        if not found:
            yield block.html
            continue
        place = found.popleft()
        yield from _between(whole, read, place, letters if begun else "")
        yield whole[place].html
        read, begun = max(read, place + 1), True
    for block in whole[read:]:
        if block.letters:
            break
        yield block.html


def _between(whole: Sequence[_Block], start: int, end: int, letters: str) -> Iterator[str]:
    """The blocks of the rich reading between two blocks that both readings have: pictures with their captions, and an
    author's text. ``letters``: the letters of the plain reading, or "" if only pictures are wanted."""
    for place in range(start, end):
        block = whole[place]
        is_added = letters and block.is_prose and block.letters not in letters
        if not block.letters or is_added or _is_caption(whole, place):
            yield block.html


def _is_caption(whole: Sequence[_Block], place: int) -> bool:
    """Whether a block that is not the last one is the caption of a picture: trafilatura makes a short paragraph of it.
    Only a paragraph with the class of a caption belongs to the picture that follows it."""
    block = whole[place]
    if block.is_caption and place > 0 and _is_picture(whole[place - 1]):
        return True
    return block.is_named_caption and _is_picture(whole[place + 1])


def _is_picture(block: _Block) -> bool:
    return block.has_picture and not block.letters


def _blocks(body: LexborNode) -> Iterator[_Block]:
    node = body.first_child
    while node is not None:
        html, text = node.html or "", node.text(deep=True).strip()
        letters = _NO_LETTERS.sub("", text).casefold()
        if letters or "<img" in html:
            is_short = node.tag == "p" and 0 < len(text) <= _LONGEST_CAPTION
            is_named = "caption" in (node.attributes.get("class") or "")
            yield _Block(
                letters=letters,
                html=html,
                has_picture="<img" in html,
                is_prose=_is_prose(node, text),
                is_caption=is_short and (is_named or not _is_mostly_link(node, text)),
                is_named_caption=is_short and is_named,
            )
        node = node.next


def _is_prose(node: LexborNode, text: str) -> bool:
    """Whether a block is a quotation or ends as a sentence does, and is neither a list nor mostly a link."""
    if node.tag in _LISTS or (node.tag != "blockquote" and not (len(text) >= _SENTENCE and _ENDS.search(text))):
        return False
    return not _is_mostly_link(node, text)


def _is_mostly_link(node: LexborNode, text: str) -> bool:
    return sum(len(link.text(deep=True)) for link in node.css("a")) * 2 >= len(text)
