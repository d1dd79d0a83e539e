"""The URL patterns of the junk rules, indexed by host.

A pattern is a host (with its subdomains; ``*`` is any host), a slash, and an expression for the rest of the URL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from newsbot.article.cleaning.rule import Rule

_Match = Callable[[str], object]
_NAME = 4
"""The fewest letters of a part of a host that names a site. "co" in "gazette.co.uk" has fewer and names no site."""

_HOSTS = 2_000
"""The number of hosts in the cache: the articles of a site mostly link to the same hosts."""


class Addresses:
    """The patterns of one field of some rules: ``hrefs`` or ``invitations``. Immutable except for a cache of hosts."""

    def __init__(self, rules: Iterable[Rule], field: str) -> None:
        self._by_host: dict[str, list[tuple[_Match, Rule]]] = {}
        anywhere = []
        for rule in rules:
            for pattern in getattr(rule, field):
                name, _, rest = pattern.partition("/")
                expression = re.compile(rest, re.I)
                if name == "*":
                    anywhere.append(rest)
                # A pattern for any host matches a part of the path.
                match = expression.search if name == "*" else expression.match
                self._by_host.setdefault(name, []).append((match, rule))
        self._anywhere = re.compile("|".join(anywhere)).search if anywhere else None
        self._of_host = lru_cache(maxsize=_HOSTS)(self._read_host)

    def __bool__(self) -> bool:
        return bool(self._by_host)

    def match(self, url: str, *, own: str = "") -> Rule | None:
        """The rule that matches an absolute URL, or None. With ``own``, a site's host, a pattern for any host matches
        only this host, its subdomains and parent domains, and hosts that share a name with it: "shop.gazette.example"
        and "gazette-shop.example"."""
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        if not rest:  # mailto: and similar URLs are indexed by their scheme
            host, _, path = scheme.partition(":")
        patterns = self._of_host(host)
        found = _first(patterns, path) if patterns else None
        # A rule for any host must not match the files that a site uploaded. ``_anywhere`` is one expression for all
        # these rules, and most URLs do not match it.
        if found is None and self._anywhere is not None and not path.startswith("wp-content/uploads/"):
            if own and not _is_related(host, own):
                return None
            found = _first(self._by_host["*"], path) if self._anywhere(path.lower()) else None
        return found

    def _read_host(self, host: str) -> list[tuple[_Match, Rule]]:
        """The patterns of a host and of its parent domains, the host's own first."""
        found: list[tuple[_Match, Rule]] = []
        while host:
            found += self._by_host.get(host, ())
            host = host.partition(".")[2]
        return found


def _is_related(host: str, own: str) -> bool:
    """Whether a host is the site's own, one under or above it, or shares a name with it."""
    host = host.lower().partition(":")[0].removeprefix("www.")
    if host.endswith(f".{own}") or f".{own}".endswith(f".{host}"):
        return True
    return any(len(name) >= _NAME and name in host for name in own.split(".")[:-1])


def _first(patterns: Iterable[tuple[_Match, Rule]], path: str) -> Rule | None:
    return next((rule for match, rule in patterns if match(path)), None)


def is_channel_of(own: str, href: str) -> bool:
    """Whether the path of a URL contains a name of the site. The newsroom's channel on a social network has such a
    URL."""
    path = "".join(filter(str.isalnum, href.partition("//")[2].partition("/")[2].lower()))
    return any(len(name) >= _NAME and name in path for name in own.replace("-", "").split(".")[:-1])
