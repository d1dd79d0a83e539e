"""What repeats in nearly all posts of a site at the same place, and the rules that would remove it.

Pure. Nothing is removed here: an author's own introduction may repeat too, so a person decides. The rules then belong
to the site, and the same post gives the same article in each run.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsbot.article.cleaning.block_stack import LINKED_BLOCK, SHORT_BLOCK
from newsbot.article.cleaning.rules import fold

FEWEST = 20
"""With fewer posts, blocks repeat by chance: a series, a week's campaign."""

NEARLY_ALL = 0.9
_FIRST, _LAST = 4, 8
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_SINGLE = frozenset({"p", "blockquote", *_HEADINGS})


@dataclass(frozen=True, slots=True)
class RepeatedBlock:
    """A block at the ``start`` or the ``end`` of posts: its words, folded, and the URLs it links to."""

    place: str
    tag: str
    words: str
    hrefs: tuple[str, ...] = ()
    solid: bool = False  # with a picture or a player

    def rule(self) -> Mapping[str, object] | None:
        """The keys of a rule that removes the block, or None if no rule can match it by its words."""
        if self.tag not in _SINGLE or self.solid or len(self.words) > (LINKED_BLOCK if self.hrefs else SHORT_BLOCK):
            return None
        if self.hrefs:
            return {"linked": [re.sub(r"\\(?=[^\w\\.^$*+?{}\[\]|()])", "", re.escape(self.words))]}
        return {"texts": [self.words], **({"headings": True} if self.tag in _HEADINGS else {})}


@dataclass(slots=True)
class Repeats:
    """Counts the blocks of a site's posts. Its memory is bounded: a block that repeats in nearly all posts is also in
    the first posts, and only the blocks of the first posts are counted."""

    posts: int = 0
    _counts: Counter[RepeatedBlock] = field(default_factory=Counter)

    def add(self, html: str) -> None:
        """Count the blocks of a post's clean HTML, each once."""
        self.posts += 1
        for block in _edges(html):
            if self.posts <= FEWEST or block in self._counts:
                self._counts[block] += 1

    def found(self) -> list[tuple[RepeatedBlock, int]]:
        """The blocks that stand in nearly all posts, and in how many. Empty where too few posts were counted."""
        if self.posts < FEWEST:
            return []
        return [each for each in self._counts.most_common() if each[1] >= NEARLY_ALL * self.posts]


def as_site(url: str, repeats: Repeats) -> Iterator[str]:
    """The lines of a ``[[site]]`` table with a rule for each block that repeats, to be read by a person. A block that
    no rule can match becomes a comment."""
    found = repeats.found()
    yield "[[site]]"
    yield f"url = {_quoted(url)}"
    if repeats.posts < FEWEST:
        yield f"# {repeats.posts} posts: too few to tell what repeats. {FEWEST} are needed."
    elif not found:
        yield f"# {repeats.posts} posts: nothing repeats at the same place in nearly all of them."
    for number, (block, count) in enumerate(found, 1):
        yield ""
        yield f"# at the {block.place} of {count} of {repeats.posts} posts"
        rule = block.rule()
        if rule is None:
            yield f"# no rule by its words reaches {_quoted(block.words[:200])}: name its class in select"
            continue
        yield "[[site.rule]]"
        yield f'name = "repeated-{number}"'
        yield from (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in rule.items())


def _edges(html: str) -> set[RepeatedBlock]:
    """The blocks at the start and at the end of a post. In a short post, a block counts only as a block of the end."""
    body = LexborHTMLParser(html.replace("<br>", "<br> ")).body
    nodes = list(body.iter()) if body is not None else []
    last = nodes[-_LAST:]
    first = nodes[: max(0, min(_FIRST, len(nodes) - _LAST))]
    blocks = [*(_block(node, "start") for node in first), *(_block(node, "end") for node in last)]
    return {block for block in blocks if block.words}


def _block(node: LexborNode, place: str) -> RepeatedBlock:
    links = [link.attributes.get("href") or "" for link in node.css("a")]
    solid = node.css_first("img, video, audio") is not None
    return RepeatedBlock(
        place, node.tag or "", fold(node.text(deep=True)), tuple(link for link in links if link), solid
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
