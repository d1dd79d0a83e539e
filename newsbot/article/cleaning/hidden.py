"""Elements that the article's page does not show: leftovers of plugins, and hidden links that were sold."""

from __future__ import annotations

import re
from functools import lru_cache

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.selectors import Attributes

_INVISIBLE = re.compile(r"(?:^|;)(?:display:none|visibility:hidden)", re.I)
# A style that puts an element off the screen, or takes away its size: used only for hidden links and traps. A layout
# moves an element by less, or by per cent.
_AWAY = re.compile(
    r"(?:^|;)(?:(?:left|top|right|text-indent):-\d{3,}(?:\.\d+)?(?:px|em|rem)?|margin-(?:left|top):-(?:9\d\d|\d{4,})"
    r"(?:\.\d+)?(?:px|em|rem)?|font-size:0(?:px)?)(?:;|$|!)",
    re.I,
)
# A style that makes an element too small to see. ``shown`` excludes a frame with a fixed ratio, whose height comes from
# a padding.
_SQUEEZED = re.compile(
    r"(?:^|;)(?:height|max-height|width):[01](?:px)?;(?:.*;)?overflow:hidden|overflow:hidden;(?:.*;)?(?:height"
    r"|max-height|width):[01](?:px)?(?:;|$)",
    re.I,
)
# Content that unfolds on a click is hidden at first, and belongs to the article.
_UNFOLDS = re.compile(
    r"accord|toggle|collaps|spoiler|tab|faq|answer|panel|expand|read-?more|more-?(?:text|content|less)|rmwp"
    r"|hidden-?(?:content|text)|showhide|reveal"
    r"|unfold|slide|content|transcript|footnote|modula|gallery|lazy|su-",
    re.I,
)
_SLIDES = re.compile(r"slide|carousel|gallery|tab-?(?:content|pane)s?|accord", re.I)
_WITHOUT_WORDS = frozenset({"img", "iframe", "video", "audio", "br", "hr"})
_STYLES = 1_000  # styles in the cache: an editor writes few different styles, and the same ones in each post
_SHORTEST = len("top:-100")
_PROSE = 200  # characters of text outside links: no leftover of a plugin has so many


def is_hidden(tag: str, attributes: Attributes, node: LexborNode) -> bool:
    """Whether an element stays hidden: no click unfolds it, and it holds no long prose."""
    away, invisible = shown(attributes.get("style") or "")
    if away:
        return tag not in _WITHOUT_WORDS
    if "hidden" not in attributes and not invisible:
        return False
    if tag in _WITHOUT_WORDS:
        return tag == "iframe" and "data-src" not in attributes
    return not _unfolds(attributes, node.parent) and not _is_prose(node)


def _unfolds(attributes: Attributes, parent: LexborNode | None) -> bool:
    """Whether a click shows the element, or whether its parent is a slider that shows it."""
    return _UNFOLDS.search(_names(attributes)) is not None or (
        parent is not None and _SLIDES.search(_names(parent.attributes)) is not None
    )


def _is_prose(node: LexborNode) -> bool:
    """Whether an element holds more text outside of links than a leftover does."""
    prose = 0
    for text in node.traverse(include_text=True):
        if text.tag == "-text" and text.parent is not None and text.parent.tag not in ("a", "script", "style"):
            prose += len((text.text_content or "").strip())
            if prose > _PROSE:
                return True
    return False


@lru_cache(maxsize=_STYLES)
def shown(style: str) -> tuple[bool, bool]:
    """Whether a style moves an element off the screen, and whether it makes the element invisible or too small. Most
    styles do neither."""
    if len(style) < _SHORTEST:
        return False, False
    style = "".join(style.split())
    return _AWAY.search(style) is not None, _INVISIBLE.search(style) is not None or _is_squeezed(style)


def _is_squeezed(style: str) -> bool:
    return _SQUEEZED.search(style) is not None and "padding-bottom:" not in style and "padding-top:" not in style


def _names(attributes: Attributes) -> str:
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}"


_CREDIT = re.compile(r"\b(?:image )?(?:credit )?source\s*:", re.I)


_LOOK_AT = 12


def is_scraped_picture(node: LexborNode) -> bool:
    """Whether an ``<aside>`` is a scraped picture: it has a picture, a caption outside any figure, "source:" and a
    host's name."""
    picture = caption = False
    words = ""
    pending = [node.first_child]
    for _ in range(_LOOK_AT):
        child = pending.pop() if pending else None
        if child is None:
            if not pending:
                break
            continue
        pending.append(child.next)
        if child.tag == "img":
            picture = True
        elif child.tag == "figcaption":
            caption = True
        elif child.tag in ("center", "div", "a"):
            pending.append(child.first_child)
        elif child.tag == "-text":
            words += child.text_content or ""
        else:
            return False
    return picture and caption and _CREDIT.search(words) is not None
