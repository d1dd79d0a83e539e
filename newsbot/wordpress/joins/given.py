"""Linked objects that a row contains in place of their ids: themes and plugins put names or objects there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from newsbot.items import Author, FeaturedImage, TermRef
from newsbot.numbers import is_digits
from newsbot.wordpress.values import decoded, list_in, row_id, text

Linked = Author | TermRef | FeaturedImage

_ID_KEYS = ("id", "ID", "term_id", "user_id")
_NAME_KEYS = ("name", "display_name", "title")
_SLUG_KEYS = ("slug", "user_nicename", "nicename")
_URL_KEYS = ("link", "url", "author_url", "user_url", "href")


@dataclass(slots=True, kw_only=True)
class Guest(Author):
    """An author who is not a user of the site."""


@dataclass(slots=True)
class Links:
    """The contents of a field of a row: ``ids`` of linked objects, and the objects ``given`` in full."""

    ids: list[int] = field(default_factory=list)
    given: list[Linked] = field(default_factory=list)

    @property
    def has_names(self) -> bool:
        """Whether some terms or authors are given only by their names."""
        return any(is_only_a_name(given) for given in self.given)


def is_only_a_name(given: Linked) -> bool:
    """Whether a row gives only the name of a term or an author, or its slug in place of the name. A guest author is not
    a user, even if a user has the same name.
    """
    if isinstance(given, Guest):
        return False
    if isinstance(given, Author):
        return given.id is None and given.slug is None and given.url is None
    return isinstance(given, TermRef) and given.id is None


def read_links(value: Any, kind: str, taxonomy: str | None) -> Links:
    """The links in a field: one id or object, a list of them, or a list with missing indexes. 0 means no link.

    ``kind`` is ``users``, ``terms`` or ``media``. A string of digits is an id, another string a name.
    """
    links = Links()
    for entry in _entries(value):
        linked = row_id(entry)
        if linked is not None:
            links.ids.append(linked)
        elif isinstance(entry, dict):
            _take_object(links, entry, kind, taxonomy)
        elif isinstance(entry, str) and (given := _named(entry, kind, taxonomy)) is not None:
            links.given.append(given)
    return links


def _entries(value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and not all(is_digits(str(key)) for key in value):
        yield value
    elif isinstance(value, dict | list):
        yield from list_in(value)
    else:
        yield value


def _take_object(links: Links, entry: Mapping[str, Any], kind: str, taxonomy: str | None) -> None:
    given = _object(entry, kind, taxonomy)
    if given is not None:
        links.given.append(given)
    elif (linked := _id_of(entry)) is not None:
        links.ids.append(linked)


def _object(entry: Mapping[str, Any], kind: str, taxonomy: str | None) -> Linked | None:
    """The complete object; None if it has only its id."""
    if kind == "media":
        url = decoded(entry.get("source_url") or entry.get("url"))
        return FeaturedImage(id=_id_of(entry), url=url, alt=decoded(entry.get("alt_text"))) if url else None
    name, slug = _first_text(entry, _NAME_KEYS), _first_text(entry, _SLUG_KEYS)
    if name is None:
        return None
    if kind == "users":
        return read_author(entry)
    own = text(entry.get("taxonomy")) or taxonomy or ""
    return TermRef(taxonomy=own, id=_id_of(entry), slug=slug, name=name, parent=row_id(entry.get("parent")))


def read_author(entry: Mapping[str, Any]) -> Author | None:
    """An author whom a row names in full; None without a name."""
    name, slug = _first_text(entry, _NAME_KEYS), _first_text(entry, _SLUG_KEYS)
    if name is None:
        return None
    # The id of a user. The id of a guest author is the id of a term or of a post.
    user = row_id(entry.get("user_id")) if "user_id" in entry else row_id(entry.get("id", entry.get("ID")))
    url = _url_of(entry)
    return Guest(name=name, slug=slug, url=url) if _is_guest(entry) else Author(id=user, name=name, slug=slug, url=url)


def _is_guest(entry: Mapping[str, Any]) -> bool:
    """Whether an author is not a user: Co-Authors Plus writes the type ``guest-author``, Molongui ``guest``,
    PublishPress ``is_guest``.
    """
    return "guest" in str(entry.get("type")) or entry.get("is_guest") in (1, "1", True)


def _named(entry: str, kind: str, taxonomy: str | None) -> Linked | None:
    name = decoded(entry)
    if name is None:
        return None
    if kind == "media":
        return FeaturedImage(url=name) if name.startswith(("http://", "https://")) else None
    return Author(name=name) if kind == "users" else TermRef(taxonomy=taxonomy or "", id=None, name=name)


def _id_of(entry: Mapping[str, Any]) -> int | None:
    return next((found for key in _ID_KEYS if (found := row_id(entry.get(key))) is not None), None)


def _first_text(entry: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((found for key in keys if (found := decoded(entry.get(key)))), None)


def _url_of(entry: Mapping[str, Any]) -> str | None:
    urls = (decoded(entry.get(key)) for key in _URL_KEYS)
    return next((url for url in urls if url and url.startswith(("http://", "https://"))), None)
