"""The text around and inside a link: whether the link is part of a sentence, and whether it shows a picture."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.removal import weigh

# A link with more letters is not a button: "Click to email a link to a friend (Opens in new window)" has 55.
LABEL = 59
# A link with more letters beside it is part of a sentence: "Share this article with your friends on" has 39.
SENTENCE = 40
_PICTURES = frozenset({"img", "amp-img", "image", "picture", "video", "iframe", "amp-iframe", "object", "embed"})


def is_in_sentence(link: LexborNode) -> bool:
    """Whether a link is longer than a button's label, part of a sentence, or the text of a quotation that a button
    beside the quotation shares.
    """
    if weigh(link).characters > LABEL:
        return True
    parent = link.parent
    if parent is not None and "ctt-text" in (parent.attributes.get("class") or ""):
        return True
    beside = (node for node in (link.prev, link.next) if node is not None and node.tag == "-text")
    return sum(len(" ".join((node.text_content or "").split())) for node in beside) > SENTENCE


def shows_picture(link: LexborNode) -> bool:
    """Whether a link contains a picture, a film or a frame."""
    return any(inner.tag in _PICTURES for inner in link.traverse())
