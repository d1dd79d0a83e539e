"""Decides which sitemaps of a type are read: all, or a share of them that changes with each hearing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set

LEAST = 3
"""The most requests for the sitemaps of a small site: an index and one or two lists."""

SHARE = 10_000
"""The number of posts for each of which a hearing on a large site may make three more requests."""


def budget(posts: int) -> int:
    """The most requests of a hearing on a site with this many posts."""
    return max(LEAST, LEAST * posts // SHARE)


def choose(urls: Sequence[str], changed: Mapping[str, str | None], *, first: int, most: int) -> list[str]:
    """The sitemaps to read, at least one and at most ``most``.

    The most recently changed sitemap comes first, since it holds the newest posts. The others follow from the place
    ``first`` on, where the last hearing ended. If only one sitemap is read, all of them take turns.
    """
    most = max(1, most)
    if len(urls) <= most:
        start = first % len(urls) if urls else 0
        return [*urls[start:], *urls[:start]]
    if most == 1:
        return [urls[first % len(urls)]]
    last = max(range(len(urls)), key=lambda place: (changed.get(urls[place]) or "", place))
    others = [urls[(first + step) % len(urls)] for step in range(len(urls))]
    return [urls[last], *[url for url in others if url != urls[last]][: most - 1]]


def next_first(urls: Sequence[str], *, first: int, read: int, most: int) -> int:
    """The place at which the next hearing begins, after this hearing has read the number ``read`` of the sitemaps that
    ``choose`` returned.
    """
    if len(urls) <= read:
        return 0
    # The first of several sitemaps is the newest one. Each run reads it, also if another one is next.
    passed = read if most <= 1 or len(urls) <= most else max(0, read - 1)
    return (first + passed) % len(urls)


_TEMPLATES = frozenset(
    {
        *("elementor_library", "elementor-hf", "e-landing-page", "e-floating-buttons", "elementskit_template"),
        *(
            "fl-builder-template",
            "et_pb_layout",
            "oxy_user_library",
            "ct_template",
            "bricks_template",
            "brizy_template",
        ),
        *("astra-advanced-hook", "gp_elements", "wpcode", "popup", "popup_builder", "mailpoet_page", "tdb_templates"),
        *("attachment", "revision", "nav_menu_item", "wp_block", "wp_template", "product_variation"),
    }
)
"""Types that some sitemaps list by mistake: templates of page builders, parts of pages."""

_LANGUAGE = re.compile(r"-[a-z]{2,3}(?:-[a-z]{2,4})?$")


def unlisted_types(named: Iterable[str | None], known: Set[str]) -> list[str]:
    """The types of articles that sitemaps name and the API does not list. ``known`` are those that it lists."""
    names = (name for name in named if name and name not in _TEMPLATES)
    return [name for name in names if name not in known and _LANGUAGE.sub("", name) not in known]
