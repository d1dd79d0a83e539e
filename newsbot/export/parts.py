"""Which rows ``--category``, ``--tag``, ``--author`` and ``--search`` mean, by the names in the archive's rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from newsbot.archive.database import Database
from newsbot.archive.reader import Filter, read_current
from newsbot.errors import BadArgument
from newsbot.wordpress.narrowing.terms import below, nearest
from newsbot.wordpress.scope import Scope, folded

_TAXONOMIES = {"category": "category", "tag": "post_tag"}


@dataclass(frozen=True, slots=True)
class Named:
    """A term or an author of a row. ``id`` is None where the row has only its name."""

    id: int | None
    name: str
    slug: str = ""
    parent: int = 0

    @property
    def key(self) -> int | str:
        """What identifies it in rows."""
        return self.name if self.id is None else self.id


def narrowed(
    database: Database,
    selection: Filter,
    *,
    category: Sequence[str],
    tag: Sequence[str],
    author: Sequence[str],
    search: str | None,
) -> Filter:
    """The selection with the part that the options name. Raises BadArgument for a name that no row has."""
    wanted = {"category": category, "tag": tag, "author": author}
    if search is not None and not search.strip():
        raise BadArgument("--search takes words, not nothing")
    if not any(wanted.values()):
        return selection if search is None else replace(selection, scope=Scope(search=search))
    if selection.kind not in ("posts", "media") or (selection.kind == "media" and (category or tag)):
        raise BadArgument(f"--category, --tag and --author choose among posts, and these rows are {selection.kind}")
    found = names_of(row.fields() for row in read_current(database, selection))
    keys = {option: chosen(option, names, found[option]) for option, names in wanted.items() if names}
    terms = {taxonomy: keys[option] for option, taxonomy in _TAXONOMIES.items() if option in keys}
    return replace(selection, scope=Scope(terms=terms, authors=keys.get("author", ()), search=search))


def names_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Named]]:
    """Option -> the terms or authors that the rows have, each once."""
    found: dict[str, dict[int | str, Named]] = {"category": {}, "tag": {}, "author": {}}
    options = {taxonomy: option for option, taxonomy in _TAXONOMIES.items()}
    for row in rows:
        for term in row.get("terms") or ():
            if (option := options.get(term.get("taxonomy"))) is not None:
                _take(found[option], term)
        for author in _authors(row):
            _take(found["author"], author)
    return {option: list(named.values()) for option, named in found.items()}


def _authors(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield row.get("author") or {}
    yield from row.get("authors") or ()


def _take(found: dict[int | str, Named], given: Mapping[str, Any]) -> None:
    name = given.get("name") or ""
    named = Named(given.get("id"), name or str(given.get("id")), given.get("slug") or "", given.get("parent") or 0)
    if given.get("id") is not None or name:
        found[named.key] = named


def chosen(option: str, wanted: Sequence[str], offered: Sequence[Named]) -> tuple[int | str, ...]:
    """The keys of what the user named, and of the terms below it. One name may stand for a term of each site."""
    children: dict[int, list[int]] = {}
    for named in offered:
        if named.id is not None:
            children.setdefault(named.parent, []).append(named.id)
    keys: dict[int | str, None] = {}
    for name in wanted:
        plain = folded(name.strip())
        tests = (
            [named for named in offered if folded(named.slug) == plain],
            [named for named in offered if str(named.id) == plain],
            [named for named in offered if folded(named.name) == plain],
        )
        found = next((matches for matches in tests if matches), None)
        if found is None:
            words = ((word, named.slug or named.name) for named in offered for word in (named.name, named.slug))
            near = nearest(name, words)
            hint = f"; near: {', '.join(near)}" if near else ""
            raise BadArgument(f"no row of the archive has the {option} {name!r}{hint}. Give its slug, id or name")
        for named in found:
            keys |= dict.fromkeys([named.key, *(below(named.id, children) if named.id is not None else ())])
    return tuple(keys)
