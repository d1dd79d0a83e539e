"""Tables that only invite the reader to follow: "WhatsApp group | Join now", a row for each network."""

from __future__ import annotations

from itertools import islice

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.rules import CleaningRules
from newsbot.article.links import absolute

_LOOK_AT = 120
_LONGEST = 240


def inviting(table: LexborNode, base: str, rules: CleaningRules) -> Rule | None:
    """The rule that matches every link of a small table by its words. None where some link matches no rule."""
    found: Rule | None = None
    letters = 0
    nodes = list(islice(table.traverse(include_text=True), _LOOK_AT))
    for node in nodes:
        if node.tag == "img" or len(nodes) == _LOOK_AT:
            return None
        if node.tag == "-text":
            letters += len((node.text_content or "").strip())
        elif node.tag == "a":
            url = absolute(node.attributes.get("href"), base)
            found = rules.match_linked(node.text().strip(), [url]) if url else None
            if found is None:
                return None
    return found if letters <= _LONGEST else None
