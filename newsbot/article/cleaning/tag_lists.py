"""Lists of a post's tags and categories that a theme prints after the article: links with ``rel="tag"`` alone."""

from __future__ import annotations

from collections.abc import Callable

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.cleaning.tags import INLINE, WRAPPERS

POST_TAGS = Rule(name="post-tags", what="the tags and categories of the post, as links")
SEPARATORS = " ,;:|·•/\xa0\n、，"
_LOOK_AT = 120
_FORMATTING = INLINE.keys() | {"span", "font", "a"}


def is_tag(attributes: Attributes) -> bool:
    """Whether WordPress marks a link as a term of the post."""
    return "tag" in (attributes.get("rel") or "").split()


def is_listed(link: LexborNode, is_label: Callable[[str], bool]) -> bool:
    """Whether the block around such a link contains only such links and labels: "Tags:". A hashtag is the author's."""
    outer, block = link, link.parent
    while block is not None and block.tag in _FORMATTING:
        outer, block = block, block.parent
    if block is None:
        return False
    if block.tag in WRAPPERS and outer is not link and _labels(outer, is_label):
        return True
    return block.tag != "body" and _labels(block, is_label) is not None


def _labels(block: LexborNode, is_label: Callable[[str], bool]) -> int | None:
    """The number of labels beside the links of an element, or None where it holds anything else."""
    labels = 0
    for looked, node in enumerate(block.traverse(include_text=True)):
        if looked > _LOOK_AT or node.tag in ("img", "iframe", "video"):
            return None
        if node.tag == "a" and not is_tag(node.attributes):
            return None
        if node.tag != "-text":
            continue
        words = (node.text_content or "").strip(SEPARATORS)
        if _is_linked(node, block):
            if words.startswith("#"):
                return None
        elif words:
            if not is_label(words):
                return None
            labels += 1
    return labels


def _is_linked(node: LexborNode, block: LexborNode) -> bool:
    above = node.parent
    while above is not None and above.mem_id != block.mem_id:
        if above.tag == "a":
            return True
        above = above.parent
    return False
