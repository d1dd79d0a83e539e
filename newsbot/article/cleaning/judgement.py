"""Decides what is removed from a post: applies the rules to elements, blocks and headings, with counts and reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.block import ADDRESS, AUTHOR, LABEL, PLUGIN, SPOKEN, Said
from newsbot.article.cleaning.headings import LONGEST
from newsbot.article.cleaning.iframes import bare_address
from newsbot.article.cleaning.removal import Removal, is_authors, weigh
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.rules import CleaningRules, is_quotation
from newsbot.article.cleaning.tag_lists import POST_TAGS, SEPARATORS
from newsbot.article.links import host, is_same_page

# An invitation to read the rest elsewhere ends the article: at most this many characters follow it.
_BEHIND = 200
# The most nodes in all elements that stay because they contain an author's sentences. Nested elements count several
# times.
_OPENED = 20_000
_MARKDOWN = frozenset({"**", "~~", "##", "```"})
_LABEL = 40
_SIGNS = frozenset("%()[]:;,/|&+.-–—")
_FEW_SIGNS = 4
_QUESTION = frozenset("?？؟")


def _between(words: str) -> str:
    return words.strip(SEPARATORS)


def _is_question(words: str) -> bool:
    """Whether words are a question. Interviewers and plugins ask questions. An interviewer's question is followed by an
    answer.
    """
    return words.rstrip()[-1:] in _QUESTION and len(words) <= LONGEST


def _is_sign(words: str) -> bool:
    """Whether words are a single character other than a separator."""
    return len(words) == 1 and words != "|"


def _is_stub(words: str) -> bool:
    """Whether words are only the signs that stood around a removed number or name: "%" and "( )", but not "***", which
    divides a text."""
    signs = words.replace(" ", "")
    return len(signs) <= _FEW_SIGNS and len(set(signs)) == len(signs) and set(signs) <= _SIGNS


class Judgement:
    """The judgement of one walk. ``held``: nodes that stay although a rule matches them. The argument ``opened`` has
    the rules that an earlier walk over the same post opened. ``page`` is the URL of the article.

    ``counts``: rule -> blocks and pictures. ``removals``: rule -> elements. The attribute ``opened``: rules that
    matched a wrapper of the author's sentences in this walk. ``credit``: see ``Cleaned``.
    """

    def __init__(
        self, rules: CleaningRules, held: Set[int] = frozenset(), opened: Set[str] = frozenset(), page: str = ""
    ) -> None:
        self.counts: defaultdict[str, int] = defaultdict(int)
        self.removals: dict[str, Removal] = {}
        self.opened: set[str] = set()
        self.credit: tuple[str, tuple[str, ...]] | None = None
        self.rules = rules
        self._held = held
        self._own, self._page = host(page), page
        self._opened_before = opened
        self._stub = False
        self._invited_at: int | None = None
        self._patience = _OPENED

    def truncated(self, length: int) -> bool:
        """Whether the article of ``length`` characters continues elsewhere: it has a phrase of a paywall, or ends with
        an invitation to read on."""
        return self._stub or (self._invited_at is not None and length - self._invited_at <= _BEHIND)

    def removes(self, rule: Rule, node: LexborNode, *, at: int) -> bool:
        """Whether a rule removes an element that it matches. ``at``: the characters written so far."""
        if node.mem_id in self._held:
            return False
        weight = weigh(node)
        if self._patience > 0 and is_authors(rule, weight):
            self._patience -= weight.nodes
            self.opened.add(rule.name)
            return False
        if rule.asks and rule.name in self._opened_before and not (weight.links or weight.fields):
            return False
        self.removals.setdefault(rule.name, Removal(rule.name, rule.broad)).add(node, weight)
        if rule.stub:
            self._invited_at = at
        return True

    def block(
        self, words: str, hrefs: Sequence[str], tag: str, counter: bool = False, bold: bool = False, cut: bool = False
    ) -> Said:
        """Decide who wrote the words of a block. ``counter``: a script would write a number into the block. ``bold``: a
        paragraph of bold words, an author's heading without a heading's element. ``cut``: an element in the block was
        removed."""
        # A text of signs only, an address or a label is always checked below.
        if not hrefs and not self.rules.may_match(words):
            return AUTHOR
        if not hrefs and self._is_left(words, cut):
            return PLUGIN
        if _is_sign(words):
            return AUTHOR
        if words in _MARKDOWN:
            self.counts["orphan-label"] += 1
            return PLUGIN
        if tag == "p" and words.startswith("http") and len(hrefs) < 2 and bare_address(words):
            return ADDRESS
        rule = self._rule_for(words, hrefs, tag)
        if rule is not None and not hrefs and self._may_head(words, tag, bold):
            return LABEL
        if rule is None and counter and len(words) <= _LABEL:
            rule = self.rules.match_bare(words)
        if rule is None:
            return LABEL if tag == "p" and len(words) <= _LABEL and self._is_label(words) else AUTHOR
        self.counts[rule.name] += 1
        self._stub = self._stub or rule.stub
        if rule.credit:
            self.credit = words, tuple(hrefs)
        return PLUGIN

    def _rule_for(self, words: str, hrefs: Sequence[str], tag: str) -> Rule | None:
        """The rule that matches the whole text of a block. A text without a link in a list, a quotation or a table is
        the author's."""
        if hrefs:
            return self.rules.match_linked(words, hrefs, listed=tag in SPOKEN, own=self._own)
        return None if tag in SPOKEN else self.rules.match_text(words, heading=tag[0] == "h")

    def _is_left(self, words: str, cut: bool) -> bool:
        """Whether words without a link are what remains of removed elements: signs, separators, labels of tags."""
        if cut and _is_stub(words):
            return True
        if not words.strip("| ") and "share-link" in self.removals:
            return True  # the separators between removed links
        return POST_TAGS.name in self.removals and not _is_sign(words) and self._is_left_of_tags(words)

    def note(self, words: str) -> Said:
        """Decide who wrote a paragraph that is longer than the texts that ``block`` decides about."""
        # Most paragraphs have none of these marks: no rule applies to them.
        for mark in self.rules.marks:
            if mark in words:
                break
        else:
            return AUTHOR
        rule = self.rules.match_note(words)
        if rule is None:
            return AUTHOR
        self.counts[rule.name] += 1
        return PLUGIN

    def _may_head(self, words: str, tag: str, bold: bool) -> bool:
        """Whether a text that a rule matches may be the heading of an author's text: a line of bold words, or a
        question."""
        if bold and self.rules.may_head(words):
            return True
        return tag == "p" and _is_question(words) and self.rules.match_bare(words) is None

    def _is_label(self, words: str) -> bool:
        return not is_quotation(words) and self.rules.match_bare(words) is not None

    def is_tag_label(self, words: str) -> bool:
        """Whether words beside the tags of a post are a label: "Filed under"."""
        return len(words) <= _LABEL and self.rules.match_bare(words) is not None

    def _is_left_of_tags(self, words: str) -> bool:
        """Whether words are what remains of a list of tags: labels, and commas between the links."""
        return all(not part or self.is_tag_label(part) for part in map(_between, words.split("\n")))

    def is_own_page(self, url: str) -> bool:
        """Whether a URL is that of the article."""
        return is_same_page(url, self._page)

    def bare(self, words: str) -> bool:
        """Whether a plugin wrote a heading that has nothing under it."""
        rule = self.rules.match_bare(words) or (self.rules.match_text(words) if _is_question(words) else None)
        if rule is not None:
            self.counts[rule.name] += 1
        return rule is not None
