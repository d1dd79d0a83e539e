"""What the rules removed from a post, measured, so that no rule removes the article itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.nodes import TEXT, tag_of
from newsbot.article.cleaning.rule import Rule
from newsbot.article.text import count_words

LONG_RUN = 40  # a text node of this length is a sentence of the author rather than a label
# If a rule removes this many characters in sentences, it matched an unclosed wrapper, not junk.
SWALLOWED = 600
# The fewest words in sentences that show an author, and the further words that each link among them requires.
PROSE = 20
# A plea to the reader has a link or a form, and fewer words than this for each link and for the form. Only two of these
# count.
PLEA = 120
_BLOCK_WORDS = 8
_PLENTY = 2_000  # the count of words stops here
_SENTENCE = re.compile(r"[.!?…。！？؟।](?:[\s\"'”’»«“)\]]|\Z)")
_FIELDS = frozenset({"form", "input", "button", "select", "textarea", "iframe"})
_LINKED = frozenset({"a", "button", "label", "option"})
_SILENT = frozenset({"script", "style", "noscript", "template"})
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "mark", "q", "s", "small", "span", "strong", "sub"}
    | {"sup", "time", "u", "img"}
)


@dataclass(slots=True)
class Weight:
    """The text of an element, in characters, and what shows who wrote it.

    ``sentences``: the characters of long runs outside links. ``prose``: the words of blocks that are sentences.
    ``nodes``: the number of nodes that were read.
    """

    characters: int = 0
    sentences: int = 0
    prose: int = 0
    links: int = 0
    fields: int = 0
    nodes: int = 0

    @property
    def is_prose(self) -> bool:
        """Whether an author wrote the text: it has sentences with few links among them."""
        return self.prose >= PROSE * (self.links + 1)

    @property
    def is_plea(self) -> bool:
        """Whether the reader can do what the text asks for, and the text is as short as a plea."""
        return 0 < self.prose < PLEA * min(self.links + min(self.fields, 1), 2)

    def add_prose(self, block: list[str]) -> None:
        """Count the words of a block of sentences. A label has none. The block is emptied."""
        text = "".join(block)
        block.clear()
        if len(text) < LONG_RUN // 2 or self.prose > _PLENTY or _SENTENCE.search(text) is None:
            return
        words = count_words(text.strip())
        self.prose += words if words >= _BLOCK_WORDS else 0


@dataclass(slots=True)
class Removal:
    """What one rule removed: how often, all characters, the characters in sentences, and from which elements."""

    rule: str
    broad: bool
    count: int = 0
    characters: int = 0
    sentences: int = 0
    elements: list[tuple[int, int, int]] = field(default_factory=list)  # (node, characters, sentences)

    def add(self, node: LexborNode, weight: Weight) -> None:
        """Count an element that is removed."""
        self.count += 1
        self.characters += weight.characters
        self.sentences += weight.sentences
        self.elements.append((node.mem_id, weight.characters, weight.sentences))

    def to_hold(self) -> list[int]:
        """The nodes to keep: the node with more than half of the characters that its rule removed, or all nodes of the
        rule."""
        big = [node for node, characters, _ in self.elements if characters * 2 > max(self.characters, 1)]
        return big or [node for node, _, _ in self.elements]


def greedy(removals: Iterable[Removal], *, kept: int, kept_sentences: int, bare: bool) -> list[Removal]:
    """The removals that took parts of the article itself: more than half of its text, or more than half of its
    sentences.

    The limit of half of the text holds for broad rules. A rule that names its plugin may remove more, such as a bar
    below a photograph, but not hundreds of letters in sentences, and not the whole post. ``bare``: nothing would be
    left.
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


def is_authors(rule: Rule, weight: Weight) -> bool:
    """Whether an element that a rule matches holds an author's sentences, so that the rule matched a wrapper."""
    if not weight.is_prose:
        return False
    return rule.wordless or (rule.asks and not weight.is_plea)


def weigh(node: LexborNode) -> Weight:
    """Weigh an element's text. Scripts, styles and links do not count as sentences."""
    weight = Weight()
    block: list[str] = []
    for inner in node.traverse(include_text=True):
        weight.nodes += 1
        if inner.tag_id != TEXT:
            tag = tag_of(inner)
            if tag not in _INLINE:
                weight.add_prose(block)
                weight.fields += tag in _FIELDS
            elif tag == "a":
                weight.links += 1
            continue
        above = inner.parent
        if above is None or tag_of(above) in _SILENT:
            continue
        text = inner.text_content or ""
        length = len(text.strip())
        weight.characters += length
        beyond = above.parent
        linked = tag_of(above) in _LINKED or (beyond is not None and tag_of(beyond) in _LINKED)
        if not linked:
            block.append(text)
            if length >= LONG_RUN:
                weight.sentences += length
    weight.add_prose(block)
    return weight
