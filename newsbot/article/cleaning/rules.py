"""The junk rules: read from ``junk.toml``, compiled once, asked for every element.

A selector is one compound: ``tag``, ``.class``, ``#id`` and ``[attr]``, ``[attr=value]`` in any number, no spaces. In a
class, an id and a value ``*`` stands for anything and ``[0-9]`` for a digit. There are no combinators: a rule is
decided by the element alone, so one walk over the tree decides them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import translate
from functools import cache, lru_cache
from importlib import resources

from newsbot.article.cleaning.rule import Rule, read_rules, read_selector

Attributes = Mapping[str, str | None]
Test = Callable[[str, Attributes, list[str]], bool]
Addresses = dict[str, list[tuple[Callable[[str], re.Match[str] | None], "Rule"]]]

# Class names of page builders carry a number per element: the memo must not grow with the web.
MEMO_LIMIT = 20_000
ANYWHERE = "* in one"
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


@dataclass(frozen=True, slots=True)
class _Candidate:
    rule: Rule
    test: Test | None


class CleaningRules:
    """Compiled rules. Immutable but for a memo of class names, which is safe to share."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.by_name = {rule.name: rule for rule in self.rules}
        self._classes: dict[str, list[_Candidate]] = {}
        self._ids: dict[str, list[_Candidate]] = {}
        self._globs: dict[str, list[tuple[re.Pattern[str], _Candidate]]] = {".": [], "#": []}
        self._attributes: dict[str, list[_Candidate]] = {}
        self._tags: dict[str, list[_Candidate]] = {}
        self._texts = {fold(text): rule for rule in self.rules for text in rule.texts if not rule.headings}
        self._headings = {fold(text): rule for rule in self.rules for text in rule.texts if rule.headings}
        self._labels = {fold(text): rule for rule in self.rules for text in rule.bare} | self._texts | self._headings
        self._patterns = _alternation(self.rules, "patterns")
        self._hrefs = _addresses(self.rules, "hrefs")
        self._invitations = _addresses((rule for rule in self.rules if not rule.linked), "invitations")
        self._linked = [
            (rule, re.compile("|".join(rule.linked)), _addresses([rule], "invitations"))
            for rule in self.rules
            if rule.linked
        ]
        self.bare_tags: Set[str] = self._tags.keys()
        self._memo: dict[str, tuple[_Candidate, ...]] = {}
        for rule in self.rules:
            for selector in rule.select:
                self._index(rule, selector)
        self._told_by = frozenset(self._attributes) | {"id"}

    def derive(self, *, add: Iterable[Rule] = (), without: Iterable[str] = ()) -> CleaningRules:
        """These rules with a site's own added, and those named in ``without`` switched off."""
        off = set(without)
        return CleaningRules([*(rule for rule in self.rules if rule.name not in off), *add])

    def match(self, tag: str, attributes: Attributes) -> Rule | None:
        """The rule an element falls under, or None."""
        names = attributes.get("class")
        tokens = names.split() if names else []
        for token in tokens:
            hits = self._memo.get(token)
            if hits is None:
                hits = self._learn(".", token)
            for hit in hits:
                if hit.test is None or hit.test(tag, attributes, tokens):
                    return hit.rule
        # Most elements have no attribute that any rule asks for: one look tells.
        if not self._told_by.isdisjoint(attributes):
            for hit in self._told(attributes):
                if hit.test is None or hit.test(tag, attributes, tokens):
                    return hit.rule
        if tag in self._tags:
            for hit in self._tags[tag]:
                if hit.test is None or hit.test(tag, attributes, tokens):
                    return hit.rule
        return None

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
        if short and not listed and all(found := [_address(self._invitations, href) for href in hrefs]):
            return found[0]
        folded = fold(words)
        for rule, pattern, leads in self._linked:
            if leads and not (short and all(_address(leads, href) for href in hrefs)):
                continue
            if pattern.fullmatch(folded):
                return rule
        return None

    def match_url(self, url: str) -> Rule | None:
        """The rule the address of a frame, an image or a link falls under, or None."""
        return _address(self._hrefs, url)

    def _told(self, attributes: Attributes) -> Iterator[_Candidate]:
        """What an element's id and other attributes may fall under, in their order."""
        for name, value in attributes.items():
            yield from self._ids_of(value) if name == "id" else self._attributes.get(name, ())

    def _ids_of(self, value: str | None) -> tuple[_Candidate, ...]:
        if not value:
            return ()
        hits = self._memo.get("#" + value)
        return self._learn("#", value) if hits is None else hits

    def _learn(self, kind: str, token: str) -> tuple[_Candidate, ...]:
        exact = (self._classes if kind == "." else self._ids).get(token, ())
        hits = (*exact, *(hit for glob, hit in self._globs[kind] if glob.match(token)))
        if len(self._memo) > MEMO_LIMIT:
            self._memo.clear()
        self._memo[token if kind == "." else "#" + token] = hits
        return hits

    def _index(self, rule: Rule, selector: str) -> None:
        parts = read_selector(selector)
        # The rarest part leads: an id before a class, a class before an attribute, a bare tag last.
        lead = min(parts, key=lambda part: "#.[ ".index(part[0]))
        rest = [part for part in parts if part is not lead]
        hit = _Candidate(rule, _test(rest, rule.unless) if rest or rule.unless else None)
        kind, name, _ = lead
        if kind == "[":
            self._attributes.setdefault(name, []).append(_Candidate(rule, _test(parts, rule.unless)))
        elif kind == " ":
            self._tags.setdefault(name, []).append(hit)
        elif "*" in name or "[" in name:
            self._globs[kind].append((re.compile(translate(name)), hit))
        else:
            (self._classes if kind == "." else self._ids).setdefault(name, []).append(hit)


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


