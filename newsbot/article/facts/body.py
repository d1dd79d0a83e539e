"""The article in a whole page: WordPress's own container of the article, else what two judges find."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsbot.article.cleaning.clean import clean
from newsbot.article.facts.own_post import other_posts
from newsbot.article.facts.paragraphs import densest, leave_out_asides, prose_by_element
from newsbot.article.text import count_words, plain_text

CONTAINERS = (
    *(".wp-block-post-content", ".entry-content", "[itemprop=articleBody]", ".td-post-content", ".et_pb_post_content"),
    ".elementor-widget-theme-post-content",
)
"""The containers in which themes print ``the_content()``: of the block editor, hAtom, schema.org, Divi, Elementor."""

NAMED = (".post-content", ".post__content", ".article-content", ".article__content", ".single-content", ".post-body",
         ".entry__content", ".article-body", ".article_body", ".article__body", ".article-text", ".article__text",
         ".article_text", ".article_content", ".post_content", ".post-text", ".entry-text", ".news-text", ".story-body",
         ".story-content")  # fmt: skip
"""Names that themes use for the same. Many pages use them for a wider wrapper, or for a part of the article."""

_INERT = frozenset({"script", "style", "noscript", "template"})
_SHOWN = frozenset({"img", "iframe", "video"})
_BLANK = " \t\n\r\f\xa0\u200b\ufeff"
_FIRST_HEADING = re.compile(r"(?:\s|<!--[^<>]*-->|<meta\b[^<>]*>)*<(h[12])\b[^<>]*>([^\n]{1,400}?)</\1>", re.I)
_BY_SCRIPT = re.compile(
    r"(?:enable|requires?|needs?|activate)\s+java\s?script|id=[\"'](?:root|app|__next|___gatsby)[\"']", re.I
)
_SENTENCE = re.compile(r"[.!?…。！？।][\"'”’»)\]]*\s*$")
_SHARE = 0.3
"""A container holds at least this share of the words in the page's paragraphs. The rest may be other posts."""

_NAMED_SHARE = 0.5
_ALIKE = 0.9
"""Of named containers in each other, the smallest is taken that holds this share of what the largest holds."""

_SAME = 0.8
"""A shorter result is taken where it holds this share of the sentences of a longer one."""

_WHOLE = 0.9
_LONGER = 1.3
"""A longer result is taken where it holds this share of a shorter one, and this many times as many sentences."""

_THIN = 0.5

_LABELLED = 0.88
"""The share of sentences in the words of an article without comments, teasers and labels around it."""

_LOST = 0.7
_SHORTER = 0.97
_LONG_LINE = 100
_LEAST_WORDS = 25
"""With fewer words, the result of trafilatura is the frame of a page rather than an article."""

_ALONE = 100
"""The words in paragraphs that count without trafilatura's consent."""

MOST_ELEMENTS = 8_000
"""trafilatura takes 0.1 ms for an element, and reads only pages with no more elements, and no more characters, than
these. See ``_densest``."""

MOST_CHARACTERS = 1_000_000

MOST_BLOCKS = 1_500
"""jusText compares each short block with all others, and judges only pages with fewer blocks."""

_ELEMENT = re.compile(r"<[a-zA-Z]")
_BLOCK = re.compile(r"<(?:p|div|td|th|li|dt|dd|br|hr|pre|h[1-6]|option|tr|section|article|blockquote)\b", re.I)
_FRAME = "script, style, noscript, template, svg, nav, footer, aside, form, select, iframe"
"""What never holds the words of an article."""

FEW = 50
"""The most elements of one selector that are examined. No theme has more, and each costs time by its depth."""

_DEEP = 200


def parents(node: LexborNode) -> Iterator[LexborNode]:
    """The ancestors of an element, the nearest first, limited to a number that real pages do not exceed."""
    parent = node.parent
    for _ in range(_DEEP):
        if parent is None:
            return
        yield parent
        parent = parent.parent


@dataclass(frozen=True, slots=True)
class Body:
    """The article's HTML, and who found it: ``container``, ``trafilatura``, ``paragraphs``; None where nobody did.

    ``html`` is "" where the container is there and empty, None where the page has no article.
    """

    html: str | None
    judge: str | None = None


def body_of(html: str, *, url: str) -> str | None:
    """The article's HTML, see ``Body``."""
    return find_body(html, url=url).html


