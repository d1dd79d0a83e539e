"""The selectors of the junk rules, in an index: an element is compared only with selectors of the same first letters.

A selector is one compound: ``tag``, ``.class``, ``#id`` and ``[attr]``, ``[attr=value]`` in any number, no spaces. In a
class, an id and a value ``*`` means any text and ``[0-9]`` a digit. There are no combinators: a rule is
decided by the element alone, so that one walk over the tree decides all rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache, partial

from newsbot.article.cleaning.rule import Rule, read_selector

Attributes = Mapping[str, str | None]
Part = tuple[str, str, str | None]
Match = Callable[[str], object]

# Page builders number the classes of their elements, so the cache needs a limit.
MEMO_LIMIT = 4_000
# The number of letters in the index. Nearly all patterns of the rules are longer.
_INDEXED = 3
_NOTHING: tuple[tuple[str, ...], tuple[Candidate, ...]] = ((), ())
_LITERAL = re.compile(r"[\w-]*")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A selector whose leading part matches an element. The rule applies if the other parts match too."""

    rule: Rule
    tags: Set[str] = frozenset()
    classes: tuple[Match, ...] = ()
    attributes: tuple[tuple[str, Match], ...] = ()

    def fits(self, tag: str, attributes: Attributes, tokens: Sequence[str]) -> bool:
        """Whether the element has all parts of the selector. ``tokens`` are the element's classes."""
        return (
            (not self.tags or tag in self.tags)
            and not any(name in tokens for name in self.rule.unless)
            and all(any(map(match, tokens)) for match in self.classes)
            and all(name in attributes and match((attributes[name] or "").strip()) for name, match in self.attributes)
        )


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A class or an id with a ``*``. ``number`` is its place among all patterns. ``rest`` is None where ``prefix``
    suffices."""

    number: int
    prefix: str
    rest: Match | None
    candidate: Candidate

    def fits(self, name: str) -> bool:
        return name.startswith(self.prefix) and (self.rest is None or self.rest(name) is not None)


class Selectors:
    """All selectors of some rules. Immutable except for caches of ``class`` attributes and of names in them, which
    are safe to share."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._exact: dict[str, list[Candidate]] = {}  # "." or "#" and the name
        self._patterns: dict[str, list[_Pattern]] = {}  # "." or "#" and the first letters of the name, or no letters
        self._prefixes: dict[str, tuple[str, ...]] = {}  # the prefixes of the patterns, for a quick check
        self._attributes: dict[str, list[Candidate]] = {}
        self._tags: dict[str, list[Candidate]] = {}
        for number, (rule, selector) in enumerate((each, name) for each in rules for name in each.select):
            self._index(number, rule, read_selector(selector))
        for start, patterns in self._patterns.items():
            # A name is compared with the patterns that have its first letters, and with the patterns that have no
            # letters first.
            both = patterns if len(start) == 1 else [*patterns, *self._patterns.get(start[0], ())]
            self._patterns[start] = sorted(both, key=lambda pattern: pattern.number)
            self._prefixes[start] = tuple({pattern.prefix for pattern in both})
        self.bare_tags: Set[str] = self._tags.keys()
        self.asked_for = frozenset(self._attributes) | {"id"}
        self._of_class = lru_cache(maxsize=MEMO_LIMIT)(self._read_class)
        self._of_token = lru_cache(maxsize=MEMO_LIMIT)(partial(self._named, "."))

    def match(self, tag: str, attributes: Attributes) -> Rule | None:
        """The rule that matches an element, or None: by its classes first, then by its attributes, then by its tag."""
        names = attributes.get("class")
        tokens, candidates = self._of_class(names) if names else _NOTHING
        # Most elements have no attribute that a rule needs: one quick check decides.
        if not self.asked_for.isdisjoint(attributes):
            candidates = (*candidates, *self._of_attributes(attributes))
        if tag in self._tags:
            candidates = (*candidates, *self._tags[tag])
        if not candidates:
            return None
        for candidate in candidates:
            if candidate.fits(tag, attributes, tokens):
                return candidate.rule
        return None

    def ask_for_class(self, names: str) -> bool:
        """Whether a selector begins with one of the classes in an attribute."""
        return bool(self._of_class(names)[1])

    def _read_class(self, names: str) -> tuple[tuple[str, ...], tuple[Candidate, ...]]:
        """The classes in an attribute, and the candidates that they may match, in order."""
        tokens = tuple(names.split())
        candidates: list[Candidate] = []
        for token in tokens:
            candidates += self._of_token(token)
        return tokens, tuple(candidates)

    def _of_attributes(self, attributes: Attributes) -> Iterator[Candidate]:
        for name, value in attributes.items():
            if name == "id":
                yield from self._named("#", value or "")
            else:
                yield from self._attributes.get(name, ())

    def _named(self, sign: str, name: str) -> Sequence[Candidate]:
        exact = self._exact.get(sign + name, ())
        start = sign + name[:_INDEXED]
        prefixes = self._prefixes.get(start) or self._prefixes.get(sign, ())
        if not (name and name.startswith(prefixes)):
            return exact
        patterns = self._patterns.get(start) or self._patterns[sign]
        return [*exact, *(pattern.candidate for pattern in patterns if pattern.fits(name))]

    def _index(self, number: int, rule: Rule, parts: list[Part]) -> None:
        # The rarest part comes first: an id before a class, a class before an attribute, a tag last.
        lead = min(parts, key=lambda part: "#.[ ".index(part[0]))
        kind, name, _ = lead
        if kind == "[":
            self._attributes.setdefault(name, []).append(_candidate(rule, parts))
            return
        candidate = _candidate(rule, [part for part in parts if part is not lead])
        prefix = _prefix(name)
        if kind == " ":
            self._tags.setdefault(name, []).append(candidate)
        elif prefix == name:
            self._exact.setdefault(kind + name, []).append(candidate)
        else:
            rest = None if prefix + "*" == name else _match(name)
            start = kind + prefix[:_INDEXED] if len(prefix) >= _INDEXED else kind
            self._patterns.setdefault(start, []).append(_Pattern(number, prefix, rest, candidate))


def _candidate(rule: Rule, parts: Iterable[Part]) -> Candidate:
    found: dict[str, list[Part]] = {"#": [], ".": [], "[": [], " ": []}
    for part in parts:
        found[part[0]].append(part)
    ids = [("id", _match(name)) for _, name, _ in found["#"]]
    attributes = [(name, _match(value or "*", re.I)) for _, name, value in found["["]]
    return Candidate(
        rule=rule,
        tags=frozenset(name for _, name, _ in found[" "]),
        classes=tuple(_match(name) for _, name, _ in found["."]),
        attributes=(*ids, *attributes),
    )


def _prefix(name: str) -> str:
    """The letters of a name before its first ``*`` or ``[0-9]``."""
    found = _LITERAL.match(name)
    return found[0] if found else ""


def _match(name: str, flags: int = 0) -> Match:
    return re.compile(translate(name), flags).match
