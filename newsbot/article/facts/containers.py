"""The containers in which WordPress and its themes print an article, and what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

CONTAINERS = (
    *(".wp-block-post-content", ".entry-content", "[itemprop=articleBody]", ".td-post-content", ".et_pb_post_content"),
    ".elementor-widget-theme-post-content",
)
"""The containers in which themes print ``the_content()``: of the block editor, hAtom, schema.org, Divi, Elementor."""

NAMED = (".post-content", ".post__content", ".article-content", ".article__content", ".single-content", ".post-body",
         ".entry__content", ".article-body", ".article_body", ".article__body", ".article-text", ".article__text",
         ".article_text", ".article_content", ".post_content", ".post-text", ".entry-text", ".news-text", ".story-body",
         ".story-content")  # fmt: skip
"""Further names that themes use for the container. Many pages use these names for a wider wrapper, or for a part of the
article."""

FEW = 50
"""The most elements of one selector that are examined. No theme has more. The time for an element grows with its
depth."""

_INERT = frozenset({"script", "style", "noscript", "template"})
_SHOWN = frozenset({"img", "iframe", "video"})
_BLANK = " \t\n\r\f\xa0\u200b\ufeff"
_BY_SCRIPT = re.compile(
    r"(?:enable|requires?|needs?|activate)\s+java\s?script|id=[\"'](?:root|app|__next|___gatsby)[\"']", re.I
)
_SHARE = 0.3
"""A container holds at least this share of the words in the page's paragraphs. The rest may be other posts."""

_NAMED_SHARE = 0.5
_ALIKE = 0.9
"""Of nested named containers, newsbot takes the smallest one with this share of the words of the largest one."""

_DEEP = 200


def parents(node: LexborNode) -> Iterator[LexborNode]:
    """The ancestors of an element, the nearest first, limited to a number that real pages do not exceed."""
    parent = node.parent
    for _ in range(_DEEP):
        if parent is None:
            return
        yield parent
        parent = parent.parent


def contained(tree: LexborHTMLParser, prose: Mapping[int, int], *, total: int, selectors: Sequence[str]) -> str | None:
    """The content of a container that holds its share of the page's paragraphs, or None."""
    named = selectors is NAMED
    found: list[tuple[int, int, list[LexborNode]]] = []
    for selector in selectors:
        parts = _parts(tree, selector, prose)
        words = sum(prose[part.mem_id] for part in parts)
        if not parts or words < total * (_NAMED_SHARE if named else _SHARE) or not any(map(_says_something, parts)):
            continue
        if not named:
            return _inner(parts)
        found.append((words, sum(len(part.text(deep=True)) for part in parts), parts))
    if not found:
        return None
    most = max(words for words, _, _ in found)
    return _inner(min((each for each in found if each[0] >= most * _ALIKE), key=lambda each: each[1])[2])


def _parts(tree: LexborHTMLParser, selector: str, prose: Mapping[int, int]) -> list[LexborNode]:
    """The elements of one class that make one article. Related posts may have the same class, each with an excerpt."""
    homes: dict[int, list[LexborNode]] = {}
    for node in tree.css(selector)[:FEW]:
        if node.mem_id not in prose or _is_teaser(node, prose):
            continue
        above = list(parents(node))
        inside = {each.mem_id for group in homes.values() for each in group}
        if not any(each.mem_id in inside for each in above):
            homes.setdefault(_home(above), []).append(node)
    if not homes:
        return []
    best = max(homes.values(), key=lambda group: (_words(group, prose), max(len(n.text(deep=True)) for n in group)))
    speaking = [node for node in best if prose[node.mem_id]]
    return speaking or [max(best, key=lambda node: len(node.text(deep=True)))]


def _home(above: Sequence[LexborNode]) -> int:
    """The element that contains the whole article: parts of one article have it in common, two articles do not."""
    home = next((each for each in above if each.tag in ("article", "li") or "itemscope" in each.attributes), None)
    if home is not None and home.tag in ("body", "html"):
        home = None
    return (home if home is not None else above[:2][-1]).mem_id


def _words(nodes: Sequence[LexborNode], prose: Mapping[int, int]) -> int:
    return sum(prose[node.mem_id] for node in nodes)


def _is_teaser(node: LexborNode, prose: Mapping[int, int]) -> bool:
    """Whether the block around an element is a teaser: its heading is a link, and it contains few words."""
    above = node.parent
    return above is not None and prose[node.mem_id] > 0 and prose.get(above.mem_id) == 0


def _inner(nodes: Sequence[LexborNode]) -> str:
    return "\n".join((node.inner_html or "").strip() for node in nodes)


def _says_something(container: LexborNode) -> bool:
    for node in container.traverse(include_text=True):
        shown = node.tag == "-text" and (node.text_content or "").strip(_BLANK)
        if (shown or node.tag in _SHOWN) and not any(above.tag in _INERT for above in _within(node, container)):
            return True
    return False


def _within(node: LexborNode, container: LexborNode) -> Iterator[LexborNode]:
    """The ancestors of a node inside a container."""
    for above in parents(node):
        if above.mem_id == container.mem_id:
            return
        yield above


def waits_for_scripts(tree: LexborHTMLParser, html: str) -> bool:
    """Whether the page has a container of WordPress that is empty until scripts fill it. Then prose outside of the
    container is not the article."""
    containers = [container for selector in CONTAINERS for container in tree.css(selector)[:FEW]]
    if not containers or any(map(_says_something, containers)):
        return False
    return any(map(_has_script, containers)) or _BY_SCRIPT.search(html) is not None


def _has_script(container: LexborNode) -> bool:
    return container.css_first("script, noscript") is not None


def small_container(tree: LexborHTMLParser, html: str, selectors: Sequence[str]) -> str | None:
    """The content of a container that has less than its share of the words. None if scripts would fill the container,
    or if the page has none."""
    for selector in selectors:
        container = tree.css_first(selector)
        if container is not None:
            if _says_something(container):
                return (container.inner_html or "").strip()
            return None if _has_script(container) or _BY_SCRIPT.search(html) else ""
    return None