def find_body(html: str, *, url: str, title: str | None = None) -> Body:
    """The article in a page, without a heading at its start that repeats the title."""
    body = _found(html, url)
    return Body(_untitled(body.html, title), body.judge) if body.html and title else body


def _untitled(body: str, title: str) -> str:
    heading = _FIRST_HEADING.match(body)
    return body[heading.end() :].lstrip() if heading and plain_text(heading[2]) == title else body


def _found(html: str, url: str) -> Body:
    tree = LexborHTMLParser(html)
    root = tree.body
    prose = prose_by_element(root) if root is not None else {}
    if root is not None and _leave_out_others(tree, root, prose):
        html, prose = tree.html or "", prose_by_element(root)
    if root is None or tree.css_first(".wp-site-blocks h1.wp-block-post-title") is not None:
        return _of_block_theme(tree, prose, html)
    total = prose[root.mem_id]
    sure = _contained(tree, prose, total=total, selectors=CONTAINERS)
    if sure:
        return Body(sure, "container")
    named = _contained(tree, prose, total=total, selectors=NAMED)
    if named and (total < _LEAST_WORDS or _is_large(named)):
        return Body(named, "container")
    if named is None and _waits(tree, html):
        return Body(None)
    # This comes first, since the comparison below takes widgets out of the tree, and the only container may be
    # inside a widget.
    small = _small(tree, html, (*CONTAINERS, *NAMED))
    judged = _compared(*_judged(html, url), root, prose, url)
    if named:
        text, other = _text(judged.html or "", url), _text(named, url)
        if not (_is_better(text, than=other) or (judged.judge == "trafilatura" and _goes_on(text, behind=other))):
            return Body(named, "container")
    if judged.html:
        return judged
    return Body(small, "container" if small is not None else None)


def _leave_out_others(tree: LexborHTMLParser, root: LexborNode, prose: Mapping[int, int]) -> bool:
    """Whether other posts that a theme printed were taken out of the page, and enough words of its own remain."""
    others = other_posts(tree)
    theirs = sum(prose.get(each.mem_id, 0) for each in others)
    if not theirs or prose[root.mem_id] - theirs < _LEAST_WORDS:
        return False
    for each in others:
        each.decompose()
    return True


def _of_block_theme(tree: LexborHTMLParser, prose: Mapping[int, int], html: str) -> Body:
    """A block theme always uses the same container, and omits that of an empty article."""
    container = CONTAINERS[:1]
    body = _contained(tree, prose, total=0, selectors=container)
    if body is None:
        body = _small(tree, html, container) if tree.css_first(container[0]) is not None else ""
    return Body(body, "container" if body is not None else None)


# -- containers --------------------------------------------------------------------------------------------------------


def _contained(tree: LexborHTMLParser, prose: Mapping[int, int], *, total: int, selectors: Sequence[str]) -> str | None:
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
    """The element that holds one article: parts of an article are near each other, two articles are not."""
    home = next((each for each in above if each.tag in ("article", "li") or "itemscope" in each.attributes), None)
    if home is not None and home.tag in ("body", "html"):
        home = None
    return (home if home is not None else above[:2][-1]).mem_id


def _words(nodes: Sequence[LexborNode], prose: Mapping[int, int]) -> int:
    return sum(prose[node.mem_id] for node in nodes)


def _is_teaser(node: LexborNode, prose: Mapping[int, int]) -> bool:
    """Whether the block around an element is a teaser: its heading is a link, and it holds few words."""
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


def _waits(tree: LexborHTMLParser, html: str) -> bool:
    """Whether a container of WordPress is there and empty until scripts fill it: prose beside it is not the article."""
    containers = [container for selector in CONTAINERS for container in tree.css(selector)[:FEW]]
    if not containers or any(map(_says_something, containers)):
        return False
    return any(map(_has_script, containers)) or _BY_SCRIPT.search(html) is not None


def _has_script(container: LexborNode) -> bool:
    return container.css_first("script, noscript") is not None


def _small(tree: LexborHTMLParser, html: str, selectors: Sequence[str]) -> str | None:
    """The content of a container that holds less than its share; None where scripts would fill it, or there is none."""
    for selector in selectors:
        container = tree.css_first(selector)
        if container is not None:
            if _says_something(container):
                return (container.inner_html or "").strip()
            return None if _has_script(container) or _BY_SCRIPT.search(html) else ""
    return None


# -- judges ------------------------------------------------------------------------------------------------------------


