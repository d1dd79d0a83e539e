"""Trees of terms, and names with a similar spelling. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from newsbot.wordpress.scope import folded

NEAR = 5
"""The most similar names in a message about a name that a site does not have."""


class Named(Protocol):
    """A term or a user. ``id`` is None if only the name is known."""

    @property
    def id(self) -> int | None: ...
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> str: ...


AnyNamed = TypeVar("AnyNamed", bound=Named)


def matching(offered: Iterable[AnyNamed], wanted: str) -> list[AnyNamed]:
    """The objects with this slug, else with this id, else with this name, in any case and with or without accents.
    Several may have one name."""
    every, plain = list(offered), folded(wanted.strip())
    tests = (
        [term for term in every if folded(term.slug) == plain],
        [term for term in every if str(term.id) == plain],
        [term for term in every if folded(term.name) == plain],
    )
    return next((matches for matches in tests if matches), [])


def below(top: int, children: Mapping[int, Sequence[int]]) -> list[int]:
    """The ids below a term. The tree of a site may contain a cycle."""
    found: list[int] = []
    waiting, known = list(children.get(top, ())), {top}
    while waiting:
        term_id = waiting.pop(0)
        if term_id not in known:
            known.add(term_id)
            found.append(term_id)
            waiting += children.get(term_id, ())
    return found


def nearest(name: str, offered: Iterable[tuple[str, str]]) -> list[str]:
    """The slugs of the ``offered`` (word, slug) pairs whose word is similar to the name."""
    by_word = {folded(word): slug for word, slug in offered if word}
    close = difflib.get_close_matches(folded(name), by_word, n=NEAR, cutoff=0.5)
    return list(dict.fromkeys(by_word[word] for word in close))
