"""The junk rules: read from ``junk.toml``, compiled once, asked for every element, block and address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib import resources

from newsbot.article.cleaning.addresses import Addresses
from newsbot.article.cleaning.rule import Rule, read_rules
from newsbot.article.cleaning.selectors import Selectors

# A longer block has more to say than "follow us".
INVITATION = 110
# Dashes, arrows and little pictures around a label say nothing.
_MARKS = (
    " :.…!?»«>›→⇒➡➜▶►▸▼▾⬇↓|-–—_=~#*•·●■★☆✅✔❗‼"
    '👉👇📲📱📢🔔🔊🎧📰🔗📌🔥\ufe0f\u200d[]()"“”。！？：；、「」『』【】（）《》〈〉।॥۔؟،'
)
_OPENING_QUOTES = '"“„«‘'
_CLOSING_QUOTES = '"”“»’'
_SENTENCES = re.compile(r"[.!?。]\s+\S+\s+\S+\s+\S")


class CleaningRules:
    """Compiled rules. Immutable but for memos, which are safe to share."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.by_name = {rule.name: rule for rule in self.rules}
        linked = [rule for rule in self.rules if rule.linked]
        self.selectors = Selectors(self.rules)
        self._texts = _folded(self.rules, "texts", headings=False)
        self._headings = _folded(self.rules, "texts", headings=True)
        self._labels = _folded(self.rules, "bare") | self._texts | self._headings
        self._patterns = _alternation(self.rules, "patterns")
        self._hrefs = Addresses(self.rules, "hrefs")
        self._invitations = Addresses((rule for rule in self.rules if not rule.linked), "invitations")
        self._linked = [(rule, re.compile("|".join(rule.linked)), Addresses([rule], "invitations")) for rule in linked]

    def derive(self, *, add: Iterable[Rule] = (), without: Iterable[str] = ()) -> CleaningRules:
        """These rules with a site's own added, and those named in ``without`` switched off."""
        off = set(without)
        return CleaningRules([*(rule for rule in self.rules if rule.name not in off), *add])

    def match_text(self, text: str, *, heading: bool = False) -> Rule | None:
        """The rule the whole text of a paragraph or heading without links or images falls under, or None.

        A heading of one word may well be an author's: it is asked only of the rules for headings.
        """
        if text[0] in _OPENING_QUOTES and text.rstrip(" .,!?…")[-1:] in _CLOSING_QUOTES:
            return None  # somebody says it
        folded = fold(text)
        if heading:
            return self._headings.get(folded)
        rule = self._texts.get(folded) or self._headings.get(folded)
        if rule is None and self._patterns is not None:
            rule = _which(self.by_name, self._patterns.fullmatch(folded))
        return rule

    def match_bare(self, words: str) -> Rule | None:
        """The rule a heading falls under that has nothing under it."""
        return self._labels.get(fold(words))

    def match_linked(self, words: str, hrefs: Sequence[str], *, listed: bool = False) -> Rule | None:
        """The rule the whole text of a block with links falls under, or None.

        "Join us on ..." is one if it is short, and all its links lead to channels. ``listed``: what stands in a list
        or a table, where an address alone may be the one of what the article is about, has to ask for it.
        """
        short = len(words) <= INVITATION and not _SENTENCES.search(words)
        if short and not listed and all(found := [self._invitations.match(href) for href in hrefs]):
            return found[0]
        folded = fold(words)
        for rule, pattern, leads in self._linked:
            if leads and not (short and all(map(leads.match, hrefs))):
                continue
            if pattern.fullmatch(folded):
                return rule
        return None

    def match_url(self, url: str) -> Rule | None:
        """The rule the address of a frame, an image or a link falls under, or None."""
        return self._hrefs.match(url)


def fold(text: str) -> str:
    """Text as the rules compare it: case and white space folded, marks at the ends gone."""
    return " ".join(text.casefold().split()).strip(_MARKS)


@cache
def default_rules() -> CleaningRules:
    """The project's own rules, from the package's ``junk.toml``."""
    return CleaningRules(read_rules(resources.files(__package__).joinpath("junk.toml").read_text(encoding="utf-8")))


@lru_cache(maxsize=64)
def site_rules(off: tuple[str, ...], own: tuple[Rule, ...]) -> CleaningRules:
    """The default rules less those named ``off``, with a site's ``own``. Sites that ask for the same share one set.

    Raises ValueError, in one line, for a name that no rule has and for an own rule that takes a name in use.
    """
    known = default_rules().by_name
    for name in off:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise ValueError(f"there is no cleaning rule {name!r}" + (f"; is it {near[0]!r}?" if near else ""))
    taken = set(known) - set(off)
    for rule in own:
        if rule.name in taken:
            raise ValueError(f"there is a cleaning rule {rule.name!r} already")
        taken.add(rule.name)
    try:
        return default_rules().derive(add=own, without=off)
    except re.error as error:
        raise ValueError(f"the patterns of its rules do not go together: {error}") from error


def _folded(rules: Iterable[Rule], field: str, *, headings: bool | None = None) -> dict[str, Rule]:
    """Folded text -> rule, out of a field of texts; ``headings``: of the rules for headings alone, or of the others."""
    chosen = (rule for rule in rules if headings in (None, rule.headings))
    return {fold(text): rule for rule in chosen for text in getattr(rule, field)}


def _alternation(rules: Iterable[Rule], field: str) -> re.Pattern[str] | None:
    """One expression for all rules, each in a group named after its rule. It is asked of folded text: in small letters,
    without the flag for both cases, it takes half the time."""
    groups = [
        f"(?P<{rule.name.replace('-', '_')}>{'|'.join(getattr(rule, field))})" for rule in rules if getattr(rule, field)
    ]
    return re.compile("|".join(groups)) if groups else None


def _which(by_name: Mapping[str, Rule], found: re.Match[str] | None) -> Rule | None:
    return None if found is None or found.lastgroup is None else by_name[found.lastgroup.replace("_", "-")]
