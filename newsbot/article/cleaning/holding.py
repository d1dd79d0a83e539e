"""The content of an element, and whether it fits the kind of junk that the element's name indicates: a bar of buttons,
links to the site's pages, a plea, advertising, a short biography of an author."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.removal import Weight, weigh
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.tags import WRAPPERS
from newsbot.article.links import host
from newsbot.numbers import up_to

BOXES = WRAPPERS | {"ul", "ol", "p", "li", "figure", "ins", "amp-sidebar"}
INLINE = frozenset({"a", "span", "button", "small"})
_CONTENT = frozenset({"iframe", "video", "audio", "blockquote", "table", "pre", "figcaption", "object", "embed"})
_BLOCKS = frozenset({"p", "li", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6"})
_ICON = 80  # pixels
_ICON_FILE = re.compile(r"/(?:plugins|themes)/|^data:|\.svg(?:[?#]|$)", re.I)

FEW = 80
"""The most letters outside links in a bar of buttons or a counter."""

_LABEL = 40
"""The most letters of a label or a counter in a paragraph without a button or link."""

_COUNTER = re.compile(r"\D*\d[\d.,\xa0]*\D*")
"""Words with one number."""

_SHORT = 40
"""The most words in sentences of a plea that has no form."""

_LIFE = 120
"""The most words of a text that describes an author."""

_STOPS = frozenset(".。।")
_STATEMENT = 5
"""The fewest words of a statement. A question or an exclamation belongs to a button."""

_LEAD_IN = 30
"""The most letters beside a link that is not in a sentence, such as "Read also" or a date."""

_SEPARATORS = " |·•/,\n\t\xa0"
_LOOK_AT = 400


@dataclass(slots=True)
class Content:
    """The content of an element, counted: letters outside and inside links; links, those to the site's pages, to
    anchors and in sentences; sentences that state something; pictures that are not icons, and icons; frames, quotes,
    tables; paragraphs, items and headings; items without a link; its first words outside links. ``whole`` is False if
    the element has more nodes than a box of a plugin has."""

    outside: int = 0
    inside: int = 0
    links: int = 0
    own: int = 0
    anchors: int = 0
    spoken: int = 0
    statements: int = 0
    pictures: int = 0
    icons: int = 0
    solid: int = 0
    blocks: int = 0
    unlinked_items: int = 0
    said: str = ""
    whole: bool = True


def read(node: LexborNode, own_host: str | None) -> Content:
    """Read a limited number of an element's nodes."""
    content = Content()
    item: tuple[int, int] | None = None  # the letters and links before the open item of a list
    for looked, inner in enumerate(node.traverse(include_text=True)):
        if looked > _LOOK_AT:
            content.whole = False
            break
        tag = inner.tag
        if tag == "-text":
            _add_text(content, inner)
        elif tag == "a":
            _add_link(content, inner, own_host)
        elif tag in ("img", "picture", "amp-img"):
            icon = _is_icon(inner)
            content.icons += icon
            content.pictures += not icon
        elif tag in _CONTENT:
            content.solid += 1
        elif tag in _BLOCKS:
            content.blocks += 1
            if tag == "li":
                content.unlinked_items += _is_unlinked(content, item)
                item = (content.outside, content.links)
    content.unlinked_items += _is_unlinked(content, item)
    return content


def _is_unlinked(content: Content, item: tuple[int, int] | None) -> bool:
    """Whether an item has words and no link so far."""
    return item is not None and content.outside > item[0] and content.links == item[1]


def _add_text(content: Content, text: LexborNode) -> None:
    above = text.parent
    if above is None or above.tag in ("script", "style", "noscript", "template"):
        return
    words = (text.text_content or "").strip()
    letters = len(words)
    content.statements += words[-1:] in _STOPS and (len(words.split()) >= _STATEMENT or letters > FEW)
    if letters and any(each.tag in ("a", "button") for each in _above(text)):
        content.inside += letters
    elif letters:
        content.outside += letters
        content.said = f"{content.said} {words}" if len(content.said) <= FEW else content.said


def _above(node: LexborNode) -> Iterator[LexborNode]:
    """The nearest ancestors. Five are enough, since few elements lie between words and their link."""
    above = node.parent
    for _ in range(5):
        if above is None:
            return
        yield above
        above = above.parent


def _add_link(content: Content, link: LexborNode, own_host: str | None) -> None:
    href = link.attributes.get("href") or ""
    content.links += 1
    content.spoken += _is_spoken(link)
    content.anchors += href.startswith("#") and len(href) > 1
    if not href.startswith(("#", "javascript:", "mailto:")) and "/wp-content/uploads/" not in href:
        content.own += not href.startswith(("http", "//")) or host(href) == own_host


