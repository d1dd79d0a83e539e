"""Chooses the title of the article, and not of the site, among the titles of a page. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

_SEPARATOR = re.compile(r"\s[-|–—·•»]\s")
_BEFORE_NAME = re.compile(r"\s[-–—]\s|\s?[|·•»:]\s")
_BAR = re.compile(r"\s\|\s")
_MOST_PARTS = 8
_NO_WORDS = re.compile(r"[\W_]+")


def choose_title(
    titles: Iterable[str | None], *, names: Iterable[str | None], headings: Sequence[str], window: str, slug: str | None
) -> str | None:
    """The first of ``titles`` that is not the site's name, else the article's part of ``window`` (the text of
    ``<title>``). The name of the site is removed from a title if another title or one of the ``headings`` does not have
    it.

    ``names`` are the names of the site.
    """
    site = {_letters(name) for name in names if name}
    named = [title for title in titles if title]
    witnesses = {_letters(words) for words in (*named, *headings)}
    for title in named:
        if _letters(title) not in site:
            return _before_bar(_without_name(title, site, witnesses), {_letters(words) for words in headings})
    return _of_window(window, site, headings, slug) or next(iter(named), None)


def _without_name(title: str, site: set[str], witnesses: set[str]) -> str:
    for mark in list(_BEFORE_NAME.finditer(title))[-_MOST_PARTS:]:
        first = title[: mark.start()].strip()
        if _letters(title[mark.end() :]) in site and first and _letters(first) in witnesses:
            return first
    return title


def _before_bar(title: str, headings: set[str]) -> str:
    """A title up to its bar, if a heading has exactly the words before the bar."""
    for bar in list(_BAR.finditer(title))[:_MOST_PARTS]:
        first = title[: bar.start()].strip()
        if first and _letters(first) in headings and _letters(title) not in headings:
            return first
    return title


def _of_window(window: str, site: set[str], headings: Sequence[str], slug: str | None) -> str | None:
    """The article's part of ``<title>``, to which WordPress adds the site's name at the end, and older themes at the
    beginning.

    None where the text has no parts.
    """
    parts = _SEPARATOR.split(window.strip())
    wanted = _letters(unquote(slug or ""))
    for part in parts[1:]:
        if wanted and _letters(part) == wanted:
            return part.strip()
    for heading in headings:
        if _letters(heading) not in site and _is_before_separator(heading, window):
            return heading
    return " - ".join(map(str.strip, parts[:-1])) or None


def _is_before_separator(heading: str, window: str) -> bool:
    return bool(heading) and window.startswith(heading) and _SEPARATOR.match(window, len(heading)) is not None


def _letters(words: str) -> str:
    return _NO_WORDS.sub("", words).casefold()
