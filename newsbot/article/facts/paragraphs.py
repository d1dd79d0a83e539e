"""Finds the paragraphs of a page: for each element, the number of words in its sentences.

One walk over the tree, so the cost grows only with the size of the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from selectolax.lexbor import LexborNode

from newsbot.article.text import count_words

_SILENT = frozenset(
    {"script", "style", "noscript", "template", "svg", "select", "textarea", "button", "head", "-comment", "iframe"}
)
_ASIDE_TAGS = frozenset({"aside", "footer", "nav", "dialog"})
# Whole names of classes and ids for texts beside the article: comments, widgets, teasers, "also read". Names of parts
# without sentences, such as "share" or "nav", are not in this list: a theme may also use them for a wrapper of the
# article.
_ASIDE_NAMES = frozenset({
    "comment", "comments", "comments-area", "comment-list", "commentlist", "respond", "disqus_thread", "sidebar",
    "widget", "widget-area", "widgets", "secondary", "related", "related-posts", "related_posts", "relatedposts",
    "related-articles", "related-content", "also-read", "read-also", "read-more", "read-next", "more-stories",
    "recommended", "recirculation", "popular-posts", "most-read", "trending", "newsletter", "newsletter-signup",
    "author-box", "author-bio", "about-author", "site-footer",
    "cookie-notice", "cookie-banner", "modal",
    "teaser", "teasers", "wp-block-query", "wp-block-latest-posts",
    "wp-block-comments", "jp-relatedposts", "yarpp", "yarpp-related",
})  # fmt: skip
_ASIDE_STARTS = (
    *("comment-", "widget_", "wp-block-comment", "wp-block-query", "outbrain", "taboola", "cookie-", "related-"),
)
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "big", "br", "cite", "code", "em", "font", "i", "img", "ins", "del", "kbd", "label"}
    | {"mark", "q", "s", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "wbr"}
)
_PARAGRAPHS = frozenset({"p", "blockquote", "pre"})
"""Elements that one long paragraph may fill. An article contains such elements, but is not itself such an element, so
the search ends above them."""

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_FEWEST = 8
"""The fewest words of a paragraph. A block with fewer words is a label."""
_TEASER = 80
"""A block under a heading that is a link holds a teaser, unless it has this many words."""
_MOST = 0.75
_LABELS = 1.15
_UP = 6
_SPACES = re.compile(r"\s+")


class _Frame:
    """An element whose content is being read. ``linked``: how many characters of the waiting words are in links."""

    __slots__ = ("after", "in_link", "leads", "linked", "node", "prose", "tag", "waiting")

    def __init__(self, node: LexborNode, tag: str, after: LexborNode | None) -> None:
        self.node, self.tag, self.after = node, tag, after
        self.prose = self.linked = 0
        self.in_link = self.leads = False
        self.waiting: list[str] = []

    def flush(self) -> None:
        """Count the waiting words as a paragraph, if they are a paragraph."""
        if not self.waiting:
            return
        text = _SPACES.sub(" ", "".join(self.waiting)).strip()
        linked, self.linked = self.linked, 0
        self.waiting.clear()
        if self.tag in _HEADINGS:
            self.leads = linked * 2 > len(text)
        elif linked * 3 < len(text) and (words := count_words(text)) >= _FEWEST:
            self.prose += words


def stands_aside(tag: str, attributes: Mapping[str, str | None]) -> bool:
    """Whether an element is a comment, a widget, a teaser or another part of the page beside the article."""
    if tag in _ASIDE_TAGS:
        return True
    names: Sequence[str] = (attributes.get("class") or "").lower().split()
    identity = attributes.get("id")
    if identity:
        names = (*names, identity.lower())
    return any(name in _ASIDE_NAMES or name.startswith(_ASIDE_STARTS) for name in names)


def leave_out_asides(article: LexborNode) -> None:
    """Remove comments, widgets, teasers and the like from an article. An ``aside`` without a link stays, since it is a
    quotation or a box of facts.
    """
    found = [node for node in article.traverse() if node.mem_id != article.mem_id and _is_left_out(node)]
    inside: set[int] = set()
    for node in found:
        if node.mem_id not in inside:
            inside.update(inner.mem_id for inner in node.traverse())
            node.decompose()


def _is_left_out(node: LexborNode) -> bool:
    if node.tag == "aside":
        return node.css_first("a") is not None
    return stands_aside(node.tag or "", node.attributes)


def prose_by_element(root: LexborNode) -> dict[int, int]:
    """``mem_id`` of each block element under ``root`` -> the words of its paragraphs. Texts beside the article are left
    out.
    """
    found: dict[int, int] = {}
    frames = [_Frame(root, "body", None)]
    links = 0  # elements ``a`` that are open
    # for each open inline element: the node after it, and whether the element is a link
    inline: list[tuple[LexborNode | None, bool]] = []
    depth: list[int] = []  # for each frame except the first: how many inline elements were open when it began
    node = root.first_child
    while True:
        if node is None:
            if inline and (not depth or len(inline) > depth[-1]):
                node, was_link = inline.pop()
                links -= was_link
                continue
            frame = frames.pop()
            frame.flush()
            if frame.leads and frame.tag not in _HEADINGS and frame.prose < _TEASER:
                frame.prose = 0
            found[frame.node.mem_id] = frame.prose
            if not frames:
                return found
            depth.pop()
            frames[-1].prose += frame.prose
            frames[-1].leads = frames[-1].leads or (frame.leads and frame.tag in _HEADINGS)
            node = frame.after
            continue
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            frames[-1].waiting.append(text)
            if links:
                frames[-1].linked += len(text.strip())
            node = node.next
        elif tag in _SILENT:
            node = node.next
        elif tag in _INLINE:
            inline.append((node.next, tag == "a"))
            links += tag == "a"
            node = node.first_child
        elif stands_aside(tag, node.attributes):
            frames[-1].flush()
            node = node.next
        else:
            frames[-1].flush()
            depth.append(len(inline))
            frames.append(_Frame(node, tag, node.next))
            node = node.first_child


def densest(root: LexborNode, prose: Mapping[int, int]) -> LexborNode:
    """The smallest element that holds nearly all paragraphs: the search goes down from the root while one child has
    most of the paragraphs. It then goes up to include the pictures around them, while this adds few words."""
    path = [root]
    while True:
        words = prose.get(path[-1].mem_id, 0)
        child = path[-1].first_child
        while child is not None and not (words and prose.get(child.mem_id, 0) >= words * _MOST):
            child = child.next
        if child is None or child.tag in _PARAGRAPHS:
            break
        path.append(child)
    letters = _letters(path[-1]) * _LABELS
    for _ in range(_UP):
        if len(path) > 2 and _letters(path[-2]) <= letters:
            path.pop()
    return path[-1]


def _letters(node: LexborNode) -> int:
    return len(_SPACES.sub(" ", node.text(deep=True)))
