"""Advertising that only its form shows: a figure whose caption is a label, a box that an ad manager numbered."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.removal import weigh
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.rules import CleaningRules
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.cleaning.tags import INLINE, WRAPPERS
from newsbot.article.links import host

NUMBERED = Rule(name="numbered-ad", what="a box that an ad manager numbered, with nothing but a linked banner")
# Advanced Ads names its boxes after five letters of the site's host, with a random number: class "gazet-content", id
# "gazet-1191367904" on gazette.example. Page builders number their rows and sliders too, without the host.
_NUMBERED = re.compile(r"([a-z]\w{4})-\d{8,11}", re.A | re.I)
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)", re.I)
_LABEL = 24
_LOOK_AT = 60
_CAPTIONS = frozenset({"figcaption"})
# Elements that are not written, or are written only around words. A caption in such an element is written as the
# figure's own caption.
_BOXES = WRAPPERS | INLINE.keys() | {"a", "span", "font"}


def is_numbered(attributes: Attributes, base: str) -> bool:
    """Whether an element's id is a piece of the site's host with a long number, and one of its classes begins with the
    same piece."""
    found = _NUMBERED.fullmatch(attributes.get("id") or "")
    if found is None or found[1].lower() not in host(base):
        return False
    return any(name.startswith(f"{found[1]}-") for name in (attributes.get("class") or "").split())


def is_banner(node: LexborNode) -> bool:
    """Whether an element contains only linked pictures, or only scripts and frames, besides a label."""
    if weigh(node).characters > _LABEL:
        return False
    linked = False
    for looked, inner in enumerate(node.traverse()):
        if inner.tag == "a" and not _PICTURE_FILE.search(inner.attributes.get("href") or ""):
            linked = True
        elif inner.tag in ("img", "picture") and not linked:
            return False
        if looked > _LOOK_AT:
            return False
    return True


def labelled(figure: LexborNode, rules: CleaningRules) -> Rule | None:
    """The rule for a figure whose caption is only an advertising label. Boxes in the figure are searched too."""
    waiting = [figure.last_child]
    for _ in range(_LOOK_AT):
        child = waiting.pop() if waiting else None
        if child is None:
            if not waiting:
                return None
            continue
        if child.tag in _CAPTIONS or (child.tag == "p" and "wp-caption-text" in (child.attributes.get("class") or "")):
            words = child.text(deep=True)
            if words.strip():
                return rules.match_caption(words)
            # An empty caption is not written, so the caption before it is the figure's caption.
        waiting.append(child.prev)
        if child.tag in _BOXES:
            waiting.append(child.last_child)
    return None
