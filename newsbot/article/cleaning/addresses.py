"""The addresses of the junk rules, indexed by host.

A pattern is a host (its subdomains count, ``*`` is any), a slash, and an expression for what follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from newsbot.article.cleaning.rule import Rule

_Match = Callable[[str], object]
_HOSTS = 2_000
"""Hosts whose rules are kept at hand: an article links to few others than the one before."""


class Addresses:
    """The patterns of one field of some rules: ``hrefs`` or ``invitations``. Immutable but for a memo of hosts."""

    def __init__(self, rules: Iterable[Rule], field: str) -> None:
        self._by_host: dict[str, list[tuple[_Match, Rule]]] = {}
        anywhere = []
        for rule in rules:
            for pattern in getattr(rule, field):
                name, _, rest = pattern.partition("/")
                expression = re.compile(rest, re.I)
                if name == "*":
                    anywhere.append(rest)
                # On any host a path is known by a part of it.
                match = expression.search if name == "*" else expression.match
                self._by_host.setdefault(name, []).append((match, rule))
        self._anywhere = re.compile("|".join(anywhere)).search if anywhere else None
        self._of_host = lru_cache(maxsize=_HOSTS)(self._read_host)

    def __bool__(self) -> bool:
        return bool(self._by_host)

    def match(self, url: str) -> Rule | None:
        """The rule an absolute address falls under, or None."""
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        if not rest:  # mailto: and the like stand under their scheme
            host, _, path = scheme.partition(":")
        found = _first(self._of_host(host), path)
        # What a site uploaded is on its own server. Most other addresses are none of these: one look tells.
        if found is None and self._anywhere is not None and not path.startswith("wp-content/uploads/"):
            found = _first(self._by_host["*"], path) if self._anywhere(path.lower()) else None
        return found

    def _read_host(self, host: str) -> list[tuple[_Match, Rule]]:
        """The patterns of a host and of the domains it is in, its own first."""
        found: list[tuple[_Match, Rule]] = []
        while host:
            found += self._by_host.get(host, ())
            host = host.partition(".")[2]
        return found


def _first(patterns: Iterable[tuple[_Match, Rule]], path: str) -> Rule | None:
    return next((rule for match, rule in patterns if match(path)), None)
