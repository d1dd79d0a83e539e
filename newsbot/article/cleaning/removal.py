"""What the rules removed from a post, measured, so that no rule removes the article itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

LONG_RUN = 40  # a text node of this length is a sentence of the author rather than a label
# A rule that removes so much of the sentences has matched an unclosed wrapper, not junk.
SWALLOWED = 600


@dataclass(slots=True)
class Removal:
    """What one rule removed: how often, all characters, the characters in sentences, and from which elements."""

    rule: str
    broad: bool
    count: int = 0
    characters: int = 0
    sentences: int = 0
    elements: list[tuple[int, int, int]] = field(default_factory=list)  # (node, characters, sentences)

    def add(self, node: LexborNode) -> None:
        """Count an element that is removed."""
        characters, sentences = weigh(node)
        self.count += 1
        self.characters += characters
        self.sentences += sentences
        self.elements.append((node.mem_id, characters, sentences))

    def to_hold(self) -> list[int]:
        """The nodes to keep: the node that outweighs all others of its rule, or all nodes of the rule."""
        big = [node for node, characters, _ in self.elements if characters * 2 > max(self.characters, 1)]
        return big or [node for node, _, _ in self.elements]


def greedy(removals: Iterable[Removal], *, kept: int, kept_sentences: int, bare: bool) -> list[Removal]:
    """The removals that took the article itself: more than half of its text, or more than half of its sentences.

    The limit of half of the text holds for broad rules. A rule that names its plugin may remove more, such as a bar
    below a photograph, but not hundreds of letters in sentences, and not everything. ``bare``: nothing would be left.
    """
    removals = list(removals)
    characters = kept + sum(removal.characters for removal in removals)
    sentences = kept_sentences + sum(removal.sentences for removal in removals)
    return [
        removal
        for removal in removals
        if (removal.broad and removal.characters * 2 > characters)
        or (removal.sentences * 2 > sentences and (removal.sentences > SWALLOWED or bare))
    ]


def weigh(node: LexborNode) -> tuple[int, int]:
    """(characters, characters in sentences) of an element's text. Scripts, styles and links do not count as
    sentences."""
    characters = sentences = 0
    for text in node.traverse(include_text=True):
        if text.tag != "-text" or text.parent is None or text.parent.tag in ("script", "style"):
            continue
        length = len((text.text_content or "").strip())
        characters += length
        if length >= LONG_RUN and text.parent.tag != "a":
            sentences += length
    return characters, sentences
