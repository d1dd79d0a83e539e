"""The part of a site to which a crawl or an export is limited, as parameters of the API and as a test of rows. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from newsbot.numbers import integer
from newsbot.wordpress.values import list_in, object_in

_WORDS = re.compile(r'(-?)(?:"([^"]+)"|(\S+))')
"""A word or a phrase in quotes, as WordPress divides a search; a minus excludes rows with the word."""

_TEXTS = ("title", "excerpt", "content_text", "caption", "description", "alt")
"""The columns in which words are searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A part of a site. A row belongs to the part if it meets every given condition.

    ``terms``: parameter of the API (``categories``) -> ids of terms, with those below them in the tree; a name means a
    term that is known only by its name. ``authors`` are ids, or names. ``article`` is the id of one post of the type
    ``type``. ``told`` names the part for the user.
    """

    terms: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    authors: tuple[int | str, ...] = ()
    search: str | None = None
    article: int | None = None
    type: str | None = None
    told: str = ""

    def as_json(self) -> dict[str, Any]:
        """The fields as plain values, for ``scope_from_json``."""
        return asdict(self)

    def params(self, kind: str) -> dict[str, str | int]:
        """The parameters by which the API lists the part. ``kind`` is the kind of the rows (``posts``,
        ``comments``)."""
        params: dict[str, str | int] = {name: _joined(ids) for name, ids in self.terms.items()}
        if self.authors:
            params["author"] = _joined(self.authors)
        if self.search is not None:
            params["search"] = self.search
        if self.article is not None:
            params[_ARTICLE[kind]] = self.article
        return params

    def fields(self, kind: str) -> tuple[str, ...]:
        """The fields of a row that show whether the row belongs to the part."""
        return (*self.terms, *(("author",) if self.authors and kind != "comments" else ()))

    def has_object(self, raw: Mapping[str, Any]) -> bool:
        """Whether an object of the API belongs to the part, by the fields that it has. Words are not checked, since
        only the site can search.
        """
        for name, ids in self.terms.items():
            found = {row_id for value in list_in(raw.get(name)) if (row_id := _id_in(value)) is not None}
            if name in raw and (found or not list_in(raw[name])) and found.isdisjoint(ids):
                return False
        author = _id_in(raw.get("author"))
        return not self.authors or author is None or author in self.authors

    def has_row(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of the archive (its columns as JSON values) belongs to the part."""
        terms = [object_in(term) for term in row.get("terms") or ()]
        for ids in self.terms.values():
            if not any(_is_among(term, ids) for term in terms):
                return False
        if self.authors and not any(_is_among(author, self.authors) for author in _authors(row)):
            return False
        if self.article is not None and self.article not in (row.get("id") if self.type else None, row.get("post")):
            return False
        return self.search is None or has_words(row, self.search)


@dataclass(frozen=True, slots=True)
class SiteScopes:
    """Key of a site -> the part of it. The id of a term or an author is valid only within its site."""

    by_site: Mapping[str, Scope]

    def has_row(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of the archive belongs to the part of its site."""
        scope = self.by_site.get(str(row.get("site")))
        return scope is not None and scope.has_row(row)


def scope_from_json(kept: Mapping[str, Any]) -> Scope:
    """The scope from the result of ``as_json``. Raises TypeError and AttributeError for another shape."""
    terms = {str(name): tuple(ids) for name, ids in kept["terms"].items()}
    return Scope(**{**kept, "terms": terms, "authors": tuple(kept["authors"])})


def scope_key(url: str, asked: str) -> str:
    """The name under which newsbot keeps the part of a site that an address and the arguments ``asked`` select."""
    return f"{url} {asked}".strip()


def asked_part(category: Sequence[str], tag: Sequence[str], author: Sequence[str], search: str | None) -> str:
    """The arguments that select a part of a site, as one text; "" if none of them is given."""
    given = (("category", ",".join(category)), ("tag", ",".join(tag)), ("author", ",".join(author)), ("search", search))
    return " ".join(f"{name}={value}" for name, value in given if value)


_ARTICLE = {"posts": "include", "comments": "post", "media": "parent"}
"""Kind of rows -> the parameter for the id of one article."""


def _joined(ids: tuple[int | str, ...]) -> str:
    return ",".join(map(str, ids))


def _id_in(value: Any) -> int | None:
    return integer(object_in(value).get("id")) if isinstance(value, dict) else integer(value)


def _is_among(linked: Mapping[str, Any], ids: tuple[int | str, ...]) -> bool:
    row_id = linked.get("id")
    return row_id in ids if row_id is not None else linked.get("name") in ids


def _authors(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield object_in(row.get("author"))
    yield from (object_in(author) for author in row.get("authors") or ())


def has_words(row: Mapping[str, Any], search: str) -> bool:
    """Whether a row holds every word and phrase of a search, and no word with a minus. Case and accents do not count,
    as in WordPress's own search."""
    text = folded(" ".join(str(row.get(name) or "") for name in _TEXTS))
    words = [(minus, folded(phrase or word)) for minus, phrase, word in _WORDS.findall(search)]
    return all((word in text) is not bool(minus) for minus, word in words)


def folded(text: str) -> str:
    """The text without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character))