def _test(parts: list[tuple[str, str, str | None]], unless: Sequence[str]) -> Test:
    tags = {name for kind, name, _ in parts if kind == " "}
    classes = [re.compile(translate(name)) for kind, name, _ in parts if kind == "."]
    wanted = [("id", re.compile(translate(name))) for kind, name, _ in parts if kind == "#"]
    wanted += [(name, re.compile(translate(value or "*"), re.I)) for kind, name, value in parts if kind == "["]

    def test(tag: str, attributes: Attributes, tokens: list[str]) -> bool:
        if (tags and tag not in tags) or any(name in tokens for name in unless):
            return False
        if not all(any(glob.match(token) for token in tokens) for glob in classes):
            return False
        return all(
            name in attributes and glob.match((attributes[name] or "").strip()) is not None for name, glob in wanted
        )

    return test


def _alternation(rules: Iterable[Rule], field: str) -> re.Pattern[str] | None:
    """One expression for all rules, each in a group named after its rule. It is asked of folded text: in small letters,
    without the flag for both cases, it takes half the time."""
    groups = [
        f"(?P<{rule.name.replace('-', '_')}>{'|'.join(getattr(rule, field))})" for rule in rules if getattr(rule, field)
    ]
    return re.compile("|".join(groups)) if groups else None


def _which(by_name: Mapping[str, Rule], found: re.Match[str] | None) -> Rule | None:
    return None if found is None or found.lastgroup is None else by_name[found.lastgroup.replace("_", "-")]


def _addresses(rules: Iterable[Rule], field: str) -> Addresses:
    """Host -> what may follow it. A pattern is a host (its subdomains count, ``*`` is any), a slash, an expression."""
    found: Addresses = {}
    general: list[re.Pattern[str]] = []
    for rule in rules:
        for pattern in getattr(rule, field):
            name, _, rest = pattern.partition("/")
            expression = re.compile(rest, re.I)
            if name == "*":
                general.append(expression)
            # On any host a path is known by a part of it.
            found.setdefault(name, []).append((expression.search if name == "*" else expression.match, rule))
    if "*" in found:
        # Most addresses are none of these: one look tells.
        every = "|".join(pattern.pattern for pattern in general)
        found[ANYWHERE] = [(re.compile(every).search, found["*"][0][1])]
    return found


def _address(addresses: Addresses, url: str) -> Rule | None:
    scheme, _, rest = url.partition("://")
    name, _, path = rest.partition("/")
    if not rest:  # mailto: and the like stand under their scheme
        name, _, path = scheme.partition(":")
    while name:
        for match, rule in addresses.get(name, ()):
            if match(path):
                return rule
        name = name.partition(".")[2]
    # What a site uploaded is on its own server.
    if path.startswith("wp-content/uploads/"):
        return None
    if addresses.get(ANYWHERE) and not addresses[ANYWHERE][0][0](path.lower()):
        return None
    for match, rule in addresses.get("*", ()):
        if match(path):
            return rule
    return None
