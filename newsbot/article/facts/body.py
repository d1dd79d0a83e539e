"""The article in a whole page: the content of WordPress's own container, else the result of two judges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsbot.article.cleaning.clean import clean
from newsbot.article.facts.containers import CONTAINERS, NAMED, contained, small_container, waits_for_scripts
from newsbot.article.facts.heads import without_head
from newsbot.article.facts.judges import LEAST_WORDS, is_large, judge_page
from newsbot.article.facts.own_post import other_posts
from newsbot.article.facts.paragraphs import densest, leave_out_asides, prose_by_element
from newsbot.article.text import count_words, plain_text

_FIRST_HEADING = re.compile(r"(?:\s|<!--[^<>]*-->|<meta\b[^<>]*>)*<(h[12])\b[^<>]*>([^\n]{1,400}?)</\1>", re.I)
_SENTENCE = re.compile(r"[.!?…。！？।][\"'”’»)\]]*\s*$")
_SAME = 0.8
"""A shorter result is used if it contains this share of the sentences of a longer result."""

_WHOLE = 0.9
_LONGER = 1.3
"""A longer result is used if it contains _WHOLE of a shorter result, and has _LONGER times as many sentences."""

_THIN = 0.5

_LABELLED = 0.88
"""The share of sentences among the words of an article, without the comments, teasers and labels around the article."""

_LOST = 0.7
_SHORTER = 0.97
_LONG_LINE = 100
_ALONE = 100
"""The fewest words in paragraphs that count as an article without trafilatura."""


@dataclass(frozen=True, slots=True)
class Body:
    """The article's HTML, and who found it: ``container``, ``trafilatura``, ``paragraphs``; None if no judge did.

    ``html`` is "" if the page has an empty container, None if the page has no article.
    """

    html: str | None
    judge: str | None = None


def body_of(html: str, *, url: str) -> str | None:
    """The article's HTML, see ``Body``."""
    return find_body(html, url=url).html


def find_body(html: str, *, url: str, title: str | None = None) -> Body:
    """The article in a page, without a heading at its start that repeats the title."""
    body = _found(html, url)
    return Body(_untitled(body, title), body.judge) if body.html and title else body


def _untitled(body: Body, title: str) -> str:
    html = body.html or ""
    heading = _FIRST_HEADING.match(html)
    if heading and plain_text(heading[2]) == title:
        return html[heading.end() :].lstrip()
    return html if body.judge == "container" else without_head(html, title)


def _found(html: str, url: str) -> Body:
    tree = LexborHTMLParser(html)
    root = tree.body
    prose = prose_by_element(root) if root is not None else {}
    if root is not None and _leave_out_others(tree, root, prose):
        html, prose = tree.html or "", prose_by_element(root)
    if root is None or tree.css_first(".wp-site-blocks h1.wp-block-post-title") is not None:
        return _of_block_theme(tree, prose, html)
    total = prose[root.mem_id]
    sure = contained(tree, prose, total=total, selectors=CONTAINERS)
    if sure:
        return Body(sure, "container")
    named = contained(tree, prose, total=total, selectors=NAMED)
    if named and (total < LEAST_WORDS or is_large(named)):
        return Body(named, "container")
    if named is None and waits_for_scripts(tree, html):
        return Body(None)
    # This is done first, since the comparison below removes widgets from the tree, and the only container may be in a
    # widget.
    small = small_container(tree, html, (*CONTAINERS, *NAMED))
    judged = _compared(*judge_page(html, url), root, prose, url)
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
    if not theirs or prose[root.mem_id] - theirs < LEAST_WORDS:
        return False
    for each in others:
        each.decompose()
    return True


def _of_block_theme(tree: LexborHTMLParser, prose: Mapping[int, int], html: str) -> Body:
    """A block theme always uses the same container, and omits the container of an empty article."""
    container = CONTAINERS[:1]
    body = contained(tree, prose, total=0, selectors=container)
    if body is None:
        body = small_container(tree, html, container) if tree.css_first(container[0]) is not None else ""
    return Body(body, "container" if body is not None else None)


def _compared(judged: str | None, in_full: bool, root: LexborNode, prose: Mapping[int, int], url: str) -> Body:
    """The shorter of two results, if it has all the sentences: trafilatura's result, or the densest element of the
    page.

    A result that was not judged ``in_full`` and has less than half of the sentences counts as none.
    """
    dense = densest(root, prose)
    same = (dense.inner_html or "").strip() == judged  # both use the densest element of a large page
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
    """Whether ``text`` contains nearly all of a shorter text and much more: the shorter text is a part of the
    article."""
    lines = list(_lines(behind))
    held = sum(len(line) for line in lines if line in text)
    return held >= _WHOLE * sum(map(len, lines)) and _sentences(text) >= _LONGER * _sentences(behind) > 0


def _is_better(text: str, *, than: str) -> bool:
    """Whether the result of the judges lacks labels of a named container, and only as many sentences as it may lack."""
    return len(text) < _SHORTER * len(than) and _sentences(text) >= _LOST * _sentences(than)


def _text(html: str, url: str) -> str:
    return clean(html, base_url=url).text if html else ""


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.split("\n") if len(line) >= LEAST_WORDS and _SENTENCE.search(line))


def _sentences(text: str) -> int:
    """The words of the lines that end as a sentence does."""
    return sum(map(count_words, _lines(text)))