def _is_spoken(link: LexborNode) -> bool:
    """Whether a link is in a sentence: many words are beside it, or the sentence begins before the link and ends after
    it."""
    before, after = (_words(each) for each in (link.prev, link.next))
    return len(before) > _LEAD_IN or len(after) > _LEAD_IN or (before != "" and after[-1:] in _STOPS and len(after) > 1)


def _is_icon(picture: LexborNode) -> bool:
    attributes = picture.attributes
    given = (up_to(attributes.get(name), _ICON + 1) for name in ("width", "height"))
    sizes = [size for size in given if size is not None]
    return (bool(sizes) and max(sizes) <= _ICON) or _ICON_FILE.search(attributes.get("src") or "") is not None


# -- whether the content of an element fits the kind that its name indicates -------------------------------------------


def _is_label(content: Content) -> bool:
    """Whether words without a button or link are a label. An author's lines are in paragraphs and lists."""
    return not (content.statements or content.blocks)


def _is_counter(content: Content) -> bool:
    return content.outside <= _LABEL and _COUNTER.fullmatch(content.said) is not None


def _is_bar(content: Content, weight: Weight) -> bool:
    """Whether the content is buttons, icons, a counter, and a label."""
    silent = content.outside and not (content.links or weight.fields or content.icons)
    if silent and (content.statements or not (_is_label(content) or _is_counter(content))):
        return False
    return not weight.prose and content.outside <= FEW and not (content.pictures or content.solid)


def _is_list_of_links(content: Content, weight: Weight) -> bool:
    """Whether the content is links to the site's own pages, with titles, pictures and at most a few words for each
    link. Each item has a link."""
    if (
        content.unlinked_items
        or content.anchors
        or content.solid
        or content.spoken
        or weight.is_prose
        or not 0 < content.links <= 2 * content.own
    ):
        return False
    return content.outside <= FEW * (content.links + 1)


def _is_contents(content: Content, weight: Weight) -> bool:
    """Whether the content is links to anchors in the same post, or a label."""
    if content.pictures or content.solid or content.statements or weight.prose:
        return False
    if not content.links and not _is_label(content):
        return False
    return content.outside <= FEW and (content.links == content.anchors or not content.inside)


def _is_plea(content: Content, weight: Weight) -> bool:
    """Whether the content is a few words with a form or a link, or a label."""
    if not (weight.fields or weight.links):
        return _is_label(content) and content.outside <= FEW
    return weight.prose <= (_LIFE if weight.fields else _SHORT) and content.outside <= 10 * _LIFE


def _is_advertising(content: Content, weight: Weight) -> bool:
    """Whether the content has no sentences, and not only an author's lines."""
    if content.blocks and not (content.links or weight.fields or content.pictures or content.icons or content.solid):
        return content.outside <= _LABEL // 2
    return weight.prose < _SHORT // 2


def _is_life(content: Content, weight: Weight) -> bool:
    """Whether the content has no more words than a text that describes an author."""
    return not content.solid and weight.prose <= _LIFE and content.outside <= 10 * _LIFE


HOLDS: dict[str, Callable[[Content, Weight], bool]] = {
    "bar": _is_bar,
    "links": _is_list_of_links,
    "contents": _is_contents,
    "plea": _is_plea,
    "advertising": _is_advertising,
    "author": _is_life,
}
"""The values that ``holds`` of a rule may have, each with the test of an element for it."""


def agrees(rule: Rule, node: LexborNode, base: str, *, by_id: bool = False) -> bool:
    """Whether the content of an element fits the rule that its name matches. Reads a limited number of nodes.
    ``by_id``: only the element's id matches, so an element of words alone or of sentences stays."""
    if node.tag in INLINE and _is_in_line(node):
        return False
    content = read(node, host(base))
    if not (content.outside or content.inside or content.links or content.pictures or content.solid):
        return False
    weight = weigh(node)
    if by_id and (_is_text(content, weight) if rule.holds != "author" else not content.links):
        return False
    return content.whole and HOLDS[rule.holds](content, weight)


def _is_text(content: Content, weight: Weight) -> bool:
    """Whether an element contains only words, or sentences."""
    pressed = content.links or content.pictures or content.icons or content.solid or weight.fields
    return not pressed or content.spoken > 0 or weight.prose > 0


def _is_in_line(node: LexborNode) -> bool:
    """Whether words stand directly beside an inline element, so that it is a part of a sentence."""
    above = node.parent
    return (above is not None and above.tag not in BOXES and above.tag not in ("span", "a")) or any(_beside(node))


def _beside(node: LexborNode) -> Iterator[str]:
    """The words directly before and after an inline element."""
    yield _words(node.prev)
    yield _words(node.next)


def _words(node: LexborNode | None) -> str:
    """The words of a node of text."""
    return (node.text_content or "").strip(_SEPARATORS) if node is not None and node.tag == "-text" else ""
