"""Compares the URLs that a witness lists with the URLs of the rows that newsbot holds. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from newsbot.wordpress.pages.urls import canonical, id_in, place_key, slug_of

_ARCHIVE = re.compile(
    r"/(?:page/\d+|comment-page-\d+|feed(?:/(?:rss2?|atom|rdf))?|wp-content/.*|wp-json/.*)$|^/\d{4}(?:/\d\d?){0,2}$",
    re.I,
)
"""Paths of lists, dates, feeds and files with WordPress's own names: no article has such a URL."""

_TERM = re.compile(r"^/(?:category|tag|author)/", re.I)
"""Paths of terms and authors. In a sitemap of one type, such a path belongs to an article."""

_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg|pdf|mp[34]|m4[av]|webm|ogg|zip|xml|xsl|css|js)$", re.I)
_SUFFIX = re.compile(r"\.(?:html?|php|aspx?|jsp)$", re.I)


@dataclass(frozen=True, slots=True)
class Lacking:
    """A URL that a witness lists and that belongs to no held row. ``changed`` is its ``lastmod``, or None."""

    url: str
    changed: str | None = None

    @property
    def slug(self) -> str | None:
        """The slug that the URL shows, without the file name's ending that some permalinks have; None if there is no
        slug."""
        slug = slug_of(self.url) or slug_of(without_query(self.url))
        return unquote(_SUFFIX.sub("", slug)) or None if slug else None


def lacking(
    listed: Mapping[str, str | None], held: Container[int], *, site: str, type_: str, typed: bool = True
) -> Iterator[Lacking]:
    """The URLs of ``listed`` (URL -> ``lastmod``) that are not among the ``held`` keys and may be articles.

    ``site`` is the site's key. The home page is not an article, and a URL of another site on the same host is not one
    either. ``typed``: the list is of one type.
    """
    home = canonical(site)
    for url, changed in listed.items():
        # Nearly all listed URLs are held in exactly this spelling. The other checks are for the remaining ones.
        if place_key(url) in held or not is_within(url, home) or is_list(url, home, typed=typed):
            continue
        if not is_held(url, held, home=home, type_=type_):
            yield Lacking(url, changed)


def is_within(url: str, home: str) -> bool:
    """Whether a URL belongs to the site whose ``home`` is given in its canonical form. The home page does not."""
    place = canonical(url)
    return place.startswith((f"{home}/", f"{home}?"))


def is_list(url: str, home: str, *, typed: bool) -> bool:
    """Whether a URL belongs to a list, a feed or a file, by WordPress's own names."""
    path = canonical(without_query(url)).removeprefix(home)
    patterns = (_ARCHIVE, _FILE) if typed else (_ARCHIVE, _FILE, _TERM)
    return any(pattern.search(path) for pattern in patterns)


def is_held(url: str, held: Container[int], *, home: str, type_: str) -> bool:
    """Whether a held row has the URL: in another spelling, with other parameters, or as ``?p=`` and its id."""
    if any(key in held for key in keys_of(url)):
        return True
    number = id_in(url, type_)
    return number is not None and any(place_key(f"http://{home}/?{name}={number}") in held for name in ("p", "page_id"))


def keys_of(url: str) -> Iterator[int]:
    """The keys under which a row with the URL may be held, the most exact first."""
    yield place_key(url)
    if "?" in url and id_in(url, "post") is None:
        yield place_key(without_query(url))
    if any(letter.isupper() for letter in urlsplit(url).path):
        yield place_key(url.lower())


def without_query(url: str) -> str:
    """The URL without its query."""
    try:
        return urlunsplit(urlsplit(url)._replace(query="", fragment=""))
    except ValueError:
        return url


def is_same(url: str | None, other: str) -> bool:
    """Whether two URLs belong to one article."""
    return url is not None and canonical(url) == canonical(other)


MOST_SLUGS = 100
MOST_LETTERS = 3_000
"""The most letters of the slugs in one query. nginx refuses a request line of more than 8,000 bytes, and a letter that
is not Latin takes up to nine bytes."""


def slug_batches(wanted: Iterable[Lacking]) -> Iterator[dict[str, Lacking]]:
    """Slug -> the URL with this slug, in batches that fit into one query. Two URLs with one slug go to two batches."""
    batches: list[dict[str, Lacking]] = [{}]
    for entry in wanted:
        slug = entry.slug
        if slug is None or "," in slug:
            continue
        place = next((batch for batch in batches[-2:] if slug not in batch and _has_room(batch, slug)), None)
        if place is None:
            batches.append(place := {})
        place[slug] = entry
    return (batch for batch in batches if batch)


def _has_room(batch: Mapping[str, Lacking], slug: str) -> bool:
    letters = sum(_letters(name) for name in batch) + _letters(slug)
    return len(batch) < MOST_SLUGS and letters <= MOST_LETTERS


def _letters(slug: str) -> int:
    """The bytes that a slug takes in a URL."""
    return sum(1 if letter.isascii() else 3 * len(letter.encode("utf-8", "surrogatepass")) for letter in slug) + 1
