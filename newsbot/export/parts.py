"""Which rows ``--category``, ``--tag``, ``--author`` and ``--search`` mean, by the names in the archive's rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from newsbot.archive.database import Database
from newsbot.archive.linked import linked_terms
from newsbot.archive.reader import Filter, archived_collections, is_same_site, read_current
from newsbot.errors import BadArgument
from newsbot.wordpress.narrowing.terms import below, matching, nearest
from newsbot.wordpress.scope import Scope, SiteScopes

_TAXONOMIES = {"category": "category", "tag": "post_tag"}


@dataclass(frozen=True, slots=True)
class NamedTerm:
    """A term or an author of a row. ``id`` is None where the row has only its name."""

    id: int | None
    name: str
    slug: str = ""
    parent: int = 0

    @property
    def key(self) -> int | str:
        """The values that identify the term or author in rows."""
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
        raise BadArgument("--search takes words; it is empty")
    if not any(wanted.values()):
        return selection if search is None else replace(selection, scope=Scope(search=search))
    if selection.kind not in ("posts", "media") or (selection.kind == "media" and (category or tag)):
        raise BadArgument(f"--category, --tag and --author choose among posts, and these rows are {selection.kind}")
    found = _names(database, selection, wanted)
    chosen_names = {option: chosen(option, names, found) for option, names in wanted.items() if names}
    sites = set.intersection(*(set(of_site) for of_site in chosen_names.values()))
    return replace(selection, scope=SiteScopes({site: _scope(site, chosen_names, search) for site in sites}))


def _names(database: Database, selection: Filter, wanted: Mapping[str, Sequence[str]]) -> Names:
    """The names by site: those of the stored terms. Rows are read only for sites whose stored terms lack a wanted name,
    because the export itself reads all rows once more. Rows are also read for authors, since guest authors are only in
    rows."""
    found = names_of(_stored(database, selection))
    every = archived_collections(database)
    for site in sorted({of for of, type_, kind in every if _is_chosen(selection, of, type_, kind)}):
        known = found.setdefault(site, _no_names())
        if wanted["author"] or not all(matching(known[option], name) for option, name in _pairs(wanted)):
            rows = (row.fields() for row in read_current(database, replace(selection, site=site)))
            for option, named in names_of(rows).get(site, {}).items():
                has = {item.key for item in known[option]}
                known[option] += [item for item in named if item.key not in has]
    return found


def _pairs(wanted: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    yield from ((option, name) for option, names in wanted.items() for name in names)


def _is_chosen(selection: Filter, site: str, type_: str, kind: str) -> bool:
    of_site = selection.site is None or is_same_site(site, selection.site)
    return of_site and kind == selection.kind and (not selection.types or type_ in selection.types)


def _stored(database: Database, selection: Filter) -> Iterator[Mapping[str, Any]]:
    """The terms that the joins stored, and the rows of terms. Each term is returned as the only term of a row."""
    for site, term in linked_terms(database):
        if selection.site is None or is_same_site(site, selection.site):
            yield {"site": site, "terms": [term]}
    for row in read_current(database, Filter(kind="terms", site=selection.site, types=tuple(_TAXONOMIES.values()))):
        term = row.fields()
        yield {"site": term["site"], "terms": [{**term, "taxonomy": term["type"]}]}


def _scope(site: str, chosen_names: Mapping[str, Mapping[str, tuple[int | str, ...]]], search: str | None) -> Scope:
    keys = {option: of_site[site] for option, of_site in chosen_names.items()}
    terms = {taxonomy: keys[option] for option, taxonomy in _TAXONOMIES.items() if option in keys}
    return Scope(terms=terms, authors=keys.get("author", ()), search=search)


Names = dict[str, dict[str, list[NamedTerm]]]
"""Site -> option -> the terms or authors that rows of the site have, each once."""


def _no_names() -> dict[str, list[NamedTerm]]:
    return {"category": [], "tag": [], "author": []}


def names_of(rows: Iterable[Mapping[str, Any]]) -> Names:
    """The names that rows have, by site."""
    found: dict[str, dict[str, dict[int | str, NamedTerm]]] = {}
    options = {taxonomy: option for option, taxonomy in _TAXONOMIES.items()}
    for row in rows:
        of_site = found.setdefault(str(row["site"]), {"category": {}, "tag": {}, "author": {}})
        for term in row.get("terms") or ():
            if (option := options.get(term.get("taxonomy"))) is not None:
                _take(of_site[option], term)
        for author in _authors(row):
            _take(of_site["author"], author)
    return {
        site: {option: list(named.values()) for option, named in of_site.items()} for site, of_site in found.items()
    }


def _authors(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield row.get("author") or {}
    yield from row.get("authors") or ()


def _take(found: dict[int | str, NamedTerm], given: Mapping[str, Any]) -> None:
    name = given.get("name") or ""
    named = NamedTerm(given.get("id"), name or str(given.get("id")), given.get("slug") or "", given.get("parent") or 0)
    if given.get("id") is not None or name:
        found[named.key] = named


def chosen(option: str, wanted: Sequence[str], found: Names) -> dict[str, tuple[int | str, ...]]:
    """Site -> the keys of the terms or authors that the user named, and of the terms below them. Raises BadArgument."""
    keys: dict[str, dict[int | str, None]] = {}
    for name in wanted:
        matches = {site: matching(of_site[option], name) for site, of_site in found.items()}
        if not any(matches.values()):
            offered = [named for of_site in found.values() for named in of_site[option]]
            words = ((word, named.slug or named.name) for named in offered for word in (named.name, named.slug))
            near = nearest(name, words)
            hint = f"; near: {', '.join(near)}" if near else ""
            raise BadArgument(f"no row of the archive has the {option} {name!r}{hint}. Give its slug, id or name")
        for site, of_site in matches.items():
            children = _children(found[site][option]) if of_site else {}
            for named in of_site:
                # A row from a feed has no ids, only the name.
                own = [named.key, named.name, *(below(named.id, children) if named.id is not None else ())]
                keys.setdefault(site, {}).update(dict.fromkeys(own))
    return {site: tuple(of_site) for site, of_site in keys.items()}


def _children(offered: Iterable[NamedTerm]) -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for named in offered:
        if named.id is not None:
            children.setdefault(named.parent, []).append(named.id)
    return children
