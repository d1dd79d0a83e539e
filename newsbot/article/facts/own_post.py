"""Which elements of a WordPress page show other posts than its own: themes print whole posts as "related"."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_OF_BODY = re.compile(r"(?:postid|page-id)-(\d+)")
_OF_LINK = re.compile(r"[?&]p(?:age_id)?=(\d+)\Z")
_OF_ELEMENT = re.compile(r"post-(\d+)")
# The classes that WordPress's post_class() prints for posts and pages beside ``post-7``. Other types may be parts of
# the article: the entries of a live report, the card of a recipe.
_KINDS = frozenset({"type-post", "type-page"})
_MOST = 50


def other_posts(tree: LexborHTMLParser) -> list[LexborNode]:
    """The outermost elements that hold another post than the page's own. Empty if the page does not name its own
    post."""
    own = own_id(tree)
    if own is None:
        return []
    mine = f"post-{own}"
    found: list[LexborNode] = []
    for node in tree.css(".type-post, .type-page")[:_MOST]:
        ids = [token for token in _tokens(node) if _OF_ELEMENT.fullmatch(token)]
        if not ids or mine in ids or _KINDS.isdisjoint(_tokens(node)) or node.css_first(f".{mine}") is not None:
            continue
        if not any(_is_inside(node, other) for other in found):
            found.append(node)
    return found


def own_id(tree: LexborHTMLParser) -> str | None:
    """The id of the page's post: from the classes of its body, else from its short link."""
    body = tree.body
    for token in _tokens(body) if body is not None else ():
        if found := _OF_BODY.fullmatch(token):
            return found[1]
    link = tree.css_first("link[rel=shortlink]")
    short = _OF_LINK.search(link.attributes.get("href") or "") if link is not None else None
    return short[1] if short else None


def _tokens(node: LexborNode) -> list[str]:
    return (node.attributes.get("class") or "").split()


def _is_inside(node: LexborNode, outer: LexborNode) -> bool:
    above = node.parent
    for _ in range(200):
        if above is None:
            return False
        if above.mem_id == outer.mem_id:
            return True
        above = above.parent
    return False