def _compared(judged: str | None, in_full: bool, root: LexborNode, prose: Mapping[int, int], url: str) -> Body:
    """Of trafilatura's result and the densest element of the page, the shorter one that has all the sentences.

    A result that was not judged ``in_full`` and has less than half of the sentences counts as none.
    """
    dense = densest(root, prose)
    same = (dense.inner_html or "").strip() == judged  # a large page, of which both take the densest element
    leave_out_asides(dense)
    own, enough = (dense.inner_html or "").strip(), prose[dense.mem_id] >= _ALONE
    if same and judged:
        return Body(own, "trafilatura")
    if judged is None:
        return Body(own, "paragraphs") if enough else Body(None)
    text, other = _text(own, url), _text(judged, url)
    if enough and not in_full and _sentences(other) < _THIN * _sentences(text):
        return Body(own, "paragraphs")
    first = next((line for line in other.split("\n") if len(line) >= _LONG_LINE), "")
    shorter = len(text) < len(other) and first in text
    if shorter and _sentences(text) >= _SAME * _sentences(other):
        return Body(own, "paragraphs")
    if _goes_on(text, behind=other) and _sentences(text) >= _LABELLED * count_words(text):
        return Body(own, "paragraphs")
    return Body(judged, "trafilatura")


def _goes_on(text: str, *, behind: str) -> bool:
    """Whether a text has all that a shorter one has and much more: the shorter one is a part of the article."""
    lines = list(_lines(behind))
    held = sum(len(line) for line in lines if line in text)
    return held >= _WHOLE * sum(map(len, lines)) and _sentences(text) >= _LONGER * _sentences(behind) > 0


def _is_better(text: str, *, than: str) -> bool:
    """Whether what the judges found leaves out labels of a named container, and no more sentences than it may."""
    return len(text) < _SHORTER * len(than) and _sentences(text) >= _LOST * _sentences(than)


def _text(html: str, url: str) -> str:
    return clean(html, base_url=url).text if html else ""


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if len(line) >= _LEAST_WORDS and _SENTENCE.search(line))


def _sentences(text: str) -> int:
    """The words of the lines that end as a sentence does."""
    return sum(map(count_words, _lines(text)))


def _has_many_blocks(html: str) -> bool:
    return len(_BLOCK.findall(html)) > MOST_BLOCKS


def _judged(html: str, url: str) -> tuple[str | None, bool]:
    """trafilatura's result, and whether it used all its means."""
    fast = _has_many_blocks(html)
    if fast or _is_large(html):
        tree = LexborHTMLParser(html)
        for node in tree.css(_FRAME):
            node.decompose()
        html = tree.html or ""
        if _is_large(html):
            return _worded(_densest(tree)), True
        fast = _has_many_blocks(html)
    found = _trafilatura().extract(
        html, url=url, output_format="html", include_comments=False, include_images=True, include_links=True,
        include_formatting=True, with_metadata=False, deduplicate=False, fast=fast,
    )  # fmt: skip
    return (_worded(LexborHTMLParser(found).body) if found else None), not fast


@cache
def _trafilatura() -> ModuleType:
    """The import takes a third of a second, and most crawls read no page."""
    import trafilatura

    # It logs an ERROR for each page without an article; what the page lacks is told by its reader.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return trafilatura


def _is_large(html: str) -> bool:
    return len(html) > MOST_CHARACTERS or len(_ELEMENT.findall(html)) > MOST_ELEMENTS


def _densest(tree: LexborHTMLParser) -> LexborNode | None:
    """The element whose own paragraphs hold the most text: the article of a page that is too large to be judged."""
    lengths: dict[int, int] = {}
    parents_of: dict[int, LexborNode] = {}
    for paragraph in tree.css("p"):
        parent = paragraph.parent
        if parent is not None:
            lengths[parent.mem_id] = lengths.get(parent.mem_id, 0) + len(paragraph.text(deep=True))
            parents_of[parent.mem_id] = parent
    return parents_of[max(lengths, key=lambda parent: lengths[parent])] if lengths else None


def _worded(body: LexborNode | None) -> str | None:
    """The HTML of an article. None for an element of few words, or whose words are mostly links."""
    if body is None:
        return None
    html = body.inner_html or ""
    if count_words(plain_text(html) or "") < _LEAST_WORDS:
        return None
    linked = sum(len(link.text(deep=True)) for link in body.css("a"))
    return None if linked * 2 > len(body.text(deep=True)) else html.strip()
