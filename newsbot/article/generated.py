"""Pictures a generator gathered from a search engine and hung below its text, each with its file's name and host."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

_CREDIT = re.compile(r"\b(?:image )?(?:credit )?source\s*:", re.I)
_LOOK_AT = 12


def is_scraped_picture(node: LexborNode) -> bool:
    """Whether an ``<aside>`` is one of these: a picture, a caption outside any figure, "source:" and a host's name."""
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
