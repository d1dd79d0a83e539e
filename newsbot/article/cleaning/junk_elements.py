"""Elements that are removed from a post, and the limits of the searches for them."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.hidden import is_hidden
from newsbot.article.cleaning.holding import agrees
from newsbot.article.cleaning.judgement import Judgement
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.cleaning.tags import BLOCKS, WRAPPERS
from newsbot.article.cleaning.writer import Writer

HIDDEN = Rule(name="hidden", what="an element the page does not show", broad=True)
_TELLING = frozenset({"class", "id", "style", "hidden"})
# The number of elements that are searched for hidden or quoted content: a search reads the whole text of an element.
PATIENCE = 500
# The number of different classes whose words are read. No article has so many classes. Each class costs a search.
MOST_NAMES = 2_000


class JunkElements:
    """Decides about each element of one walk. ``patience``: how many more elements are searched. ``names``: the classes
    whose words were read."""

    def __init__(self, judgement: Judgement, writer: Writer, base: str) -> None:
        self.patience = self._kinds_patience = PATIENCE
        self.names: set[str | None] = set()
        self._judgement = judgement
        self._writer = writer
        self._base = base
        self._rules = judgement.rules
        self._bare_tags = self._rules.selectors.bare_tags
        self._telling = self._rules.selectors.asked_for | _TELLING
        self._asked = self._telling - {"class"} | self._rules.selectors.asked_for

    def is_junk(self, tag: str, node: LexborNode, attributes: Attributes) -> bool:
        """Whether a rule removes an element. The removal is counted."""
        # Most elements have no attribute that indicates junk.
        telling = attributes and not self._telling.isdisjoint(attributes)
        return (telling or tag in self._bare_tags) and self._is_junk(tag, node, attributes)

    def _is_junk(self, tag: str, node: LexborNode, attributes: Attributes) -> bool:
        # Most classes are in no rule. An element with such a class and no other sign of junk is decided here.
        names = attributes.get("class")
        alone = names and self._asked.isdisjoint(attributes) and tag not in self._bare_tags
        if names and alone and len(self.names) <= MOST_NAMES and self._rules.is_plain(names):
            self.names.add(names)
            return False
        rule = self._rules.selectors.match(tag, attributes)
        if rule is not None and self.remove(rule, node):
            return True
        if ("class" in attributes or "id" in attributes) and self._is_of_a_kind(tag, node, attributes):
            return True
        return ("style" in attributes or "hidden" in attributes) and self._hide(tag, attributes, node)

    def _is_of_a_kind(self, tag: str, node: LexborNode, attributes: Attributes) -> bool:
        """Whether an element's name and its content agree that a plugin or a theme printed it."""
        if len(self.names) > MOST_NAMES:
            return False
        self.names.add(attributes.get("class"))
        kinds = self._rules.kinds
        found = kinds.match(tag, attributes)
        if found and any(self._removes_kind(rule, node) for rule in found):
            return True
        of_id = kinds.match_id(tag, attributes["id"]) if "id" in attributes else None
        return of_id is not None and self._removes_kind(of_id, node, by_id=True)

    def _removes_kind(self, rule: Rule, node: LexborNode, *, by_id: bool = False) -> bool:
        self._kinds_patience -= 1
        return self._kinds_patience > 0 and agrees(rule, node, self._base, by_id=by_id) and self.remove(rule, node)

    def remove(self, rule: Rule, node: LexborNode) -> bool:
        """Remove an element that a rule matches, unless the judgement keeps it."""
        if not self._judgement.removes(rule, node, at=self._writer.length):
            return False
        if node.tag in WRAPPERS or node.tag in BLOCKS:
            self._writer.boundary()
        self._writer.cut()
        return True

    def _hide(self, tag: str, attributes: Attributes, node: LexborNode) -> bool:
        if self.patience <= 0 or not is_hidden(tag, attributes, node):
            self.patience -= 1
            return False
        return self.remove(HIDDEN, node)
