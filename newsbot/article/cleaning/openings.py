"""The first letters of the texts that an expression can match: a quick check before a search with many expressions.

Nearly every short block of a post is compared with some thousand texts and a hundred expressions, and begins
differently from all of them. Trying all of them takes as long as parsing the block. If an expression is read only in
part, its openings are shorter than possible, but never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 8
OTHER = "\0"
"""In an opening: any character that is neither a letter nor a space."""

_MOST = 200
"""The most openings of one expression. If an expression has more openings, its matches count as beginning with
anything."""

_ATOM = re.compile(
    r"\\(?P<kind>[dDsSwWb])|\\(?P<sign>[^\w\s])|\[(?P<letters>(?:\\d|[^\\\[\]^-])+)\]|(?P<letter>[^.^$*+?{}\[\]()|\\])"
)
_KINDS = {"d": frozenset({OTHER}), "s": frozenset({" ", OTHER}), "W": frozenset({" ", OTHER})}
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")


@dataclass(frozen=True, slots=True)
class _Read:
    """The beginnings of the texts that a part of an expression matches. ``whole``: texts that the part matches, letter
    for letter. ``begun``: the beginnings of longer texts that the part matches.
    """

    whole: frozenset[str]
    begun: frozenset[str]


_ANYTHING = _Read(frozenset(), frozenset({""}))
_EMPTY = _Read(frozenset({""}), frozenset())


def openings(expression: str) -> frozenset[str] | None:
    """Beginnings of at most LONGEST letters: each match begins with one of them. None where a match may begin with
    anything. See OTHER."""
    read = _either(expression)
    found = frozenset(each[:LONGEST] for each in read.whole | read.begun)
    return None if "" in found else found


class Beginnings:
    """The openings of the texts that some rules match: whole ``texts``, and expressions for texts."""

    def __init__(self, texts: Iterable[str], expressions: Iterable[str]) -> None:
        found = {text[:LONGEST] for text in texts}
        for expression in expressions:
            # If a match may begin with anything, its opening is "", with which all texts begin.
            found |= openings(expression) or {""}
        self._anything = "" in found
        self._openings = _by_letter(each for each in found if each and OTHER not in each)

    def may_begin(self, text: str) -> bool:
        """Whether a rule may match a text, by its first letters. If the result is False, no rule matches."""
        if self._anything or len(text) < LONGEST:
            return True
        head = text[:LONGEST].casefold()
        # A text with marks or numbers is left to the rules: the folded form is known only for letters and single
        # spaces.
        if head[0] == " " or "  " in head or not head.replace(" ", "a").isalpha():
            return True
        return head.startswith(self._openings.get(head[0], ()))


class Expressions:
    """Many named expressions as one. ``fullmatch`` finds the first expression that matches a whole text; the name of
    its group is the name of the expression."""

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        named = tuple(named)
        self._all = _alternation(named)
        openings_of = [(name, expression, _letters(openings(expression))) for name, expression in named]
        self._rest = _alternation((name, expression) for name, expression, begins in openings_of if begins is None)
        self._openings = _by_letter({each for _, _, begins in openings_of for each in begins or ()})

    def fullmatch(self, text: str) -> re.Match[str] | None:
        begins_alike = text.startswith(self._openings.get(text[:1], ()))
        return (self._all if begins_alike else self._rest).fullmatch(text)


def _by_letter(found: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """First letter -> the openings that begin with it, for ``str.startswith``."""
    index: dict[str, tuple[str, ...]] = {}
    for opening in sorted(found):
        index[opening[0]] = (*index.get(opening[0], ()), opening)
    return index


def _letters(found: frozenset[str] | None) -> frozenset[str] | None:
    """The openings, each cut before its first OTHER."""
    letters = frozenset(each.partition(OTHER)[0] for each in found or {""})
    return None if "" in letters else letters


def _alternation(named: Iterable[tuple[str, str]]) -> re.Pattern[str]:
    """One expression, with a group for each name that has expressions one after the other."""
    groups: dict[str, list[str]] = {}
    for name, expression in named:
        groups.setdefault(name, []).append(expression)
    parts = [f"(?P<{name}>{'|'.join(expressions)})" for name, expressions in groups.items()]
    return re.compile("|".join(parts) or r"(?!)")


def _either(expression: str) -> _Read:
    """The openings of an expression with ``|``."""
    reads = [_sequence(each) for each in _alternatives(expression)]
    return _Read(frozenset().union(*(read.whole for read in reads)), frozenset().union(*(read.begun for read in reads)))


def _sequence(expression: str) -> _Read:
    """The openings of an expression without ``|`` outside of groups."""
    read, at = _EMPTY, 0
    while at < len(expression) and read.whole:
        part, at = _atom(expression, at)
        if expression[at : at + 1] == "?":
            part = _Read(part.whole | {""}, part.begun)
            at += 1
        elif expression[at : at + 1] in ("*", "+", "{"):
            never = expression[at : at + 1] == "*" or expression.startswith(("{0", "{,"), at)
            part = _Read(frozenset({""}) if never else frozenset(), part.whole | part.begun)
            at = expression.index("}", at) + 1 if expression[at] == "{" else at + 1
            if expression[at : at + 1] in ("?", "+"):
                at += 1
        read = _joined(read, part)
    return read


def _joined(first: _Read, then: _Read) -> _Read:
    """The openings of two parts, one after the other."""
    whole = {each + more for each in first.whole for more in then.whole}
    begun = {*first.begun, *(each + more for each in first.whole for more in then.begun)}
    begun |= {each for each in whole if len(each) >= LONGEST}
    if len(whole) + len(begun) > _MOST:
        return _Read(frozenset(), first.whole | first.begun)
    return _Read(frozenset(each for each in whole if len(each) < LONGEST), frozenset(begun))


def _atom(expression: str, at: int) -> tuple[_Read, int]:
    """The letter, class or group at a place, and the place after it. A part with unknown syntax counts as beginning
    with anything.
    """
    if expression.startswith("(?:", at):
        end = _end_of_group(expression, at)
        return _either(expression[at + 3 : end - 1]), end
    if expression.startswith(_LOOKS, at):
        return _EMPTY, _end_of_group(expression, at)
    found = _ATOM.match(expression, at)
    if found is None:
        return _ANYTHING, len(expression)
    if found["kind"] == "b":
        return _EMPTY, found.end()
    if found["kind"]:
        whole = _KINDS.get(found["kind"])
        return (_Read(whole, frozenset()) if whole else _ANYTHING), found.end()
    letters = found["letters"] or found["sign"] or found["letter"]
    return _Read(frozenset(letters.replace("\\d", OTHER)), frozenset()), found.end()


def _alternatives(expression: str) -> Iterator[str]:
    """The parts of an expression between each ``|`` outside of groups."""
    depth = begin = 0
    for at, sign in _signs(expression):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "|" and depth == 0:
            yield expression[begin:at]
            begin = at + 1
    yield expression[begin:]


def _end_of_group(expression: str, start: int) -> int:
    depth = 0
    for at, sign in _signs(expression[start:]):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == ")" and depth == 0:
            return start + at + 1
    return len(expression)


def _signs(expression: str) -> Iterator[tuple[int, str]]:
    """Each ``(``, ``)`` and ``|`` that has a special meaning, and its place."""
    return ((found.start(), found[0]) for found in _SIGN.finditer(expression) if found[0] in ("(", ")", "|"))


# An escaped sign and a class are skipped as a whole. A "]" directly at the beginning of a class stands for itself.
_SIGN = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|[()|]", re.S)
